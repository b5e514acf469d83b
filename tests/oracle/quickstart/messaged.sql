-- messaged: count messaged
-- measure: count_of_rows
-- by: kind
CREATE OR REPLACE TEMP TABLE metric AS
SELECT * FROM happened(['messaged']);
