-- The lead at the instant of each item, as rules see it there: after the facts of the entry, before any effect.

-- Its tier; who has none yet counts under the first one it gets at that instant.
CREATE TABLE tiers AS
SELECT lead, occurred_at, pos, m, to_value AS tier,
  row_number() OVER (PARTITION BY lead, pos ORDER BY m) AS first_there,
  row_number() OVER (PARTITION BY lead, pos ORDER BY m DESC) AS last_there
FROM decisions JOIN instants ON now = occurred_at AND n = cause WHERE verb = 'tier';

-- Its facts: of each, the last writer by the moment it is of, then by arrival. An entry's count at its own instant, a
-- rule's from the next on.
CREATE TABLE writes AS
WITH entry_facts AS (
  SELECT e.lead, f.key AS field, props->>f.key AS value, occurred_at AS stamp, received_at AS known_at, pos AS seen,
    0 AS m
  FROM entries e JOIN instants i ON i.now = e.received_at AND i.n = e.n, (SELECT unnest(json_keys(e.props)) AS key) f
  WHERE type IN ('lead.created', 'lead.updated')
), rule_facts AS (
  SELECT d.lead, CASE verb WHEN 'assign' THEN 'owner' ELSE d.field END, d.to_value,
    coalesce(e.occurred_at, d.occurred_at), d.occurred_at, pos + 1, d.m
  FROM decisions d JOIN instants i ON i.now = d.occurred_at AND i.n = d.cause LEFT JOIN entries e ON e.n = d.cause
  -- `escalate manager` changes no owner where no manager is known
  WHERE verb = 'set' OR verb = 'assign' AND d.to_value <> 'manager'
)
FROM entry_facts UNION ALL FROM rule_facts;

CREATE TABLE facts AS
SELECT lead, field, seen, m,
  max({'stamp': stamp, 'seen': seen, 'm': m, 'value': value}) OVER (
    PARTITION BY lead, field ORDER BY seen, m ROWS UNBOUNDED PRECEDING).value AS value
FROM writes
QUALIFY row_number() OVER (PARTITION BY lead, field, seen ORDER BY m DESC) = 1;

CREATE MACRO fact(wanted) AS TABLE SELECT lead, seen, value FROM facts WHERE field = wanted;

CREATE TABLE known AS
SELECT i.item, coalesce(t.tier, t0.tier) AS tier, source.value AS source, owner.value AS owner,
  try_cast(deal_value.value AS DECIMAL(27, 9)) AS deal_value,
  coalesce((SELECT z.name FROM pg_timezone_names() z WHERE z.name = timezone.value),
    getvariable('lead_zone')) AS lead_zone
FROM items i
ASOF LEFT JOIN (FROM tiers WHERE last_there = 1) t ON t.lead = i.lead AND t.pos < i.pos
LEFT JOIN (FROM tiers WHERE first_there = 1) t0 ON t0.lead = i.lead AND t0.pos = i.pos
ASOF LEFT JOIN fact('source') source ON source.lead = i.lead AND source.seen <= i.pos
ASOF LEFT JOIN fact('owner') owner ON owner.lead = i.lead AND owner.seen <= i.pos
ASOF LEFT JOIN fact('deal_value') deal_value ON deal_value.lead = i.lead AND deal_value.seen <= i.pos
ASOF LEFT JOIN fact('timezone') timezone ON timezone.lead = i.lead AND timezone.seen <= i.pos;

-- Its history, the item itself included: how often it was contacted, and since the reply before; how often called; when
-- it was created.
CREATE TABLE history AS
WITH flags AS (
  SELECT i.item, i.lead, i.seq, i.occurred_at,
    coalesce(bool_or(name = 'contacted'), false) AS contacted, coalesce(bool_or(name = 'called'), false) AS called,
    coalesce(bool_or(name = 'replied'), false) AS replied, coalesce(bool_or(name = 'created'), false) AS created,
    coalesce(bool_or(name = 'messaged'), false) AS messaged
  FROM items i LEFT JOIN occurs USING (item) GROUP BY ALL
), counted AS (
  SELECT *,
    count(*) FILTER (contacted) OVER so_far AS contacts,
    count(*) FILTER (called) OVER so_far AS calls,
    max(occurred_at) FILTER (created) OVER so_far AS created_at,
    min(occurred_at) OVER so_far AS first_at
  FROM flags WINDOW so_far AS (PARTITION BY lead ORDER BY seq ROWS UNBOUNDED PRECEDING)
)
SELECT item, contacts, calls, coalesce(created_at, first_at) AS created_at,
  contacts - coalesce(max(contacts) FILTER (replied) OVER (
    PARTITION BY lead ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS attempts
FROM counted;

CREATE TABLE repeats AS
SELECT item, row_number() OVER (PARTITION BY lead, template ORDER BY seq) AS nth
FROM items WHERE template IS NOT NULL AND item IN (SELECT item FROM occurs WHERE name = 'messaged');

CREATE TABLE stream AS
SELECT items.*, known.* EXCLUDE (item), history.* EXCLUDE (item), nth,
  strftime(timezone(lead_zone, occurred_at), '%a').lower() AS weekday,
  strftime(timezone(lead_zone, occurred_at), '%H')::INTEGER AS hour,
  CASE WHEN deal_value < 10000 THEN '< 10000' WHEN deal_value < 50000 THEN '10000..50000'
    WHEN deal_value >= 50000 THEN '>= 50000' END AS size
FROM items JOIN known USING (item) JOIN history USING (item) LEFT JOIN repeats USING (item);

-- The rows of an event or of several.
CREATE MACRO happened(names) AS TABLE
SELECT * FROM stream WHERE item IN (SELECT item FROM occurs WHERE list_contains(names, name));

-- The office: which days are open, counted, and the hours of each zone.
CREATE TABLE days AS
SELECT date, open, count(*) FILTER (open) OVER (ORDER BY date) AS open_days
FROM (
  SELECT date, isodow(date) - 1 IN (SELECT weekday FROM office) AND date NOT IN (SELECT date FROM closed) AS open
  FROM (SELECT unnest(generate_series(
    (SELECT min(occurred_at)::DATE - 7 FROM items), (SELECT max(occurred_at)::DATE + 60 FROM items),
    INTERVAL 1 DAY))::DATE AS date)
);

-- In microseconds; `passed` is the open time before.
CREATE TABLE hours AS
SELECT lead_zone, opens, closes,
  sum(closes - opens) OVER (PARTITION BY lead_zone ORDER BY opens) - (closes - opens) AS passed
FROM (
  SELECT lead_zone, epoch_us(timezone(lead_zone, date + getvariable('opens')::TIME)) AS opens,
    epoch_us(timezone(lead_zone, date + getvariable('closes')::TIME)) AS closes
  FROM days, (SELECT DISTINCT lead_zone FROM known) WHERE open
);
