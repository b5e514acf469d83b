-- contact_gap: median time from contacted to contacted within 30d
-- measure: times
-- by: attempts
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 30 DAY AS ends FROM happened(['contacted']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['contacted']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM timed();
