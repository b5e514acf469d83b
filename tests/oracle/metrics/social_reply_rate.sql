-- social_reply_rate: share of contacted(channel == "linkedin") with replied within 14d
-- measure: share
-- by: owner
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 14 DAY AS ends FROM happened(['contacted']) WHERE channel = 'linkedin';
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['replied']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
