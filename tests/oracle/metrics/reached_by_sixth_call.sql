-- reached_by_sixth_call: share of called(outcome == "answered") with count(called) <= 6
-- measure: share
-- by: owner
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, coalesce(calls <= 6, false) AS outcome, true AS ripe
FROM happened(['called']) WHERE call_outcome = 'answered';
