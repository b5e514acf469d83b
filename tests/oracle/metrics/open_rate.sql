-- open_rate: share of delivered with opened within 7d
-- what machines open is no `opened`
-- measure: share
-- by: template
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 7 DAY AS ends FROM happened(['delivered']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['opened']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
