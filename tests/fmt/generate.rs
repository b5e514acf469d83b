//! Rulebooks of every form the language has, made from a tape of numbers: zero picks the simplest,
//! so a tape that shrinks gives a simpler rulebook. Words are separated by single spaces.

#[path = "experiment.rs"]
mod experiment;

/// Decides what is generated; at its end it says zero.
pub struct Tape {
    picks: std::vec::IntoIter<u16>,
}

impl Tape {
    pub fn new(picks: Vec<u16>) -> Self {
        Self { picks: picks.into_iter() }
    }

    /// A number below `below`.
    fn pick(&mut self, below: usize) -> usize {
        usize::from(self.picks.next().unwrap_or(0)) % below
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.pick(of.len())]
    }

    fn yes(&mut self) -> bool {
        self.pick(2) == 1
    }

    /// A text, sometimes none.
    fn maybe(&mut self, make: impl FnOnce(&mut Self) -> String) -> String {
        if self.yes() { format!(" {}", make(self)) } else { String::new() }
    }

    /// One to `most` texts.
    fn some(&mut self, most: usize, between: &str, make: impl Fn(&mut Self) -> String) -> String {
        let count = 1 + self.pick(most);
        (0..count).map(|_| make(self)).collect::<Vec<_>>().join(between)
    }

    /// Parts of a block, with or without commas.
    fn block(&mut self, parts: &[String]) -> String {
        let mut out = String::from("{");
        for part in parts {
            out += &format!(" {part}{}", if self.pick(3) == 1 { " ," } else { "" });
        }
        out + " }"
    }
}

const TIERS: &[&str] = &["hot", "warm", "cold"];
const SEQUENCES: &[&str] = &["nurture", "hot_touches", "reminders"];
const EVENTS: &[&str] = &["opened", "visited", "demo", "pricing", "buying", "clicked", "booked", "trial"];
const LENGTHS: &[&str] = &["7d", "90s", "15m", "2h", "3w", "4bh", "2bd"];
const TIMES: &[&str] = &["10:00", "09:30", "16:45"];

/// The statements of a rulebook, in an order of its own.
pub fn rulebook(tape: &mut Tape) -> Vec<String> {
    let mut statements = vec![
        "tiers hot , warm , cold".to_owned(),
        "event pricing is \"page.viewed\" where page == \"pricing\"".to_owned(),
        "event trial , trial_begun is \"product.trial\" , \"trial.begun\" { plan text , seats number ? }".to_owned(),
        "event ended is \"trial.ended\" { plan text ? is \"subscription.plan\" , \"plan\" sets region , ends date ? }"
            .to_owned(),
        format!("group buying = pricing , demo{}", tape.maybe(|_| ", booked".to_owned())),
        lead(tape),
        format!("let big = {}", tape.one(&["50_000", "- 5", "60 + 2 * 3", "( 1 )"])),
        calendar(tape),
        channel(tape),
        contact(tape),
        "settings { stale_after 3d }".to_owned(),
        score(tape),
        script(tape),
    ];
    statements.extend(SEQUENCES.iter().map(|name| sequence(tape, name)));
    statements.extend(experiment::of(tape));
    statements.push("invariant quiet : after replied never email , sms for 2d".to_owned());
    statements.push("invariant no_pest : at most 1 touch per 1d per lead".to_owned());
    statements.push("invariant speed_to_lead : within 5m after visited ( page == \"x\" ) expect alert".to_owned());
    statements.truncate(statements.len() - tape.pick(4));
    for number in 0..tape.pick(4) {
        statements.push(test(tape, number));
    }
    for number in 0..tape.pick(9) {
        let at = tape.pick(statements.len() + 1);
        statements.insert(at, rule(tape, number));
    }
    statements
}

fn lead(tape: &mut Tape) -> String {
    let mut facts = vec!["region text ?".to_owned(), "visits number = 0".to_owned(), "vip bool = false".to_owned()];
    facts.truncate(3 + tape.pick(1));
    facts.extend(tape.yes().then(|| "renewal_date date ?".to_owned()));
    format!("lead {}", tape.block(&facts))
}

