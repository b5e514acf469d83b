-- contacts_to_win: median count(contacted) of won
-- measure: middle
-- by: source, owner
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, contacts AS value_of FROM happened(['won']);
