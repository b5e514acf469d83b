"""What the SQL has to know of a rulebook: channels, groups, events, the calendar, constants.

No parser of the language: a reader of the few statements that numbers hang on, in the form that `ensue fmt`
gives them. What it does not understand it refuses, so that no number rests on a guess.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

NAME = r"[a-z_][a-z0-9_]*"

# The standard vocabulary's channels: name, kind, whether a person does it.
CHANNELS = {
    "email": ("email", False),
    "sms": ("sms", False),
    "call": ("call", True),
    "task": ("task", True),
    "linkedin": ("linkedin", True),
}

# The groups that the standard metrics speak of.
GROUPS = {
    "engagement": ["opened", "clicked", "visited", "downloaded", "replied", "demo", "booked", "met"],
    "picked_up": ["acked", "called", "booked", "met", "wrote"],
    "worked": ["picked_up", "done"],
    "deal_closed": ["won", "lost"],
    "deal_moved": ["staged", "won", "lost"],
}

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@dataclass
class Calendar:
    """When the office is open, and the zone of leads of which none is known."""

    days: list = field(default_factory=lambda: [0, 1, 2, 3, 4])
    hours: tuple = ("09:00", "17:00")
    closed: list = field(default_factory=list)
    zone: str = "UTC"


@dataclass
class Rulebook:
    """The statements of a rulebook that its numbers hang on."""

    channels: dict
    groups: dict
    events: dict  # name -> condition in SQL on a row of `entries`
    approvals: list  # (sequence, touch) that a person releases
    constants: dict
    calendar: Calendar


def read(path):
    """Reads a folder or file of rules."""
    path = Path(path)
    files = sorted(path.rglob("*.ensue")) if path.is_dir() else [path]
    root = path if path.is_dir() else path.parent
    text = "\n".join(without_comments(f.read_text()) for f in files if "tests" not in f.relative_to(root).parts[:-1])
    return Rulebook(
        channels=channels(text),
        groups=GROUPS | groups(text),
        events=events(text),
        approvals=approvals(text),
        constants={
            name: float(n.replace("_", "")) for name, n in re.findall(rf"^let ({NAME}) *= *([0-9_.]+)", text, re.M)
        },
        calendar=calendar(text, root),
    )


def without_comments(text):
    """The text up to each `#` that does not stand within quotes."""
    return "\n".join(re.match(r'(?:[^"#]|"(?:[^"\\]|\\.)*")*', line).group() for line in text.splitlines())


def blocks(text, head):
    """The match of each head and the text between the braces behind it."""
    for found in re.finditer(head + r"\s*\{", text, re.M):
        depth, end = 1, found.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        yield found, text[found.end() : end - 1]


def channels(text):
    """Each channel's kind, and whether it is manual."""
    all_of = dict(CHANNELS)
    for found, body in blocks(text, rf"^channel ({NAME})(?: like ({NAME}))?"):
        name, like = found.groups()
        kind = all_of[like][0] if like else name
        all_of[name] = (kind, re.search(r"\bmanual\b", body) is not None)
    return all_of


def groups(text):
    """The groups of a rulebook."""
    found = re.findall(rf"^group ({NAME}) *= *({NAME}(?:\s*,\s*{NAME})*)", text, re.M)
    return {name: re.split(r"\s*,\s*", members) for name, members in found}


def events(text):
    """The events of a rulebook, each as a condition in SQL."""
    head = rf'^event ({NAME}(?:, *{NAME})*)\s+is ("[^"]+"(?:, *"[^"]+")*)(?:[^\S\n]+where ([^\n{{]+))?'
    all_of = {}
    for names, types, where in re.findall(head, text, re.M):
        types = ", ".join(f"'{t}'" for t in re.findall(r'"([^"]+)"', types))
        where = f" AND coalesce({condition(where)}, false)" if where.strip() else ""
        all_of |= {name: f"type IN ({types}){where}" for name in re.split(r", *", names)}
    return all_of


def condition(where):
    """The condition of an event's declaration in SQL; every property is compared as text."""
    tokens = re.findall(r'"[^"]*"|[a-z_][a-z0-9_]*|\?\?|[=!<>]=|[<>()\[\],]|[0-9._]+|\S', where)
    out = []
    for token in tokens:
        if token.startswith('"'):
            out.append("'" + token[1:-1].replace("'", "''") + "'")
        elif token in ("==", "in", "and", "or", "not", ",", "(", ")", "!="):
            out.append({"==": "=", "!=": "IS DISTINCT FROM"}.get(token, token))
        elif token in ("[", "]"):
            out.append({"[": "(", "]": ")"}[token])
        elif token in ("true", "false"):
            out.append(f"'{token}'")
        elif re.fullmatch(NAME, token):
            out.append(f"(props->>'{token}')")
        else:
            raise ValueError(f"a condition this reader does not know: {where}")
    return " ".join(out)


def approvals(text):
    """The touches with `approve`, by sequence and name."""
    found = []
    for head, body in blocks(text, rf"^sequence ({NAME})[^{{]*"):
        for line in body.splitlines():
            if re.search(r"\bapprove\b", line):
                touch = re.search(rf"\bas ({NAME})", line) or re.search(
                    rf"\b(?:email|sms|call|linkedin) ({NAME})", line
                )
                found.append((head.group(1), touch.group(1)))
    return found


def calendar(text, root):
    """The calendar `office`."""
    office = Calendar()
    for _, body in blocks(text, r"^calendar office"):
        if days := re.search(r"\bdays (\w+)\.\.(\w+)", body):
            first, last = (DAYS.index(day) for day in days.groups())
            office.days = list(range(first, last + 1))
        if hours := re.search(r"\bhours (\d\d:\d\d)-(\d\d:\d\d)", body):
            office.hours = hours.groups()
        if zones := re.search(r"\bzone ([^\n]+)", body):
            fixed = re.findall(r'"([^"]+)"', zones.group(1))
            office.zone = fixed[-1] if fixed else "UTC"
        for file in re.findall(r'\bclosed from "([^"]+)"', body):
            office.closed += closed_days(root / file)
    return office


def closed_days(path):
    """The dates under `closed:` of a calendar file."""
    text = path.read_text()
    if unknown := set(re.findall(r"^(\w+):", text, re.M)) - {"name", "closed"}:
        raise ValueError(f"{path}: {unknown} are not known to this reader")
    return re.findall(r"^  (\d{4}-\d\d-\d\d):", text, re.M)