fn test(tape: &mut Tape, number: usize) -> String {
    let mut lines: Vec<String> = tape.yes().then(|| "in \"Europe/Paris\"".to_owned()).into_iter().collect();
    let account = tape.maybe(|_| "of acme".to_owned());
    let facts = tape.maybe(|tape| {
        let facts = ["source : \"webinar\"", "deal_value : 50_000", "vip : true"].map(str::to_owned);
        tape.block(&facts)
    });
    lines.push(format!("lead ana{account}{facts}"));
    lines
        .extend(tape.yes().then(|| format!("lead benjamin {{ {} }}", "company : \"a rather long name\" , ".repeat(4))));
    lines.push("2026-03-02 09:00 ana created".to_owned());
    for _ in 0..tape.pick(4) {
        let then = tape.one(&["+ 1d", "+ 90m", "+ 1w at 09:30", "+ 3w"]);
        let event = tape.one(&["opened", "visited { page : \"pricing\" , url : \"#x\" }", "demo late 2d"]);
        lines.push(format!("{then}{}", tape.maybe(|_| format!("ana {event}"))));
    }
    lines.extend(tape.yes().then(|| "allow alerts , email".to_owned()));
    for _ in 0..tape.pick(4) {
        let expected = [
            "ana becomes hot",
            "ana never becomes hot",
            "email recap to ana at 2026-03-05 10:00 by hot_touches . first",
            "no sms , email to ana",
            "task \"look\" held because \"closed (weekend)\"",
            "alert owner \"call now\" for ana on 2026-03-05",
            "score interest of ana { 2026-03-02 5 + 1d 10 , + 1d - 5 }",
            "ana set region = \"north\"",
            "ana holds until + 3d",
            "email 3x",
        ];
        lines.push(format!("expect {}", tape.one(&expected)));
    }
    lines.push("until 2026-08-06".to_owned());
    let head = tape.one(&["test", "todo"]);
    format!("{head} \"number {number}\"{} {}", tape.maybe(|_| "updated".to_owned()), tape.block(&lines))
}

fn calendar(tape: &mut Tape) -> String {
    let mut lines = vec![tape.one(&["days mon .. fri", "days mon , wed .. fri , sun"]).to_owned()];
    lines.push(tape.one(&["hours 09:00 - 17:00", "hours 08:30 - 24:00"]).to_owned());
    lines.push("morning 09:00 - 12:00".to_owned());
    lines.extend(tape.yes().then(|| "prefer wed , thu 10:00 - 14:00".to_owned()));
    lines.extend(tape.yes().then(|| "zone lead , account , owner , \"Europe/Paris\"".to_owned()));
    format!("calendar office {}", tape.block(&lines))
}

fn channel(tape: &mut Tape) -> String {
    let clauses = [
        "cap 1 per 1d per lead",
        "cap 200 per 1d per owner",
        "quiet 20:00 - 09:00",
        "manual",
        "needs email  also phone",
    ];
    let mut parts = vec!["calendar office".to_owned()];
    parts.extend(clauses.iter().filter(|_| tape.yes()).map(|clause| (*clause).to_owned()));
    parts.extend(tape.yes().then(|| format!("require {}", truth(tape, 2))));
    let like = tape.one(&["", "like  email "]);
    format!("channel letter {like}{}", tape.block(&parts))
}

fn contact(tape: &mut Tape) -> String {
    let clauses = ["gap 4h", "quiet 21:00 - 08:00", "cap 2 per 1d per lead", "cap 8 per month per account"];
    let parts: Vec<String> = clauses.iter().filter(|_| tape.yes()).map(|clause| (*clause).to_owned()).collect();
    format!("contact {}{}", tape.one(&["", "email ", "email , sms "]), tape.block(&parts))
}

fn score(tape: &mut Tape) -> String {
    let mut lines: Vec<String> = (0..=tape.pick(4))
        .map(|_| format!("{} {} {}", event(tape), tape.one(&["+", "-"]), tape.one(&["5", "10", "2.5", "1_000"])))
        .collect();
    lines.push(tape.one(&["half_life 14d", "window 30d"]).to_owned());
    lines.extend(tape.yes().then(|| "cap 100".to_owned()));
    lines.extend(tape.yes().then(|| "floor - 10".to_owned()));
    format!("score interest {}", tape.block(&lines))
}

fn script(tape: &mut Tape) -> String {
    let text = tape.one(&["\"1 + 1\"", "\"\"\"\n    let s = 0; // # no comment\n\n\n  s + 1\t\n\"\"\""]);
    let mut lines = vec![format!("rhai {text}")];
    lines.extend(tape.yes().then(|| "on visited , demo".to_owned()));
    lines.extend(tape.yes().then(|| "cap 100".to_owned()));
    format!("score fit {}", tape.block(&lines))
}

