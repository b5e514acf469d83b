-- repeats: share of messaged with nth > 1
-- measure: share
-- by: template
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, coalesce(nth > 1, false) AS outcome, true AS ripe FROM happened(['messaged']);
