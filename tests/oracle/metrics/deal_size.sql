-- deal_size: mean amount of won
-- measure: mean
-- by: source, owner
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, amount AS value_of FROM happened(['won']);