fn sequence(tape: &mut Tape, name: &str) -> String {
    let mut head = format!("sequence {name}");
    let mut lines = Vec::new();
    if name == "hot_touches" {
        head += " for hot";
        head += &tape.maybe(|tape| format!("where {}", truth(tape, 2)));
    }
    if name == "reminders" {
        head += " parallel";
    }
    if tape.yes() {
        lines.push(format!("exit on {}", tape.some(3, " , ", event)));
    }
    for clause in ["gap 20h", "again after 90d", "roll previous"] {
        lines.extend(tape.yes().then(|| clause.to_owned()));
    }
    lines.push(format!("day 1{} email recap as first", tape.maybe(clock)));
    for number in 0..tape.pick(5) {
        let day = match tape.pick(3) {
            0 => format!("day {}", number * 3 + 2),
            1 => format!("day {} .. {}", number * 3 + 2, number * 3 + 4),
            _ => format!("+ {}", tape.one(&["3d", "2bd", "1w"])),
        };
        lines.push(format!("{day}{} {}{}", tape.maybe(clock), choice(tape), modifiers(tape, &format!("t{number}"))));
    }
    if tape.yes() {
        let end = tape.maybe(|_| "up to 8 times".to_owned());
        lines.push(format!("then every 30d{} {} as tail{end}", tape.maybe(clock), choice(tape)));
        // What could be a clause of the touch needs its comma.
        if tape.yes() {
            lines.last_mut().unwrap().push_str(" ,");
            lines.push(format!("renamed from old_{name}"));
        }
    }
    format!("{head} {}", tape.block(&lines).replace(", ,", ","))
}

fn clock(tape: &mut Tape) -> String {
    if tape.yes() { "morning".to_owned() } else { format!("at {}", tape.one(TIMES)) }
}

fn choice(tape: &mut Tape) -> String {
    let first =
        tape.one(&["email insight", "sms hello", "call direct", "task \"call # them\"", "email a_rather_long_name"]);
    let second = tape.maybe(|tape| format!("or {}", tape.one(&["sms hello", "task \"write\"", "linkedin connect"])));
    format!("{first}{second}")
}

fn modifiers(tape: &mut Tape, id: &str) -> String {
    let mut all = vec![format!("as {id}")];
    all.extend(tape.yes().then(|| "\"a note , for the rep\"".to_owned()));
    all.extend(tape.yes().then(|| format!("if {}", truth(tape, 2))));
    all.extend(tape.yes().then(|| "expires after 2bd".to_owned()));
    all.extend(tape.yes().then(|| "approve".to_owned()));
    all.extend(tape.yes().then(|| format!("roll {}", tape.one(&["next", "nearest", "skip"]))));
    all.extend(tape.yes().then(|| format!("renamed from old_{id}")));
    let turn = tape.pick(all.len());
    all.rotate_left(turn);
    format!(" {}", all.join(" "))
}

fn rule(tape: &mut Tape, number: usize) -> String {
    let label = if tape.yes() { format!("rule_{number} : ") } else { String::new() };
    let why = tape.maybe(|_| "why \"because \\\"so\\\"\"".to_owned());
    if tape.pick(4) == 1 {
        let clauses = clauses(tape, false);
        let mut arms: Vec<String> = (0..=tape.pick(3))
            .map(|_| format!("where {} -> {}{}", truth(tape, 3), effects(tape), tape.maybe(|_| "why \"x\"".to_owned())))
            .collect();
        arms.extend(tape.yes().then(|| format!("otherwise -> {}", effects(tape))));
        return format!("{label}on {}{clauses} {}{why}", event(tape), tape.block(&arms));
    }
    let (trigger, needs_state) = trigger(tape);
    format!("{label}{trigger}{} -> {}{why}", clauses(tape, needs_state), effects(tape))
}

