#!/usr/bin/env python3
"""Tables of statistics as statsmodels, lifelines and SciPy have them, for the tests of src/statistics.rs.

    pip install statsmodels==0.15.0 lifelines==0.30.3
    python3 tests/oracle/tables.py            # compares with the tables kept
    python3 tests/oracle/tables.py --write    # writes them to fixtures/metrics/

The same versions give the same bytes. What the tables hold, and where a definition of Ensue's is followed instead of
the library's, stands in fixtures/metrics/README.md.
"""

import json
import random
import sys
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_time
from scipy.stats import chisquare
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

FOLDER = Path(__file__).resolve().parent.parent.parent / "fixtures" / "metrics"
DAY = 86_400_000
PERCENTS = (10, 25, 50, 75, 90)


def table(head, rows):
    lines = [",".join("" if cell is None else repr(cell) for cell in row) for row in rows]
    return "\n".join([head, *lines]) + "\n"


def pairs_of(draw, count, largest):
    rows = [draw.randint(1, largest) for _ in range(count)]
    return [(draw.randint(0, row), row) for row in rows]


def wilson():
    draw = random.Random(1)
    cases = [(0, 10), (3, 14), (23, 291), (34, 310), (0, 1), (1, 1), (1, 2), (10, 10), (0, 1000), (999, 1000)]
    cases += [(1, 1_000_000), (500_000, 1_000_000), (0, 10**9), (10**9, 10**9), (7, 10**9)]
    cases += pairs_of(draw, 15, 60) + pairs_of(draw, 15, 5000)
    rows = []
    for successes, all_rows in cases:
        low, high = proportion_confint(successes, all_rows, alpha=0.05, method="wilson")
        rows.append((successes, all_rows, float(low), float(high)))
    return table("successes,rows,low,high", rows)


def newcombe():
    draw = random.Random(2)
    cases = [((23, 291), (34, 310)), ((0, 10), (0, 10)), ((10, 10), (0, 10)), ((0, 10), (10, 10)), ((1, 1), (1, 1))]
    # The examples of Newcombe (1998), table II.
    cases += [((56, 70), (48, 80)), ((9, 10), (3, 10)), ((6, 7), (2, 7)), ((5, 56), (0, 29)), ((0, 10), (0, 20))]
    cases += [((10, 10), (0, 20)), ((0, 1), (1, 1_000_000)), ((80_000, 1_000_000), (80_500, 1_000_000))]
    cases += list(zip(pairs_of(draw, 15, 60), pairs_of(draw, 15, 60)))
    cases += list(zip(pairs_of(draw, 15, 3000), pairs_of(draw, 15, 3000)))
    rows = []
    for (one, of_one), (other, of_other) in cases:
        low, high = confint_proportions_2indep(
            one, of_one, other, of_other, method="newcomb", compare="diff", alpha=0.05
        )
        rows.append((one, of_one, other, of_other, one / of_one - other / of_other, float(low), float(high)))
    return table("successes,rows,other_successes,other_rows,difference,low,high", rows)


def counts():
    """Wilson's limits of later's part in both, as odds, by the lengths of the periods."""
    draw = random.Random(3)
    cases = [(0, 7, 12, 7), (12, 7, 0, 7), (1, 28, 1, 31), (280, 28, 310, 31), (1000, 365, 1300, 366), (0, 31, 1, 30)]
    cases += [(draw.randint(0, 40), draw.randint(1, 92), draw.randint(1, 400), draw.randint(1, 92)) for _ in range(24)]
    rows = []
    for before, days, later, later_days in cases:
        low, high = proportion_confint(later, before + later, alpha=0.05, method="wilson")
        scale = days / later_days
        ratio, high = (later / before * scale, float(high / (1 - high) * scale)) if before else (None, None)
        rows.append((before, float(days), later, float(later_days), ratio, float(low / (1 - low) * scale), high))
    return table("before,before_days,later,later_days,ratio,low,high", rows)


def chi_squared():
    draw = random.Random(4)
    cases = [((540, 460), (50, 50)), ((560, 440), (50, 50)), ((100, 0), (95, 5)), ((5, 5), (1, 1)), ((1, 0), (1, 1))]
    for parts in (2, 3, 4, 5, 8, 20):
        for size in (10, 300, 20_000):
            shares = [draw.randint(1, 9) for _ in range(parts)]
            drawn = draw.choices(range(parts), weights=shares, k=size)
            cases.append((tuple(drawn.count(part) for part in range(parts)), tuple(shares)))
            cases.append((tuple(draw.randint(0, size) for _ in range(parts)), tuple(shares)))
    lines = ["counts,shares,statistic,p_value"]
    for seen, shares in cases:
        found = chisquare(seen, [sum(seen) * share / sum(shares) for share in shares])
        listed = [" ".join(map(str, numbers)) for numbers in (seen, shares)]
        lines.append(",".join([*listed, repr(float(found.statistic)), repr(float(found.pvalue))]))
    return "\n".join(lines) + "\n"


