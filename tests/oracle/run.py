#!/usr/bin/env python3
"""The standard metrics by another way: SQL on DuckDB over a log and the lines of its dry run.

    python3 tests/oracle/run.py rules fixtures/quickstart/events.jsonl --period month --as-of 2026-05-06

Prints one JSON line for each metric and period, and for each group of its breakdowns, sorted. `rows` are the ripe
ones, `outcomes` those of them with the outcome; times are seconds, shares fractions, sums as in the log.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import rulebook

HERE = Path(__file__).resolve().parent
SKIPPED = 77  # what test programs say that could not run
MEASURES = {
    "share",
    "share_of_leads",
    "count_of_rows",
    "count_of_leads",
    "total",
    "mean",
    "middle",
    "times",
    "steps",
    "snapshot_share",
    "snapshot_total",
    "snapshot_count",
    "formula",
}


def main():
    args = arguments()
    try:
        import duckdb
    except ImportError:
        print("note: DuckDB is missing (`pip install duckdb`), nothing is computed", file=sys.stderr)
        sys.exit(SKIPPED)
    book = rulebook.read(args.rules)
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    load(db, book, args)
    for metric, wanted in metrics(args.metric):
        for line in numbers(db, book, metric, args):
            if wanted:
                print(json.dumps(line))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rules")
    parser.add_argument("log")
    parser.add_argument("--metric", action="append", help="only this one, by name or file; may be given several times")
    parser.add_argument("--period", default="month", help="day, week, month, quarter, year, or two dates: A..B")
    parser.add_argument("--as-of", help="RFC 3339, or a date: its first moment in the zone; default: the last entry")
    parser.add_argument("--zone", help="of the report; default: the last fixed zone of the calendar, else UTC")
    parser.add_argument("--ensue", default=os.environ.get("ENSUE", "ensue"), help="the program")
    return parser.parse_args()


def load(db, book, args):
    """Fills the tables that base.sql begins with, and runs what all metrics share."""
    zone = args.zone or book.calendar.zone
    raw(db, "raw_log", "line", args.log)
    as_of = args.as_of
    if as_of and re.fullmatch(r"\d{4}-\d\d-\d\d", as_of):
        as_of = db.execute("SELECT timezone(?, ?::TIMESTAMP)::VARCHAR", [zone, as_of]).fetchone()[0]
    if not as_of:
        times = "coalesce(j->>'received_at', j->>'at', j->>'time')::TIMESTAMPTZ"
        as_of = db.execute(f"SELECT max({times})::VARCHAR FROM raw_log").fetchone()[0]
    as_of = db.execute("SELECT ?::TIMESTAMPTZ", [as_of]).fetchone()[0].astimezone(ZoneInfo("UTC"))
    decisions = [
        args.ensue,
        "dry-run",
        args.rules,
        "--events",
        args.log,
        "--format",
        "jsonl",
        "--until",
        as_of.isoformat(),
    ]
    run = subprocess.run(decisions, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode > 1:
        sys.exit(run.stderr.decode())
    with temporary(run.stdout) as path:
        raw(db, "raw_decisions", "m", path)
    office = book.calendar
    first, _, last = args.period.partition("..")
    period = "range" if last else args.period
    if not last and period not in ("day", "week", "month", "quarter", "year"):
        sys.exit(f"no such period: {period}")
    unit = "day" if last else period
    opens, closes = office.hours
    settings = {
        "zone": zone,
        "lead_zone": office.zone,
        "period": period,
        "unit": unit,
        "opens": opens,
        "closes": closes,
    }
    for name, value in settings.items():
        db.execute(f"SET VARIABLE {name} = '{value}'")
    for name, value in [("first", first if last else "1970-01-01"), ("last", last or "1970-01-01")]:
        db.execute(f"SET VARIABLE {name} = DATE '{value}'")
    db.execute(f"SET VARIABLE as_of = TIMESTAMPTZ '{as_of.isoformat()}'")
    table(db, "channels(channel VARCHAR, kind VARCHAR, manual BOOLEAN)", [(c, *of) for c, of in book.channels.items()])
    table(db, "group_members(name VARCHAR, member VARCHAR)", [(g, m) for g, of in book.groups.items() for m in of])
    table(db, "approvals(sequence VARCHAR, touch VARCHAR)", book.approvals)
    table(db, "office(weekday INTEGER)", [(day,) for day in office.days])
    table(db, "closed(date DATE)", [(day,) for day in office.closed])
    table(db, "declared(name VARCHAR)", [(name,) for name in book.events])
    table(db, "results(metric VARCHAR, begin DATE, value DOUBLE)", [])
    base = (HERE / "base.sql").read_text()
    entries, rest = base.split("-- The decisions in the order", 1)
    db.execute(entries)
    events = [f"SELECT n AS item, '{name}' AS name FROM entries WHERE {where}" for name, where in book.events.items()]
    events = " UNION ALL ".join(events) or "SELECT n AS item, '' AS name FROM entries WHERE false"
    db.execute(f"CREATE VIEW rulebook_events AS {events}")
    db.execute("-- The decisions in the order" + rest)
    db.execute((HERE / "state.sql").read_text())
    db.execute((HERE / "measures.sql").read_text())


def raw(db, name, number, path):
    """A table of the JSON objects of a file, numbered by line."""
    db.execute("SET threads = 1")
    read = f"read_ndjson_objects('{path}', maximum_object_size = 4194304)"
    db.execute(f"CREATE TABLE {name} AS SELECT row_number() OVER () AS {number}, json AS j FROM {read}")
    db.execute("RESET threads")


class temporary:
    """A file with these bytes, for as long as it is needed."""

    def __init__(self, content):
        self.content = content

    def __enter__(self):
        import tempfile

        self.file = tempfile.NamedTemporaryFile(suffix=".jsonl")
        self.file.write(self.content)
        self.file.flush()
        return self.file.name

    def __exit__(self, *_):
        self.file.close()


def table(db, head, rows):
    db.execute(f"CREATE TABLE {head}")
    if rows:
        db.executemany(f"INSERT INTO {head.split('(')[0]} VALUES ({', '.join('?' for _ in rows[0])})", rows)


def metrics(wanted):
    """The files in order of their names, formulas last, since they use the results of others."""
    files = list((HERE / "metrics").glob("*.sql"))
    names = {f.stem for f in files}
    for name in wanted or []:
        if name.endswith(".sql"):
            files.append(Path(name))
        elif name not in names:
            sys.exit(f"no such metric: {name}")
    wanted = {Path(name).stem for name in wanted or names}
    for file in sorted(files, key=lambda f: (header(f)["measure"] == "formula", f.stem)):
        if file.stem in wanted or any(header(f)["measure"] == "formula" for f in files if f.stem in wanted):
            yield file, file.stem in wanted


def header(file):
    """`measure:` and `by:` of a metric's file."""
    return dict(re.findall(r"^-- (measure|by|needs): (.*)$", file.read_text(), re.M))


