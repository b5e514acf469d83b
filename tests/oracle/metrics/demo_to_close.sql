-- demo_to_close: share of demo with won within 90d
-- measure: share
-- by: source, owner, size
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 90 DAY AS ends FROM happened(['demo']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['won']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