def waits():
    """Cases of Kaplan-Meier: a name, and rows of a time and whether the event came then."""
    draw = random.Random(5)
    yield "answered after 1, 2, 4; one unripe at 2; one not in 10", [(1, 1), (2, 1), (4, 1), (2, 0), (10, 0)]
    yield "one, answered", [(7, 1)]
    yield "one, waiting", [(7, 0)]
    yield "all waiting", [(3, 0), (5, 0), (5, 0), (9, 0)]
    yield "all answered at once", [(0, 1)] * 6
    yield "all answered, ten", [(time, 1) for time in range(1, 11)]
    yield "all answered, twenty", [(time * DAY, 1) for time in range(1, 21)]
    yield "half answered, ten", [(time, int(time <= 5)) for time in range(1, 11)]
    yield "answers and waits of equal times", [(time, kind) for time in range(1, 9) for kind in (1, 0, 1, 0)]
    yield "the last one waits", [(time, int(time < 12)) for time in range(1, 13)]
    yield "the first one waits", [(time, int(time > 1)) for time in range(1, 13)]
    yield "thirds", [(1, 1), (1, 0), (2, 1), (3, 1), (3, 1), (4, 0), (5, 1), (6, 1), (6, 0)]
    # Times of remission under 6-mercaptopurine and placebo: E. J. Freireich and others (1963), the field's example.
    treated = [(6, 1)] * 3 + [(time, 1) for time in (7, 10, 13, 16, 22, 23)]
    yield "6-MP", treated + [(time, 0) for time in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)]
    placebo = (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
    yield "placebo", [(time, 1) for time in placebo]
    small = [(5, 0.7), (8, 0.5), (12, 0.9), (20, 0.3), (30, 0.6), (30, 0.05)]
    for count, part in [*small, (60, 0.8), (150, 0.4), (300, 0.1)]:
        yield f"{count} in days, about {part} answered", [
            (draw.randint(0, 14), int(draw.random() < part)) for _ in range(count)
        ]
        yield f"{count} in ms, about {part} answered", [
            (min(int(draw.expovariate(1 / (3 * DAY))), 5 * DAY), int(draw.random() < part)) for _ in range(count)
        ]


def exact(rows):
    """S(t) at each time, as a fraction."""
    left, part, found = len(rows), Fraction(1), {}
    for time in sorted({time for time, _ in rows}):
        group = [is_event for at, is_event in rows if at == time]
        part *= Fraction(left - sum(group), left)
        left -= len(group)
        found[time] = part
    return found


def first(times, holds):
    return next((time for time in times if holds(time)), None)


def survival(name, rows, differ):
    fitted = KaplanMeierFitter().fit([time for time, _ in rows], [is_event for _, is_event in rows], alpha=0.05)
    events = fitted.event_table
    curve, limits, parts = fitted.survival_function_.iloc[:, 0], fitted.confidence_interval_, exact(rows)
    times = [int(time) for time in events.index[events["observed"] > 0]]
    steps, upper = [], 1.0
    for time in times:
        low, high = (float(limits.loc[time].iloc[side]) for side in (0, 1))
        assert abs(float(curve.loc[time]) - float(parts[time])) < 1e-9, name
        if parts[time] > 0:
            upper = high
        at_risk, observed = (int(events[column][time]) for column in ("at_risk", "observed"))
        steps.append((time, at_risk, observed, float(curve.loc[time]), low, upper))
    quantiles = []
    for percent in PERCENTS:
        mark = Fraction(100 - percent, 100)
        found = [
            first(times, lambda time: parts[time] <= mark),
            first(times, lambda time: limits.loc[time].iloc[0] <= float(mark)),
            first((step[0] for step in steps if step[5] <= float(mark)), lambda _: True),
        ]
        own = [qth_survival_time(float(mark), series) for series in (curve, limits.iloc[:, 0], limits.iloc[:, 1])]
        own = [None if np.isinf(time) else int(time) for time in own]
        differ += [f"{name}, {percent} %: {part} {there}, here {here}"
                   for part, there, here in zip(("quantile", "low", "high"), own, found) if there != here]
        quantiles.append([percent, *found])
    return {"name": name, "rows": rows, "steps": steps, "quantiles": quantiles}


def kaplan_meier():
    differ = []
    lines = [json.dumps(survival(name, rows, differ)) for name, rows in waits()]
    print(f"lifelines' own quantiles differ {len(differ)} times:", *differ, sep="\n  ")
    return "[\n" + ",\n".join(lines) + "\n]\n"


def main():
    warnings.simplefilter("ignore")
    tables = {
        "wilson.csv": wilson,
        "newcombe.csv": newcombe,
        "counts.csv": counts,
        "chi_squared.csv": chi_squared,
        "kaplan_meier.json": kaplan_meier,
    }
    wrong = []
    for name, made in tables.items():
        text, path = made(), FOLDER / name
        if "--write" in sys.argv[1:]:
            path.write_text(text)
        elif path.read_text() != text:
            wrong.append(name)
    if wrong:
        sys.exit(f"other than kept: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
