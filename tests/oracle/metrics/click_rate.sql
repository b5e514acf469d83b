-- click_rate: share of delivered with clicked within 7d
-- measure: share
-- by: template
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 7 DAY AS ends FROM happened(['delivered']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['clicked']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
