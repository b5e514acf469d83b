-- leads_contacted: count leads contacted
-- measure: count_of_leads
-- by: channel, owner
CREATE OR REPLACE TEMP TABLE metric AS
SELECT * FROM happened(['contacted']);
