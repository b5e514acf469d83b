-- bounce_rate: share of messaged(kind == "email") with bounced within 3d
-- measure: share
-- by: template, channel
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 3 DAY AS ends FROM happened(['messaged']) WHERE kind = 'email';
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['bounced']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
