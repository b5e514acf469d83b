-- From the log and the lines of its dry run to the streams that metrics speak of.
--
-- run.py has filled `raw_log(line, j)`, `raw_decisions(m, j)`, `channels(channel, kind, manual)`,
-- `group_members(name, member)`, `approvals(sequence, touch)` and `office(weekday)`, `closed(date)`, and has set the
-- variables `as_of`, `zone` (of the report), `lead_zone` (of leads of which none is known), `opens` and `closes`.

-- The log in its order of arrival, each id once, as far as it was received.
CREATE TABLE entries AS
WITH told AS (
  SELECT line,
    j->>'id' AS id,
    j->>'type' AS type,
    coalesce(j->>'lead', j->>'subject') AS lead,
    coalesce(j->>'at', j->>'time')::TIMESTAMPTZ AS occurred_at,
    coalesce(j->>'received_at', j->>'at', j->>'time')::TIMESTAMPTZ AS received_at,
    coalesce(j->'props', j->'data', '{}'::JSON) AS props
  FROM raw_log
), once AS (
  SELECT * FROM told QUALIFY row_number() OVER (PARTITION BY id ORDER BY received_at, line) = 1
)
SELECT row_number() OVER (ORDER BY received_at, line) AS n, *
FROM once WHERE received_at <= getvariable('as_of');

-- The decisions in the order they were made; what is still planned is none. What an entry brought about has the
-- number of that entry, what a timer did has 0: at one instant timers come before entries.
CREATE TABLE decisions AS
WITH lines AS (
  SELECT m, j, (j->>'at')::TIMESTAMPTZ AS occurred_at
  FROM raw_decisions WHERE coalesce(j->>'status', '') <> 'scheduled'
), causes AS (
  SELECT m, max(e.n) AS n
  FROM (SELECT m, occurred_at, unnest(from_json((j->'because'), '["VARCHAR"]')) AS because FROM lines) d
  JOIN entries e ON e.id = d.because AND e.received_at = d.occurred_at
  GROUP BY m
)
SELECT m, occurred_at, coalesce(n, 0) AS cause,
  j->>'lead' AS lead, j->>'do' AS verb, j->>'status' AS status, j->>'code' AS code, j->>'id' AS action,
  j->>'channel' AS channel, j->>'template' AS template, j->>'sequence' AS sequence, j->>'touch' AS touch,
  (j->>'enrollment')::BIGINT AS enrollment, j->>'experiment' AS experiment, j->>'variant' AS variant,
  j->>'reason' AS reason, j->>'rule' AS rule, j->>'from' AS from_value, j->>'to' AS to_value, j->>'field' AS field
FROM lines LEFT JOIN causes USING (m);

-- Every instant at which something was handled, in order.
CREATE TABLE instants AS
SELECT now, n, row_number() OVER (ORDER BY now, n) AS pos
FROM (SELECT received_at AS now, n FROM entries UNION SELECT occurred_at, cause FROM decisions);

-- What happened to leads, one row each, from both; `seq` is the order of the whole stream.
CREATE TABLE items AS
WITH both_of AS (
  SELECT e.n AS item, 0 AS m, pos, lead, occurred_at, received_at AS known_at, type, NULL::VARCHAR AS verb,
    props->>'action' AS action, named AS channel,
    coalesce((SELECT c.kind FROM channels c WHERE c.channel = named), -- of the channel it names, else of its type
      (SELECT min(c.kind) FROM channels c WHERE c.kind = split_part(type, '.', 1))) AS kind,
    props->>'template' AS template, NULL AS sequence, NULL AS touch, NULL AS variant, NULL AS status, NULL AS rule,
    NULL AS from_value, props->>'to' AS to_value, NULL::BOOLEAN AS manual, NULL::BOOLEAN AS auto,
    props->>'stage' AS stage, props->>'cause' AS cause, props->>'outcome' AS call_outcome,
    try_cast(props->>'amount' AS DECIMAL(27, 9)) AS amount, NULL AS code
  FROM (
    -- the types whose property `channel` is declared
    SELECT *, CASE WHEN type IN ('task.done', 'unsubscribed', 'email.unsubscribed', 'email.complained')
      THEN props->>'channel' END AS named
    FROM entries
  ) e JOIN instants i ON i.now = e.received_at AND i.n = e.n
  WHERE lead IS NOT NULL
  UNION ALL
  SELECT 1000000000 + m, m, pos, lead, occurred_at, occurred_at, NULL, verb,
    action, d.channel, c.kind, template, sequence, touch, variant, status, rule, from_value, to_value, c.manual,
    NOT c.manual AND (sequence, touch) NOT IN (SELECT (a.sequence, a.touch) FROM approvals a),
    NULL, NULL, NULL, NULL, code
  FROM decisions d JOIN instants i ON i.now = d.occurred_at AND i.n = d.cause
  LEFT JOIN channels c ON c.channel = d.channel
  WHERE lead IS NOT NULL AND coalesce(code, '') <> 'backfill'
)
SELECT *, row_number() OVER (ORDER BY pos, m) AS seq FROM both_of;

