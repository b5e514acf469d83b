-- stage_time: median time from staged to deal_moved within 120d
-- measure: times
-- by: stage
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 120 DAY AS ends FROM happened(['staged']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['deal_moved']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM timed();
