-- From rows and outcomes to numbers. A metric's file leaves `metric_rows` (rows of `stream` with `ends`, where their
-- window ends) and `metric_outcomes`, or at once `metric` with what one of the measures below asks for.

-- The tables of the first metric, so that the measures can be read: empty, with every column that one may have.
CREATE TEMP TABLE metric_rows AS SELECT *, occurred_at AS ends FROM stream LIMIT 0;
CREATE TEMP TABLE metric_outcomes AS SELECT * FROM stream LIMIT 0;
CREATE TEMP TABLE metric AS
SELECT *, occurred_at AS answered_at, true AS outcome, true AS ripe, 0.0 AS seconds, 0.0 AS value_of, '' AS step,
  '' AS way, DATE '2026-01-01' AS begin
FROM metric_rows;

-- Periods, in the zone of the report: of the calendar, or one from the date `first` to before the date `last`. What
-- lies in none has no `begin`.
CREATE MACRO local_date(at_) AS timezone(getvariable('zone'), at_)::DATE;
CREATE MACRO midnight(date_) AS timezone(getvariable('zone'), date_::TIMESTAMP);
CREATE MACRO period(at_) AS CASE
  WHEN getvariable('period') <> 'range' THEN date_trunc(getvariable('unit'), local_date(at_))::DATE
  WHEN local_date(at_) >= getvariable('first') AND local_date(at_) < getvariable('last') THEN getvariable('first') END;
CREATE MACRO period_end(begin_) AS midnight(CASE getvariable('period')
  WHEN 'day' THEN begin_ + INTERVAL 1 DAY
  WHEN 'week' THEN begin_ + INTERVAL 7 DAY
  WHEN 'month' THEN begin_ + INTERVAL 1 MONTH
  WHEN 'quarter' THEN begin_ + INTERVAL 3 MONTH
  WHEN 'year' THEN begin_ + INTERVAL 1 YEAR
  ELSE getvariable('last') END);

-- Open days and hours of a lead: the same clock time on the n-th open day after, the moment at which n open hours have
-- passed, and the open time passed since ever.
CREATE MACRO open_days_later(from_at, from_zone, n) AS (
  SELECT timezone(from_zone, later.date + timezone(from_zone, from_at)::TIME)
  FROM days here JOIN days later ON later.open AND later.open_days = here.open_days + n
  WHERE here.date = timezone(from_zone, from_at)::DATE);
CREATE MACRO open_time(until_at, of_zone) AS (
  SELECT coalesce(sum(least(closes, epoch_us(until_at)) - opens), 0)
  FROM hours WHERE lead_zone = of_zone AND opens < epoch_us(until_at));
CREATE MACRO open_hours_later(from_at, from_zone, n) AS (
  SELECT make_timestamptz(min(opens + wanted - passed)::BIGINT)
  FROM hours, (SELECT open_time(from_at, from_zone) + n * 3600000000 AS wanted)
  WHERE lead_zone = from_zone AND passed < wanted AND passed + (closes - opens) >= wanted);

-- Credit: each outcome goes to one row, the last of its lead whose window holds it; before others to one of the
-- outcome's kind of channel. An event of the log with the action of a row of this metric goes to that row or to none.
CREATE MACRO credits() AS TABLE
SELECT o.item AS outcome, r.item AS item, o.occurred_at AS answered_at
FROM (
  SELECT *, verb IS NULL AND EXISTS (
    FROM metric_rows r WHERE r.lead = o.lead AND r.action = o.action AND r.item <> o.item) AS told
  FROM metric_outcomes o
) o
JOIN metric_rows r
  ON r.lead = o.lead AND r.item <> o.item AND r.occurred_at <= o.occurred_at AND o.occurred_at < r.ends
WHERE NOT told OR r.action = o.action
QUALIFY row_number() OVER (
  PARTITION BY o.item ORDER BY coalesce(r.kind = o.kind, false) DESC, r.occurred_at DESC, r.seq DESC) = 1;

-- The rows with the first outcome credited to each.
CREATE MACRO answered() AS TABLE
SELECT r.*, c.answered_at, c.answered_at IS NOT NULL AS outcome, r.ends <= getvariable('as_of') AS ripe
FROM metric_rows r LEFT JOIN (SELECT item, min(answered_at) AS answered_at FROM credits() GROUP BY item) c USING (item);

