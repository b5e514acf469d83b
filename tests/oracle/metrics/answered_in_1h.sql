-- answered_in_1h: share of created with picked_up within 1h
-- measure: share
-- by: owner, weekday, hour
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 1 HOUR AS ends FROM happened(['created']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['picked_up']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
