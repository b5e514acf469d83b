#!/usr/bin/env python3
"""Makes logs that are hard on metrics: late, told twice, loaded as history, in no order, at the edges of windows.

    python3 tests/oracle/logs.py --seed 7 --leads 40 --events 2000 > log.jsonl
    python3 tests/oracle/logs.py --seed 7 --leads 40 --events 2000 --rules rules --ensue target/debug/ensue > log.jsonl

The same arguments give the same bytes. Every type that the standard metrics know occurs. With `--rules` a dry run tells
which messages go out: then providers report them, with and without their ids, and answers name what they answer. The
log has about as many lines as `--events` says, and more with `--rules`.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

START = datetime(2026, 1, 5, tzinfo=timezone.utc)
DAYS = 150
ZONES = [
    "America/New_York",
    "America/Los_Angeles",
    "Europe/Berlin",
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Sydney",
]
SOURCES = ["demo", "referral", "webinar", "event", "inbound", "list", "trial", "download"]
OWNERS = ["ben", "dana", "eva", "omar"]
TEMPLATES = ["welcome", "recap", "guide", "insight"]

# How often each type comes, and what it says.
MIX = [
    (18, "email.opened", lambda r: {"template": pick(r, TEMPLATES), **({"machine": True} if chance(r, 0.3) else {})}),
    (6, "link.clicked", lambda r: {"url": "https://example.com/" + pick(r, TEMPLATES)}),
    (2, "email.clicked", lambda r: {"url": "https://example.com/"}),
    (12, "page.viewed", lambda r: {"page": pick(r, ["home", "docs", "pricing", "product"])}),
    (2, "file.downloaded", lambda r: {"file": "guide.pdf"}),
    (3, "email.replied", lambda r: {"text": "yes"}),
    (2, "sms.replied", lambda r: {"text": "ok"}),
    (1, "replied", lambda r: {}),
    (2, "email.auto_replied", lambda r: {}),
    (2, "email.bounced", lambda r: {"hard": chance(r, 0.3)}),
    (1, "email.unsubscribed", lambda r: {"channel": "email"} if chance(r, 0.5) else {}),
    (1, "email.complained", lambda r: {}),
    (3, "demo.requested", lambda r: {}),
    (
        9,
        "call.completed",
        lambda r: {"outcome": pick(r, ["answered", "no_answer", "voicemail"])} if chance(r, 0.9) else {},
    ),
    (6, "alert.acked", lambda r: {"by": pick(r, OWNERS)}),
    (4, "email.sent", lambda r: {"template": pick(r, TEMPLATES)} | ({"auto": True} if chance(r, 0.2) else {})),
    (1, "sms.sent", lambda r: {}),
    (4, "task.done", lambda r: {"channel": c} if (c := pick(r, ["call", "linkedin", "task", None])) else {}),
    (8, "email.delivered", lambda r: {"template": pick(r, TEMPLATES)}),
    (3, "meeting.booked", lambda r: {}),
    (2, "meeting.held", lambda r: {}),
    (1, "meeting.canceled", lambda r: {}),
    (2, "quote.sent", lambda r: {"amount": amount(r)}),
    (3, "deal.stage_changed", lambda r: {"stage": pick(r, ["evaluation", "proposal"]), "amount": amount(r)}),
    (1, "deal.won", lambda r: {"amount": amount(r)} if chance(r, 0.9) else {}),
    (
        1,
        "deal.lost",
        lambda r: (
            {"stage": "proposal", "amount": amount(r)}
            | ({"cause": pick(r, ["price", "time"])} if chance(r, 0.7) else {})
        ),
    ),
    (1, "crm.note_added", lambda r: {"text": "a type nobody declared"}),
]

# Exactly so long after something earlier: at the edge of a window, or at the same moment.
EDGES = [timedelta(minutes=m) for m in (0, 4, 4, 5, 60, 2 * 1440, 7 * 1440, 14 * 1440, 30 * 1440)]
# What answers what, where somebody answers.
ANSWERS = {
    "lead.created": ["call.completed", "alert.acked"],
    "demo.requested": ["call.completed", "alert.acked", "meeting.booked"],
    "email.replied": ["call.completed", "email.sent"],
    "call.completed": ["email.replied", "replied", "call.completed"],
    "email.delivered": ["email.opened", "email.bounced"],
    "deal.stage_changed": ["deal.won", "deal.lost"],
    "quote.sent": ["deal.won"],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--leads", type=int, default=40)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--late", type=float, default=0.06, help="the part that is told of late")
    parser.add_argument("--double", type=float, default=0.03, help="the part that stands in the log twice")
    parser.add_argument("--backfill", type=float, default=0.1, help="the part of leads whose past was loaded")
    parser.add_argument("--rules", help="a rulebook whose messages are reported and answered")
    parser.add_argument("--ensue", default="ensue", help="the program")
    args = parser.parse_args()
    r = random.Random(args.seed)
    events = [event for lead in range(args.leads) for event in life(r, lead, args)]
    number(events)
    if args.rules:
        events = reported(r, events, args)
    for line in told(r, events, args):
        print(line)


def chance(r, p):
    return r.random() < p


def pick(r, among):
    return among[int(r.random() * len(among))]


def amount(r):
    return int(r.random() * 800) * 100 + (0 if chance(r, 0.8) else 0.25)


def life(r, lead, args):
    """What happens to one lead, from its creation on."""
    born = START + timedelta(seconds=int(r.random() * (60 if chance(r, 0.7) else 120) * 86_400))
    count = max(1, int(args.events / args.leads * (0.3 + 1.4 * r.random())))
    account = f"A{lead // 3}" if chance(r, 0.6) else None
    event = {"lead": f"L{lead:04}"} | ({"account": account} if account else {})
    yield event | {"type": "lead.created", "at": born, "props": facts(r, lead)}
    past = [(born, "lead.created")]
    for _ in range(count - 1):
        if chance(r, 0.1):
            before, asked = pick(r, past)
            at, (kind, props) = before + pick(r, EDGES), weighted(r)
            if asked in ANSWERS and chance(r, 0.7):
                kind, props = pick(r, ANSWERS[asked]), lambda r: {}
        else:
            at = born + timedelta(
                seconds=int(r.random() ** 1.5 * (START + timedelta(days=DAYS) - born).total_seconds())
            )
            kind, props = ("lead.updated", change) if chance(r, 0.03) else weighted(r)
        past.append((at, kind))
        yield event | {"type": kind, "at": at, "props": props(r)}


def weighted(r):
    point = r.random() * sum(weight for weight, *_ in MIX)
    for weight, kind, props in MIX:
        point -= weight
        if point < 0:
            return kind, props
    return MIX[0][1:]


def facts(r, lead):
    known = {
        "name": f"Lead {lead}",
        "email": f"l{lead}@company{lead // 3}.example",
        "phone": f"+1555{lead:07}",
        "company": f"Company {lead // 3}",
        "source": pick(r, SOURCES),
        "owner": pick(r, OWNERS),
        "deal_value": int(r.random() * 900) * 100,
        "sms_ok": chance(r, 0.5),
        "topic": "reports",
        "pain_point": "time",
        "owner_name": "Dana",
        "industry": "retail",
    }
    # the zone is never missing: it decides when things are due
    return {k: v for k, v in known.items() if chance(r, 0.95)} | {"timezone": pick(r, ZONES)}


def change(r):
    of = [
        ("owner", pick(r, OWNERS)),
        ("source", pick(r, SOURCES)),
        ("deal_value", int(r.random() * 900) * 100),
        ("deal_value", None),
    ]
    key, value = pick(r, of)
    return {key: value}


def number(events):
    """Ids in order of time, those of one moment as they were made."""
    events.sort(key=lambda e: e["at"])
    for i, event in enumerate(events):
        event["id"] = f"e{i:06}"


def reported(r, events, args):
    """With what providers say of the messages that a dry run sends, and the ids in the answers to them."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("\n".join(told(random.Random(args.seed), events, args)) + "\n")
        file.flush()
        command = [args.ensue, "dry-run", args.rules, "--events", file.name, "--format", "jsonl"]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode > 1:
        sys.exit(run.stderr.decode())
    decided = [json.loads(line) for line in run.stdout.splitlines()]
    sent = [
        d | {"at": datetime.fromisoformat(d["at"])}
        for d in decided
        if d["do"] in ("touch", "action") and d.get("status") == "sent"
    ]
    extra = []
    for message in sent:
        if message["channel"] in ("task", "call", "linkedin") or chance(r, 0.3):
            continue
        kind = "sms" if "sms" in message["channel"] or "text" in message["channel"] else "email"
        at = message["at"].astimezone(timezone.utc) + timedelta(
            seconds=int(r.random() * (60 if chance(r, 0.9) else 200_000))
        )
        named = {"action": message["id"]} if chance(r, 0.5) else {}
        event = {k: message[k] for k in ("lead", "account") if k in message}
        extra.append(
            event | {"type": f"{kind}.sent", "at": at, "props": {"template": message.get("template", "")} | named}
        )
        if kind == "email":
            delivered = {
                "type": "email.delivered",
                "at": at + timedelta(seconds=9),
                "props": {"template": message.get("template", "")} | named,
            }
            extra.append(event | delivered)
    for event in events:
        before = [m["id"] for m in sent if m["lead"] == event["lead"] and m["at"] <= event["at"]]
        answers = event["type"] in (
            "email.replied",
            "sms.replied",
            "email.opened",
            "email.bounced",
            "call.completed",
            "task.done",
        )
        if before and answers and chance(r, 0.4):
            event["props"]["action"] = pick(r, before[-3:])
    extra.sort(key=lambda e: e["at"])
    for i, event in enumerate(extra):
        event["id"] = f"p{i:06}"
    return sorted(events + extra, key=lambda e: e["at"])


