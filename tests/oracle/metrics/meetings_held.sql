-- meetings_held: share of booked with met within 30d
-- measure: share
-- by: owner, source
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 30 DAY AS ends FROM happened(['booked']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['met']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
