-- one_and_done: share of created with count(contacted) <= 1 after 30d
-- by the moment each contact happened at, whenever it was learned of
-- measure: share
-- by: source, owner
CREATE OR REPLACE TEMP TABLE metric AS
SELECT r.*, r.occurred_at + INTERVAL 30 DAY <= getvariable('as_of') AS ripe,
  count(c.item) <= 1 AS outcome
FROM happened(['created']) r
LEFT JOIN happened(['contacted']) c ON c.lead = r.lead AND c.occurred_at < r.occurred_at + INTERVAL 30 DAY
GROUP BY ALL;
