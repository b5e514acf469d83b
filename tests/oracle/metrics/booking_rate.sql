-- booking_rate: share of leads contacted with booked within 30d
-- measure: share_of_leads
-- by: tier, channel, source, owner
CREATE OR REPLACE TEMP TABLE metric_rows AS
SELECT *, occurred_at + INTERVAL 30 DAY AS ends FROM happened(['contacted']);
CREATE OR REPLACE TEMP TABLE metric_outcomes AS
FROM happened(['booked']);
CREATE OR REPLACE TEMP TABLE metric AS
FROM answered();
