-- replied_by_kind: share of messaged with replied within 14d
-- measure: share
-- by: kind
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 14 DAY AS ends FROM happened(['messaged']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['replied']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
