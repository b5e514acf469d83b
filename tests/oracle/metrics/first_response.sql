-- first_response: median time from created to picked_up within 5d
-- measure: times
-- by: source, owner, hour
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 5 DAY AS ends FROM happened(['created']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['picked_up']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM timed();
