-- text_reply_rate: share of messaged(kind == "sms") with replied within 2d
-- measure: share
-- by: template
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 2 DAY AS ends FROM happened(['messaged']) WHERE kind = 'sms';
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['replied']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
