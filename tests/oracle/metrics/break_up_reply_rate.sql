-- break_up_reply_rate: share of messaged(touch == "permission_close") with replied within 7d
-- measure: share
-- by: channel, sequence
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 7 DAY AS ends FROM happened(['messaged']) WHERE touch = 'permission_close';
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['replied']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
