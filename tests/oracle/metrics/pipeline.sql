-- pipeline: sum deal_value of leads where pending(staged, deal_closed)
-- measure: snapshot_total
-- by: tier
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, deal_value AS value_of FROM standing WHERE in_stage;
