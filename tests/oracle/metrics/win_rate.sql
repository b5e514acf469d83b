-- win_rate: share of won, lost with won
-- measure: share
-- by: source, owner, size
CREATE OR REPLACE TEMP TABLE metric AS
SELECT *, coalesce(item IN (SELECT item FROM occurs WHERE name = 'won'), false) AS outcome, true AS ripe
FROM happened(['won', 'lost']);