-- The standard events, by the types of the log.
CREATE VIEW standard_events AS
SELECT n AS item, unnest(CASE
  WHEN type = 'lead.created' THEN ['created']
  WHEN type = 'lead.updated' THEN ['updated']
  WHEN type = 'email.delivered' THEN ['delivered']
  WHEN type = 'email.opened' AND coalesce(props->>'machine', 'false') <> 'true' THEN ['opened']
  WHEN type IN ('link.clicked', 'email.clicked') THEN ['clicked']
  WHEN type = 'page.viewed' THEN ['visited']
  WHEN type = 'file.downloaded' THEN ['downloaded']
  WHEN type IN ('replied', 'email.replied', 'sms.replied') THEN ['replied']
  WHEN type = 'email.bounced' THEN ['bounced']
  WHEN type IN ('unsubscribed', 'email.unsubscribed') THEN ['unsubscribed']
  WHEN type = 'email.complained' THEN ['complained']
  WHEN type = 'demo.requested' THEN ['demo']
  WHEN type = 'meeting.booked' THEN ['booked']
  WHEN type = 'meeting.canceled' THEN ['canceled']
  WHEN type = 'meeting.held' THEN ['met']
  WHEN type = 'call.completed' THEN ['called']
  WHEN type = 'deal.stage_changed' THEN ['staged']
  WHEN type = 'deal.won' THEN ['won']
  WHEN type = 'deal.lost' THEN ['lost']
  WHEN type = 'alert.acked' THEN ['acked']
  WHEN type = 'quote.sent' THEN ['quoted']
  WHEN type = 'task.done' THEN ['done']
  ELSE [] END) AS name
FROM entries;

-- What the engine did.
CREATE VIEW own_events AS
SELECT item, 'messaged' AS name FROM items WHERE verb IN ('touch', 'action') AND status = 'sent' AND kind <> 'task'
UNION ALL
SELECT item, 'planned' FROM items
WHERE verb IN ('touch', 'action') AND status IN ('sent', 'skipped', 'cancelled', 'expired', 'suppressed', 'failed')
UNION ALL SELECT item, 'tiered' FROM items WHERE verb = 'tier'
UNION ALL SELECT item, 'alerted' FROM items WHERE verb = 'alert'
UNION ALL SELECT item, 'enrolled' FROM items WHERE verb = 'enroll'
UNION ALL SELECT item, 'finished' FROM items WHERE verb = 'exit' AND code = 'finished'
UNION ALL SELECT item, 'exited' FROM items WHERE verb = 'exit' AND code IS DISTINCT FROM 'finished';

-- Echoes: of the provider's reports without an action, each is that of the oldest message of its lead and kind, not
-- more than a day ago, that has none yet. A message whose id some report carries needs no other.
CREATE TABLE echoes AS
WITH RECURSIVE reports AS (
  SELECT item, lead, occurred_at, kind, seq FROM items WHERE type IN ('email.sent', 'sms.sent') AND action IS NULL
), messages AS (
  SELECT item, lead, occurred_at, kind, seq FROM items
  WHERE item IN (SELECT item FROM own_events WHERE name = 'messaged') AND NOT manual
    AND action NOT IN (SELECT action FROM items WHERE type IN ('email.sent', 'sms.sent') AND action IS NOT NULL)
), line_up AS (
  SELECT *, row_number() OVER (PARTITION BY lead, kind ORDER BY occurred_at, message DESC, seq) AS i
  FROM (SELECT *, true AS message FROM messages UNION ALL SELECT *, false FROM reports)
  WHERE (lead, kind) IN (SELECT (lead, kind) FROM messages)
), walk AS (
  SELECT lead, kind, 0::BIGINT AS i, []::TIMESTAMPTZ[] AS waiting, NULL::BIGINT AS echo
  FROM (SELECT DISTINCT lead, kind FROM line_up)
  UNION ALL
  SELECT lead, kind, i,
    CASE WHEN message THEN list_append(waiting, occurred_at) ELSE waiting[2:] END,
    CASE WHEN NOT message AND len(waiting) > 0 THEN item END
  FROM (
    SELECT l.*, list_filter(w.waiting, lambda x: x + INTERVAL 24 HOUR > l.occurred_at) AS waiting
    FROM walk w JOIN line_up l ON l.lead = w.lead AND l.kind = w.kind AND l.i = w.i + 1
  )
)
SELECT echo AS item FROM walk WHERE echo IS NOT NULL;

-- A mail or text that a person wrote.
CREATE VIEW wrote AS
SELECT n AS item, 'wrote' AS name FROM entries
WHERE type IN ('email.sent', 'sms.sent') AND coalesce(props->>'auto', 'false') <> 'true' AND props->>'action' IS NULL
  AND n NOT IN (SELECT item FROM echoes);

-- `rulebook_events` is what the rulebook declares itself; it replaces what has that name here.
CREATE VIEW named AS
SELECT * FROM rulebook_events
UNION ALL
SELECT * FROM (FROM standard_events UNION ALL FROM wrote) WHERE name NOT IN (SELECT name FROM declared)
UNION ALL FROM own_events;

-- A message of ours that no person has to do, and a person's calls, letters and other work that is no task.
CREATE VIEW contacts AS
SELECT item, 'contacted' AS name FROM named JOIN items USING (item)
WHERE name = 'messaged' AND NOT manual OR name IN ('called', 'wrote')
  OR name = 'done' AND channel IS DISTINCT FROM 'task';

-- All names of each item, those of groups too.
CREATE TABLE occurs AS
WITH RECURSIVE within(name, member) AS (
  SELECT name, member FROM group_members
  UNION
  SELECT w.name, g.member FROM within w JOIN group_members g ON g.name = w.member
), single AS (
  FROM named UNION ALL FROM contacts
)
SELECT DISTINCT item, name FROM (
  FROM single UNION ALL SELECT item, w.name FROM single s JOIN within w ON w.member = s.name
)
WHERE item IN (SELECT item FROM items);

-- A call of the log is on the channel `call`, a letter on that of its type.
UPDATE items SET channel = kind
WHERE verb IS NULL AND channel IS NULL AND item IN (SELECT item FROM occurs WHERE name IN ('called', 'wrote'));
