-- lost_by_cause: count lost
-- measure: count_of_rows
-- by: cause, stage
CREATE OR REPLACE TEMP TABLE metric AS
SELECT * FROM happened(['lost']);
