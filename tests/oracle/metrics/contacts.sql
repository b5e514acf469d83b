-- contacts: count contacted
-- measure: count_of_rows
-- by: channel, owner
CREATE OR REPLACE TEMP TABLE metric AS
SELECT * FROM happened(['contacted']);
