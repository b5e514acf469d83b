-- connect_rate: share of called with outcome == "answered"
-- measure: share
-- by: owner, weekday, hour, attempts
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, coalesce(call_outcome = 'answered', false) AS outcome, true AS ripe FROM happened(['called']);
