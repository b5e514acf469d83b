-- quote_to_close: share of quoted with won within 60d
-- measure: share
-- by: source, owner, size
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 60 DAY AS ends FROM happened(['quoted']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['won']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
