-- demo_in_5m: share of demo with picked_up within 5m
-- measure: share
-- by: owner, weekday, hour
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 5 MINUTE AS ends FROM happened(['demo']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['picked_up']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
