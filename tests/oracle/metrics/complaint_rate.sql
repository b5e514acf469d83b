-- complaint_rate: share of leads contacted with complained within 14d
-- measure: share_of_leads
-- by: tier, channel, source, owner
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 14 DAY AS ends FROM happened(['contacted']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['complained']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
