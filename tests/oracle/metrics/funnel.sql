-- funnel: steps created, contacted, engagement, replied, booked, met, staged, won within 120d
-- measure: steps
-- by: any order, in order
CREATE OR REPLACE TEMP TABLE step_at AS
SELECT r.item, r.lead, r.occurred_at, r.occurred_at + INTERVAL 120 DAY AS ends, step, i,
  list_sort(list(o.occurred_at) FILTER (o.occurred_at IS NOT NULL)) AS times
FROM happened(['created']) r
CROSS JOIN (SELECT * FROM (VALUES
  (1, 'contacted'), (2, 'engagement'), (3, 'replied'), (4, 'booked'), (5, 'met'), (6, 'staged'), (7, 'won')) v(i, step))
LEFT JOIN (SELECT item, name, lead, occurred_at FROM items JOIN occurs USING (item)) o
  ON o.name = step AND o.lead = r.lead AND o.item <> r.item
  AND r.occurred_at <= o.occurred_at AND o.occurred_at < r.occurred_at + INTERVAL 120 DAY
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE metric AS
WITH RECURSIVE walk AS (
  SELECT item, 0 AS i, 'created' AS step, lead, occurred_at, ends, true AS outcome, occurred_at AS reached_at
  FROM step_at WHERE i = 1
  UNION ALL
  SELECT w.item, s.i, s.step, s.lead, s.occurred_at, s.ends, len(list_filter(s.times, lambda t: t >= w.reached_at)) > 0,
    list_filter(s.times, lambda t: t >= w.reached_at)[1]
  FROM walk w JOIN step_at s ON s.item = w.item AND s.i = w.i + 1
)
SELECT *, ends <= getvariable('as_of') AS ripe FROM (
  SELECT 'any order' AS way, lead, occurred_at, ends, step, len(times) > 0 AS outcome FROM step_at
  UNION ALL
  SELECT 'in order', lead, occurred_at, ends, step, outcome FROM walk
);