def numbers(db, book, file, args):
    """The lines of one metric."""
    head, name = header(file), file.stem
    measure = head["measure"]
    assert measure in MEASURES, f"{file}: {measure}"
    if (needs := head.get("needs")) and needs not in book.constants:
        print(f"note: {name} is left out: no `let {needs}`", file=sys.stderr)
        return
    sql = file.read_text()
    if needs:
        db.execute(f"SET VARIABLE {needs} = {book.constants[needs]}")
    found = db.execute(sql)
    if measure == "formula":
        lines = [(None, None, *row) for row in found.fetchall()]
    else:
        lines = [line for line in grouped(db, measure, head.get("by")) if line[2] is not None]
    in_order = sorted(lines, key=lambda line: (line[0] or "", str(line[1] or ""), line[2]))
    for by, group, begin, rows, outcomes, unripe, so_far, value in in_order:
        if by is None:
            db.execute("INSERT INTO results VALUES (?, ?, ?)", [name, begin, value])
        line = {"metric": name, "period": args.period, "from": begin.isoformat()}
        if by:
            line |= {"by": by, "group": group}
        yield line | {
            "rows": rows,
            "outcomes": outcomes,
            "left_out": 0,
            "unripe": unripe,
            "so_far": so_far,
            "value": plain(value),
        }


def grouped(db, measure, by):
    """All numbers of a metric, without and with each breakdown."""
    for dim in [None, *(re.split(r", (?![^(]*\))", by) if by else [])]:
        call = "NULL"
        if measure == "steps":
            call = f"'{dim}'"
        elif dim:
            call = " || ' -> ' || ".join(f"coalesce({d.strip()}::VARCHAR, '-')" for d in dim.strip("()").split(","))
        if measure == "times":
            found = db.execute(f"SELECT * FROM times({call}) ORDER BY ALL").fetchall()
            for (begin, group), rows in groups_of(found):
                ripe = [r for r in rows if r[0]]
                unripe = [r for r in rows if not r[0]]
                yield (
                    dim,
                    group,
                    begin,
                    len(ripe),
                    sum(r[1] for r in ripe),
                    len(unripe),
                    sum(r[1] for r in unripe),
                    kaplan_meier([(r[2], r[1]) for r in rows]),
                )
        elif measure != "steps" or dim:
            for begin, group, *rest in db.execute(f"SELECT * FROM {measure}({call})").fetchall():
                yield (dim, group, begin, *rest)


def groups_of(found):
    of = {}
    for begin, group, *row in found:
        of.setdefault((begin, group), []).append(row)
    return of.items()


def kaplan_meier(times, quantile=Fraction(1, 2)):
    """The least t with S(t) <= 1 - quantile, of pairs of seconds and whether the event came; None if S stays above."""
    alive, left = Fraction(1), len(times)
    for t in sorted({t for t, _ in times}):
        events = sum(1 for u, came in times if u == t and came)
        alive *= Fraction(left - events, left)
        if events and alive <= 1 - quantile:
            return t
        left -= sum(1 for u, _ in times if u == t)
    return None


def plain(value):
    """A number as JSON has it, whole numbers without a point."""
    if value is None:
        return None
    value = float(value)
    return int(value) if value.is_integer() else value


if __name__ == "__main__":
    main()
