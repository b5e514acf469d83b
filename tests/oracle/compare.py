#!/usr/bin/env python3
"""Whether `ensue report` says what the oracle says, over one log: all totals, and the groups both break down by.

    ENSUE=target/debug/ensue python3 tests/oracle/compare.py rules fixtures/quickstart/events.jsonl --as-of 2026-05-06

Exit codes: 0 equal, 1 not, with the differences on standard output; 77 DuckDB is missing; 2 something did not run.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).resolve().parent / "run.py"
SKIPPED = 77
COUNTS = ("rows", "outcomes", "unripe", "so_far")
# What the oracle calls breakdowns of the report.
DIMENSIONS = {"size": "deal_value", "(from_value, to_value)": "(from, to)"}


def main():
    args = arguments()
    as_of = ["--as-of", args.as_of] if args.as_of else []
    common = [args.rules, args.log, "--period", args.period, *as_of]
    oracle = lines([sys.executable, str(RUN), *common, "--ensue", args.ensue])
    report = [args.ensue, "report", args.rules, "--events", args.log, "--period", args.period, *as_of]
    report = lines([*report, "--last", "400", "--compare", "none", "--format", "jsonl"])
    expected = {key_of_oracle(line): line for line in oracle}
    found = {(line["metric"], line["from"], line.get("group") or ""): line for line in report}
    totals, groups, wrong = compare(expected, found)
    for line in wrong:
        print(line)
    print(f"{totals} numbers and {groups} groups compared, {len(wrong)} differ", file=sys.stderr)
    if not totals:
        sys.exit("nothing was compared")
    sys.exit(1 if wrong else 0)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rules")
    parser.add_argument("log")
    parser.add_argument("--period", default="month", help="day, week, month, quarter or year")
    parser.add_argument("--as-of", help="RFC 3339, or a date: its first moment in the zone; default: the last entry")
    parser.add_argument("--ensue", default=os.environ.get("ENSUE", "ensue"), help="the program")
    return parser.parse_args()


def lines(command):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode:
        sys.stderr.write(run.stderr.decode())
        sys.exit(SKIPPED if run.returncode == SKIPPED else 2)
    return [json.loads(line) for line in run.stdout.splitlines()]


def key_of_oracle(line):
    by, group = line.get("by"), line.get("group")
    if by is None or group is None:
        return line["metric"], line["from"], "" if by is None else f"{by}=-"
    by, group = DIMENSIONS.get(by, by), str(group)
    if by == "hour":
        group = group.zfill(2)
    if by == "(from, to)":
        group = group.replace(" -> ", ", ")
    return line["metric"], line["from"], f"{by}={group}"


def compare(expected, found):
    """How many totals and groups were compared, and what differs."""
    totals, groups, wrong = 0, 0, []
    shared = {(metric, group.split("=")[0]) for metric, _, group in found}
    for key, line in sorted(expected.items()):
        metric, _, group = key
        if (metric, group.split("=")[0]) not in shared:
            if not group and not is_empty(line):
                wrong.append(f"{key}: the report has no such metric, the oracle {line}")
            continue
        totals, groups = totals + (not group), groups + bool(group)
        other = found.get(key)
        if other is None:
            wrong += [] if is_empty(line) else [f"{key}: the report has no such line, the oracle {line}"]
        else:
            wrong += differences(key, line, other)
    extra = {key for key in found if key not in expected and not is_empty(found[key])}
    known = {(metric, group.split("=")[0]) for metric, _, group in expected}
    wrong += [f"{k}: the oracle has no such line" for k in sorted(extra) if (k[0], k[2].split("=")[0]) in known]
    return totals, groups, wrong


def is_empty(line):
    return not any(line.get(name) for name in (*COUNTS, "value", "left_out"))


def differences(key, line, other):
    for name in COUNTS:
        if line.get(name) is not None and line[name] != other[name]:
            yield f"{key}: {name} is {other[name]}, by the oracle {line[name]}"
    a, b = line.get("value"), other.get("value")
    if (a is None) != (b is None) or (a is not None and abs(a - b) > 1e-6 * max(1, abs(a))):
        yield f"{key}: the value is {b}, by the oracle {a}"


if __name__ == "__main__":
    main()