def told(r, events, args):
    """The lines of the log. The past of some leads was loaded at one moment; of others some news came late."""
    loaded = START + timedelta(days=40, hours=9)
    history = {
        lead
        for lead in sorted({e["lead"] for e in events})
        if random.Random(f"{args.seed}{lead}").random() < args.backfill
    }
    lines = []
    for event in events:
        at = event["at"]
        line = {k: event[k] for k in ("id", "type", "lead", "account") if k in event} | {"at": text(at)}
        received, place = at, at
        dice = random.Random(f"{args.seed}{event['id']}")  # of the event alone, so that others may be added
        if event["lead"] in history and at < loaded:
            received = place = loaded
            line |= {"received_at": text(loaded), "backfill": True}
        elif event["type"] != "lead.created" and dice.random() < args.late:
            received = place = at + timedelta(seconds=int(60 * 10 ** (dice.random() * 4.5)))
            line |= {"received_at": text(received)}
        line["props"] = event["props"]
        lines.append((place, line))
        if dice.random() < args.double:
            again = (
                line
                if received == at or dice.random() < 0.5
                else line | {"received_at": text(received + timedelta(hours=5))}
            )
            lines.append((place + timedelta(seconds=int(dice.random() * 100_000)), again))
    lines.sort(key=lambda placed: placed[0])
    return [json.dumps(line) for _, line in lines]


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main()