fn trigger(tape: &mut Tape) -> (String, bool) {
    let length = tape.one(LENGTHS);
    let (one, other) = (event(tape), event(tape));
    let periodic = tape.one(&["every 7d", "every mon at 09:00", "every mon .. wed , fri at 09:00"]);
    match tape.pick(14) {
        0 => (one, false),
        1 => (format!("{one} 3x{}", tape.maybe(|_| format!("within {length}"))), false),
        2 => (format!("{one} 12x without {other}"), false),
        3 => (format!("{one} 3x without {other} within 7d"), false),
        4 => (format!("{one} within {length} after {other}"), false),
        5 => (format!("no {one} within {length} after {other}"), false),
        6 => (format!("no {one} for 7d"), false),
        7 if tape.yes() => ("idle 7d".to_owned(), false),
        7 => ("silent 30d".to_owned(), false),
        8 => ("touched ( channel == \"email\" ) 8x without replied".to_owned(), false),
        9 => (
            format!(
                "interest {} {}",
                tape.one(&[">=", "<", ">", "<="]),
                tape.one(&["60", "big", "- 5", "big + 2 * 3"])
            ),
            false,
        ),
        10 => (format!("becomes {}", tape.one(TIERS)), false),
        11 => (format!("leaves {}", tape.one(TIERS)), false),
        12 => (format!("{} {}", tape.one(&["finished", "enrolled", "exited"]), tape.one(SEQUENCES)), false),
        _ => (periodic.to_owned(), true),
    }
}

fn clauses(tape: &mut Tape, needs_state: bool) -> String {
    let mut all = Vec::new();
    if needs_state || tape.yes() {
        all.push(format!("while {}", state(tape, 2)));
    }
    all.extend(tape.yes().then(|| format!("where {}", truth(tape, 3))));
    all.extend(tape.yes().then(|| tape.one(&["once", "at most once per 1d"]).to_owned()));
    if !all.is_empty() {
        let turn = tape.pick(all.len());
        all.rotate_left(turn);
    }
    all.iter().map(|clause| format!(" {clause}")).collect()
}

fn state(tape: &mut Tape, depth: usize) -> String {
    match tape.pick(if depth == 0 { 4 } else { 8 }) {
        0 | 1 => tape.one(TIERS).to_owned(),
        2 => format!("in {}", tape.one(SEQUENCES)),
        3 => "suppressed".to_owned(),
        4 => format!("not {}", tape.one(&["cold", "in nurture", "( hot or warm )"])),
        5 => format!("{} or {}", state(tape, depth - 1), state(tape, depth - 1)),
        6 => format!("{} and {}", state(tape, depth - 1), state(tape, depth - 1)),
        _ => format!("( {} )", state(tape, depth - 1)),
    }
}

fn event(tape: &mut Tape) -> String {
    match tape.pick(5) {
        1 => "visited ( page == \"pricing\" )".to_owned(),
        2 => "visited ( page == \"a #b\" , url != \"x\" )".to_owned(),
        _ => tape.one(EVENTS).to_owned(),
    }
}

fn effects(tape: &mut Tape) -> String {
    tape.some(4, " , ", effect)
}

/// When it is too late for what an effect sends.
const EXPIRIES: [&str; 4] = ["", "", " expires after 2h", " expires at now + 3d"];

fn effect(tape: &mut Tape) -> String {
    let fixed = [
        "hot",
        "stop",
        "stop account",
        "stop all",
        "resume",
        "suppress",
        "suppress sms",
        "suppress for 30d",
        "suppress sms for 30d",
        "unsuppress",
        "unsuppress email",
        "assign \"ben\"",
        "set region = \"north\"",
        "set visits = visits + 1",
        "add 5 to interest",
        "add - 2 * visits to interest",
        "tag reader",
        "unset stage",
        "untag reader",
        "webhook crm",
        "hold until now + 3d",
        "hold account until 2026-03-02",
        "hold until 2026-03-02 09:00",
    ];
    match tape.pick(8) {
        0..3 => tape.one(&fixed).to_owned(),
        3 => format!("start {}", tape.one(SEQUENCES)),
        4 => format!("stop {}", tape.one(SEQUENCES)),
        5 => format!("hold{} {}", tape.maybe(|_| "account".to_owned()), tape.one(LENGTHS)),
        6 => {
            let to = tape.one(&["alert owner", "alert manager", "escalate manager"]);
            let text = tape.one(&["\"call now\"", "\"a long text that takes its room on the line, as people write\""]);
            format!("{to} {text}{}", tape.one(&EXPIRIES))
        }
        _ => {
            let what = tape.one(&["email recap", "sms check_in", "call direct", "task \"look\"", "letter welcome"]);
            let when = [
                "",
                " in 2h",
                " in 2bd at 10:00",
                " at 10:00",
                " next mon at 09:00",
                " 24h before now",
                " 1h after now",
            ];
            format!("{what}{}{}", tape.one(&when), tape.one(&EXPIRIES))
        }
    }
}

