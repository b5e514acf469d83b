-- reply_answer_time: median open time from replied to picked_up within 10d
-- measure: times
-- by: owner, source
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 10 DAY AS ends FROM happened(['replied']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['picked_up']);
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, (open_time(coalesce(answered_at, least(ends, getvariable('as_of'))), lead_zone)
  - open_time(occurred_at, lead_zone)) / 1000000 AS seconds
FROM answered();