-- Rows without any such event in their window, whichever row it is credited to.
CREATE MACRO unanswered() AS TABLE
SELECT r.*, NOT EXISTS (
    FROM metric_outcomes o
    WHERE o.lead = r.lead AND o.item <> r.item AND r.occurred_at <= o.occurred_at AND o.occurred_at < r.ends) AS outcome,
  r.ends <= getvariable('as_of') AS ripe
FROM metric_rows r;

-- The answered rows with the seconds to the outcome, or to where nobody looks any more.
CREATE MACRO timed() AS TABLE
SELECT *, epoch(coalesce(answered_at, least(ends, getvariable('as_of'))) - occurred_at) AS seconds FROM answered();

-- share: `metric` has `ripe` and `outcome`.
CREATE MACRO share(dim) AS TABLE
SELECT period(occurred_at) AS begin, dim::VARCHAR AS grp,
  count(*) FILTER (ripe) AS rows, count(*) FILTER (ripe AND outcome) AS outcomes,
  count(*) FILTER (NOT ripe) AS unripe, count(*) FILTER (NOT ripe AND outcome) AS so_far,
  CASE WHEN rows > 0 THEN outcomes / rows END AS value
FROM metric GROUP BY ALL;

-- share_of_leads: each lead once a period, with all its rows there; they ripen together, when the period's last would.
CREATE MACRO share_of_leads(dim) AS TABLE
WITH each AS (
  SELECT period(occurred_at) AS begin, dim::VARCHAR AS grp, lead, bool_or(outcome) AS outcome,
    bool_and(period_end(period(occurred_at)) + (ends - occurred_at) <= getvariable('as_of')) AS ripe
  FROM metric GROUP BY ALL
)
SELECT begin, grp,
  count(*) FILTER (ripe) AS rows, count(*) FILTER (ripe AND outcome) AS outcomes,
  count(*) FILTER (NOT ripe) AS unripe, count(*) FILTER (NOT ripe AND outcome) AS so_far,
  CASE WHEN rows > 0 THEN outcomes / rows END AS value
FROM each GROUP BY ALL;

-- count, count_of_leads: nothing but rows.
CREATE MACRO count_of_rows(dim) AS TABLE
SELECT period(occurred_at) AS begin, dim::VARCHAR AS grp, count(*) AS rows, NULL::BIGINT AS outcomes, 0 AS unripe,
  0 AS so_far, rows AS value
FROM metric GROUP BY ALL;
CREATE MACRO count_of_leads(dim) AS TABLE
SELECT period(occurred_at) AS begin, dim::VARCHAR AS grp, count(DISTINCT lead) AS rows, NULL::BIGINT AS outcomes,
  0 AS unripe, 0 AS so_far, rows AS value
FROM metric GROUP BY ALL;

-- sum, mean, median: of `value_of`, where it is known; of two middles the lower.
CREATE MACRO total(dim) AS TABLE
SELECT period(occurred_at) AS begin, dim::VARCHAR AS grp, count(value_of) AS rows, NULL::BIGINT AS outcomes,
  0 AS unripe, 0 AS so_far, sum(value_of)::DOUBLE AS value
FROM metric GROUP BY ALL;
CREATE MACRO mean(dim) AS TABLE
SELECT period(occurred_at) AS begin, dim::VARCHAR AS grp, count(value_of) AS rows, NULL::BIGINT AS outcomes,
  0 AS unripe, 0 AS so_far, sum(value_of)::DOUBLE / nullif(rows, 0) AS value
