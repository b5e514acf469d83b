-- revenue: sum amount of won
-- measure: total
-- by: source, owner
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, amount AS value_of FROM happened(['won']);
