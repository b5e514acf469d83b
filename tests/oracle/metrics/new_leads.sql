-- new_leads: count created
-- measure: count_of_rows
-- by: source, weekday, hour
CREATE OR REPLACE TEMP TABLE metric AS
SELECT * FROM happened(['created']);
