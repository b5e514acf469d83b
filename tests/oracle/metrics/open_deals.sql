-- open_deals: count leads where pending(staged, deal_closed)
-- measure: snapshot_count
-- by: tier
CREATE OR REPLACE TEMP TABLE metric AS
FROM standing WHERE in_stage;
