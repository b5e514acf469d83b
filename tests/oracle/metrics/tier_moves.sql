-- tier_moves: count tiered
-- measure: count_of_rows
-- by: (from_value, to_value), rule
CREATE OR REPLACE TEMP TABLE metric AS
SELECT * FROM happened(['tiered']);