/// An expression that is true or false.
fn truth(tape: &mut Tape, depth: usize) -> String {
    match tape.pick(if depth == 0 { 7 } else { 11 }) {
        0 => "vip".to_owned(),
        1 => "has company".to_owned(),
        2 => format!("source in {}", tape.one(&["[ \"demo\" , \"referral\" ]", "[ \"x\" , ]", "[ ]"])),
        3 => format!("source {} \"web\"", tape.one(&["==", "!="])),
        4 => format!("{} {} {}", number(tape, 1), tape.one(&["<", "<=", ">", ">=", "=="]), number(tape, 1)),
        5 => format!("now {} {}", tape.one(&["<", "- 3d <"]), tape.one(&["2026-03-02", "2026-03-02 09:00"])),
        6 => format!("tier {} {}", tape.one(&["==", "!="]), tape.one(TIERS)),
        7 => format!("not {}", truth(tape, depth - 1)),
        8 => format!("{} and {}", truth(tape, depth - 1), truth(tape, depth - 1)),
        9 => format!("{} or {}", truth(tape, depth - 1), truth(tape, depth - 1)),
        _ => format!("( {} )", truth(tape, depth - 1)),
    }
}

fn number(tape: &mut Tape, depth: usize) -> String {
    match tape.pick(if depth == 0 { 5 } else { 8 }) {
        0 => tape.one(&["0", "50_000", "2.5", "7"]).to_owned(),
        1 => "deal_value ?? 0".to_owned(),
        2 => tape.one(&["visits", "touches", "interest", "big"]).to_owned(),
        3 => format!("count ( {} , {} )", event(tape), tape.one(&["7d", "12h"])),
        4 => "days_since ( replied )".to_owned(),
        5 => format!("- {}", number(tape, 0)),
        6 => format!("{} {} {}", number(tape, 0), tape.one(&["+", "-", "*", "/"]), number(tape, depth - 1)),
        _ => format!("( {} )", number(tape, depth - 1)),
    }
}

/// The statements as a careless author lays them out. Unless it is `wild`, statements stay as they
/// are, and only what is between them varies.
pub fn lay_out(statements: &[String], tape: &mut Tape, wild: bool) -> String {
    let mut out = String::new();
    let mut comments = 0;
    let mut comment = |out: &mut String, tape: &mut Tape| {
        comments += 1;
        // A comment that allows something must stay with its statement.
        let allow = "\0 ensue: allow count-without-window until 2099-12-31 \"why\"";
        let text = tape.one(&["", " plain", " \"quoted", allow, " -> hot, stop }", "\t  ", " \\ é × →\u{a0}"]);
        if let Some(text) = text.strip_prefix('\0') {
            *out += &format!("#{text}\n");
            return;
        }
        *out += &format!("#{comments}{text}\n");
    };
    for statement in statements {
        match tape.pick(8) {
            0..3 => out.push('\n'),
            3 => out += "\n\n\n\n\t",
            4 => {
                out += "  ";
                comment(&mut out, tape);
            }
            5 => {
                out += "\n\n";
                comment(&mut out, tape);
                comment(&mut out, tape);
                out += "\r\n\n  ";
            }
            6 => {
                out += "\n";
                comment(&mut out, tape);
            }
            _ => out += "\r\n",
        }
        let words = words(statement);
        for (number, word) in words.iter().enumerate() {
            let last = number.checked_sub(1).map(|last| words[last]);
            match (last, if wild { tape.pick(40) } else { 0 }) {
                (None, _) => {}
                (Some(_), 30 | 31) => out += "\n",
                (Some(_), 32) => out += "  \n\n\n\t",
                (Some(_), 33) => comment(&mut out, tape),
                (Some(_), 34) => {
                    out += "\n  ";
                    comment(&mut out, tape);
                }
                (Some(last), 35..40) if is_sign(last) || is_sign(word) => {}
                (Some(_), _) => out += tape.one(&[" ", " ", " ", "   ", "\t", "\u{a0}"]),
            }
            out += match *word {
                "->" if tape.yes() => "→",
                "3x" if tape.yes() => "3×",
                word => word,
            };
        }
    }
    if tape.yes() {
        out += " ";
        comment(&mut out, tape);
    }
    out
}

fn is_sign(word: &str) -> bool {
    matches!(word, "," | "(" | ")" | "[" | "]" | "{" | "}" | ":" | "->" | "==" | "..")
}

/// The words of a statement; blanks inside quotes part nothing.
fn words(statement: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = |c: char| {
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        c == ' ' && !quoted
    };
    statement.split(parts).filter(|word| !word.is_empty()).collect()
}
