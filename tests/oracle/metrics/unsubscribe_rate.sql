-- unsubscribe_rate: share of leads contacted with unsubscribed within 14d
-- measure: share_of_leads
-- by: tier, channel, source, owner
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 14 DAY AS ends FROM happened(['contacted']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['unsubscribed']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
