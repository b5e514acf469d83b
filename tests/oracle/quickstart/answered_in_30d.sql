-- answered_in_30d: median time from created to picked_up within 30d
-- measure: times
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 30 DAY AS ends FROM happened(['created']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['picked_up']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM timed();