FROM metric GROUP BY ALL;
CREATE MACRO middle(dim) AS TABLE
SELECT period(occurred_at) AS begin, dim::VARCHAR AS grp, count(value_of) AS rows, NULL::BIGINT AS outcomes,
  0 AS unripe, 0 AS so_far,
  (list_sort(list(value_of) FILTER (value_of IS NOT NULL)))[((rows + 1) // 2)::BIGINT]::DOUBLE AS value
FROM metric GROUP BY ALL;

-- times: `metric` has `ripe`, `outcome` and `seconds`; run.py makes the median of them.
CREATE MACRO times(dim) AS TABLE
SELECT period(occurred_at) AS begin, dim::VARCHAR AS grp, ripe, outcome, seconds FROM metric;

-- steps: leads that reached each step within the window, in any order and one after the other.
CREATE MACRO steps(dim) AS TABLE
SELECT period(occurred_at) AS begin, step AS grp,
  count(*) FILTER (ripe) AS rows, count(*) FILTER (ripe AND outcome) AS outcomes,
  count(*) FILTER (NOT ripe) AS unripe, count(*) FILTER (NOT ripe AND outcome) AS so_far,
  CASE WHEN rows > 0 THEN outcomes / rows END AS value
FROM metric WHERE list_contains([dim], way) GROUP BY ALL;

-- Every lead as it stands when a period ends, of a running one when its last whole day has.
CREATE TABLE standing AS
WITH ends AS (
  SELECT begin, least(period_end(begin), midnight(local_date(getvariable('as_of')))) AS occurred_at
  FROM (SELECT DISTINCT period(day) AS begin FROM (SELECT unnest(generate_series(
    (SELECT min(occurred_at) FROM items), getvariable('as_of') + INTERVAL 1 DAY, INTERVAL 6 HOUR)) AS day))
  WHERE begin IS NOT NULL
), leads AS (
  SELECT e.begin, e.occurred_at, i.lead, min(i.occurred_at) AS first_at
  FROM ends e JOIN items i ON i.known_at < e.occurred_at
  WHERE e.occurred_at > midnight(e.begin) GROUP BY ALL
), tier AS (
  SELECT l.occurred_at, l.lead, arg_max(t.tier, (t.pos, t.m)) AS tier
  FROM leads l JOIN tiers t ON t.lead = l.lead AND t.occurred_at < l.occurred_at GROUP BY ALL
), fact_of AS (
  SELECT l.occurred_at, l.lead, w.field, max({'stamp': stamp, 'seen': seen, 'm': m, 'value': value}).value AS value
  FROM leads l JOIN writes w ON w.lead = l.lead AND w.known_at < l.occurred_at GROUP BY ALL
), facts_of AS (
  SELECT occurred_at, lead, map_from_entries(list({'k': field, 'v': value}) FILTER (value IS NOT NULL)) AS facts
  FROM fact_of GROUP BY ALL
), past AS (
  SELECT l.occurred_at, l.lead,
    max(i.occurred_at) FILTER (name = 'contacted') AS contacted_at,
    max({'occurred_at': i.occurred_at, 'seq': i.seq}) FILTER (name = 'staged') AS staged,
    max({'occurred_at': i.occurred_at, 'seq': i.seq}) FILTER (name = 'deal_closed') AS closed
  FROM leads l JOIN items i ON i.lead = l.lead AND i.known_at < l.occurred_at JOIN occurs USING (item) GROUP BY ALL
)
SELECT begin, l.occurred_at, l.lead, tier, facts, try_cast(facts['deal_value'] AS DECIMAL(27, 9)) AS deal_value,
  floor(epoch(l.occurred_at - coalesce(contacted_at, first_at)) / 86400)::BIGINT AS days_since_contacted,
  coalesce(staged IS NOT NULL AND (closed IS NULL OR closed < staged), false) AS in_stage
FROM leads l
LEFT JOIN tier USING (occurred_at, lead)
LEFT JOIN facts_of USING (occurred_at, lead)
LEFT JOIN past USING (occurred_at, lead);

-- Measures of snapshots: their `begin` stands already.
CREATE MACRO snapshot_share(dim) AS TABLE
SELECT begin, dim::VARCHAR AS grp, count(*) AS rows, count(*) FILTER (outcome) AS outcomes, 0 AS unripe, 0 AS so_far,
  outcomes / nullif(rows, 0) AS value
FROM metric GROUP BY ALL;
CREATE MACRO snapshot_total(dim) AS TABLE
SELECT begin, dim::VARCHAR AS grp, count(value_of) AS rows, NULL::BIGINT AS outcomes, 0 AS unripe, 0 AS so_far,
  sum(value_of)::DOUBLE AS value
FROM metric GROUP BY ALL;
CREATE MACRO snapshot_count(dim) AS TABLE
SELECT begin, dim::VARCHAR AS grp, count(*) AS rows, NULL::BIGINT AS outcomes, 0 AS unripe, 0 AS so_far, rows AS value
FROM metric GROUP BY ALL;
