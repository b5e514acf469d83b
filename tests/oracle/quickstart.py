#!/usr/bin/env python3
"""The numbers of the quickstart log under the playbook, by loops over the log and the lines of its dry run.

    ENSUE=target/debug/ensue python3 tests/oracle/quickstart.py            # prints them
    ENSUE=target/debug/ensue python3 tests/oracle/quickstart.py --check    # compares with the numbers kept
    ENSUE=target/debug/ensue python3 tests/oracle/quickstart.py --write    # writes fixtures/metrics/quickstart.json

Knows nothing of DuckDB or of the SQL beside it; where DuckDB is there, `--check` and `--write` ask run.py too, and
the two have to agree. The log is on time and without hand-overs, so nothing here is about late events or echoes.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RULES, LOG = "rules", "fixtures/quickstart/events.jsonl"
ZONE = ZoneInfo("America/New_York")
FIRST, LAST = date(2026, 1, 1), date(2026, 5, 6)
AS_OF = datetime(2026, 5, 6, tzinfo=ZONE)
WHOLE = f"{FIRST}..{LAST}"
KINDS = {"notice": "email", "text_notice": "sms"}
PICKED_UP = ("alert.acked", "call.completed", "meeting.booked", "meeting.held")
REPLIED = ("replied", "email.replied", "sms.replied")


def main():
    lines = [json.dumps(line) for line in numbers()]
    text = "[\n" + ",\n".join(lines) + "\n]\n"
    kept = ROOT / "fixtures/metrics/quickstart.json"
    if "--check" in sys.argv or "--write" in sys.argv:
        other = by_sql()
        if other is not None and other != sorted(lines):
            sys.exit("the two ways do not agree:\n" + "\n".join(sorted(set(other) ^ set(lines))))
        print(
            "note: DuckDB is missing, nothing to compare with" if other is None else "both ways agree", file=sys.stderr
        )
    if "--write" in sys.argv:
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(text)
    elif "--check" in sys.argv:
        if kept.read_text() != text:
            sys.exit(f"{kept} says something else")
    else:
        print(text, end="")


def by_sql():
    """The same lines of run.py, sorted; None without DuckDB."""
    try:
        import duckdb  # noqa: F401
    except ImportError:
        return None
    own = [
        str(HERE / "quickstart" / f"{name}.sql")
        for name in ("messaged", "contacted", "replied_by_kind", "answered_in_30d")
    ]
    whole = [
        "close_rate",
        "connect_rate",
        "contacts_to_win",
        "demo_in_5m",
        "attempts_to_reply",
        "sales_cycle",
        "tier_moves",
        "win_rate",
    ]
    found = []
    for period, metrics in [(WHOLE, own + whole), ("month", ["reply_rate", "demo_in_5m"])]:
        wanted = [word for metric in metrics for word in ("--metric", metric)]
        command = [sys.executable, str(HERE / "run.py"), RULES, LOG, "--as-of", str(LAST), "--period", period, *wanted]
        out = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()
        found += [line for line in out.splitlines() if json.loads(line).get("by", "kind") == "kind"]
    return sorted(found)


def decided():
    """The lines of the dry run."""
    command = [
        os.environ.get("ENSUE", "ensue"),
        "dry-run",
        RULES,
        "--events",
        LOG,
        "--format",
        "jsonl",
        "--until",
        AS_OF.isoformat(),
    ]
    out = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def logged():
    """The log by time, each id once."""
    events = {}
    for line in (ROOT / LOG).read_text().splitlines():
        event = json.loads(line)
        events.setdefault(event["id"], event | {"props": event.get("props", {})})
    return sorted(events.values(), key=moment)


def moment(thing):
    return datetime.fromisoformat(thing["at"])


def numbers():
    log, decisions = logged(), decided()
    messages = [
        d | {"kind": KINDS.get(d["channel"], d["channel"])}
        for d in decisions
        if d["do"] in ("touch", "action") and d["status"] == "sent" and d["channel"] != "task"
    ]
    calls = of(log, "call.completed")
    contacts = [m for m in messages if m["kind"] not in ("call", "linkedin")] + [c | {"kind": "call"} for c in calls]
    replies = of(log, *REPLIED)
    created, won = of(log, "lead.created"), of(log, "deal.won")

    yield from shares(
        "replied_by_kind", messages, credited(messages, replies, timedelta(days=14)), timedelta(days=14), True
    )
    yield from counts("messaged", messages)
    yield from counts("contacted", contacts)
    yield from by_lead("reply_rate", contacts, credited(contacts, replies, timedelta(days=14)), timedelta(days=14))

    within = timedelta(days=30)
    answers = credited(created, of(log, *PICKED_UP), within)
    times = [
        (answers[i] - moment(c), True) if i in answers else (min(within, AS_OF - moment(c)), False)
        for i, c in enumerate(created)
    ]
    yield line("answered_in_30d", WHOLE, FIRST, len(created), len(answers), 0, 0, median_time(times))

    demos = of(log, "demo.requested")
    fast = credited(demos, of(log, *PICKED_UP), timedelta(minutes=5))
    yield from shares("demo_in_5m", demos, fast, timedelta(minutes=5))
    for month in sorted({month_of(d) for d in demos}):
        those = [i for i, d in enumerate(demos) if month_of(d) == month]
        came = sum(i in fast for i in those)
        yield line("demo_in_5m", "month", month, len(those), came, 0, 0, came / len(those))
    yield from shares("close_rate", created, credited(created, won, timedelta(days=90)), timedelta(days=90))
    answered = sum(c["props"].get("outcome") == "answered" for c in calls)
    yield line("connect_rate", WHOLE, FIRST, len(calls), answered, 0, 0, answered / len(calls))
    closed = len(won) + len(of(log, "deal.lost"))
    yield line("win_rate", WHOLE, FIRST, closed, len(won), 0, 0, len(won) / closed)

    yield middle("attempts_to_reply", [attempts(reply, contacts, replies) for reply in replies])
    yield middle(
        "contacts_to_win", [sum(1 for c in contacts if c["lead"] == w["lead"] and moment(c) <= moment(w)) for w in won]
    )
    births = {c["lead"]: moment(c) for c in created}
    yield middle("sales_cycle", [(moment(w) - births[w["lead"]]).days for w in won])
    yield line("tier_moves", WHOLE, FIRST, sum(d["do"] == "tier" for d in decisions), None, 0, 0)


def of(log, *types):
    return [event for event in log if event["type"] in types]


def month_of(thing):
    return moment(thing).astimezone(ZONE).date().replace(day=1)


def kind_of(event):
    head = event["type"].split(".")[0]
    return head if head in ("email", "sms", "call") else None


def credited(rows, outcomes, within):
    """For each row that got an outcome the moment of its first: each goes to the last row of its lead that may have it,
    before others to one of its own kind."""
    first = {}
    for outcome in outcomes:
        fits = [
            (r.get("kind") is not None and r.get("kind") == kind_of(outcome), moment(r), i)
            for i, r in enumerate(rows)
            if r["lead"] == outcome["lead"]
            and moment(r) <= moment(outcome) < moment(r) + within
            and r.get("id") != outcome["id"]
        ]
        if fits:
            row = max(fits)[2]
            first[row] = min(first.get(row, moment(outcome)), moment(outcome))
    return first


def attempts(reply, contacts, replies):
    """The contacts of its lead since the reply before."""
    before = [moment(r) for r in replies if r["lead"] == reply["lead"] and moment(r) < moment(reply)]
    since = max(before, default=None)
    return sum(
        1
        for c in contacts
        if c["lead"] == reply["lead"] and moment(c) <= moment(reply) and (since is None or moment(c) >= since)
    )


def line(metric, period, begin, rows, outcomes, unripe, so_far, value="rows", **by):
    value = rows if value == "rows" else value
    value = int(value) if value is not None and float(value).is_integer() else value
    head = {"metric": metric, "period": period, "from": begin.isoformat()} | by
    return head | {
        "rows": rows,
        "outcomes": outcomes,
        "left_out": 0,
        "unripe": unripe,
        "so_far": so_far,
        "value": value,
    }


def counts(metric, rows):
    yield line(metric, WHOLE, FIRST, len(rows), None, 0, 0)
    for kind in sorted({r["kind"] for r in rows}):
        yield line(metric, WHOLE, FIRST, sum(r["kind"] == kind for r in rows), None, 0, 0, by="kind", group=kind)


def shares(metric, rows, outcomes, within, kinds=False):
    """Of all ripe rows, then of those of each kind."""
    for kind in [None, *(sorted({r["kind"] for r in rows}) if kinds else [])]:
        those = [i for i, r in enumerate(rows) if kind in (None, r.get("kind"))]
        ripe = [i for i in those if moment(rows[i]) + within <= AS_OF]
        came, early = sum(i in outcomes for i in ripe), sum(i in outcomes for i in those if i not in ripe)
        by = {"by": "kind", "group": kind} if kind else {}
        yield line(
            metric,
            WHOLE,
            FIRST,
            len(ripe),
            came,
            len(those) - len(ripe),
            early,
            came / len(ripe) if ripe else None,
            **by,
        )


def by_lead(metric, rows, outcomes, within):
    """A lead once a month, all leads of a month ripe at once."""
    months = defaultdict(dict)
    for i, row in enumerate(rows):
        leads = months[month_of(row)]
        leads[row["lead"]] = leads.get(row["lead"], False) or i in outcomes
    for month, leads in sorted(months.items()):
        after = (month + timedelta(days=31)).replace(day=1)
        ripe = datetime(after.year, after.month, 1, tzinfo=ZONE) + within <= AS_OF
        came = sum(leads.values())
        if ripe:
            yield line(metric, "month", month, len(leads), came, 0, 0, came / len(leads))
        else:
            yield line(metric, "month", month, 0, 0, len(leads), came, None)


def median_time(times):
    """Kaplan and Meier: the first time at which at most half are without the event; in seconds."""
    alive, left = Fraction(1), len(times)
    for time, came in sorted(times, key=lambda t: (t[0], not t[1])):
        if came:
            alive *= Fraction(left - 1, left)
        if came and alive <= Fraction(1, 2):
            return time.total_seconds()
        left -= 1
    return None


def middle(metric, values):
    return line(metric, WHOLE, FIRST, len(values), None, 0, 0, sorted(values)[(len(values) - 1) // 2])


if __name__ == "__main__":
    main()
