-- meetings_booked: count booked
-- measure: count_of_rows
-- by: owner, source
CREATE OR REPLACE TEMP TABLE metric AS
SELECT * FROM happened(['booked']);
