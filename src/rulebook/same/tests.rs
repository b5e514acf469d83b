//! Every form is compared with every other one, and with itself in a rulebook that declares all it
//! speaks of in another order, so that no index is what it was.

use super::*;
use crate::check::{self, Env};

const BEFORE: &str = r#"
tiers hot, warm, cold
lead { size number = 0, plan text?, vip bool = false, renewal time? }
event trial is "product.trial" { plan text?, seats number, start time? }
event invoice is "billing.invoice"
group money = trial, invoice
channel fax { manual }
channel pager { manual }
score heat { opened +5 }
score cool { clicked +5 }
sequence one { day 1 email a }
sequence two { day 1 email a }
seen: opened -> tag keen, tag shy
"#;

const AFTER: &str = r#"
# The same in another order, with more of it before.
cheap: opened where count(called, 3d) > 1 -> tag early, tag shy, tag keen
sequence two   { day 1 email a }
sequence zero  { day 1 email a }
sequence one   { day 1 email a }
score cool { clicked +5 }
score mild { called +1 }
score heat { opened +5 }
channel pager { manual }
channel brief { manual }
channel fax   { manual }
group money = invoice, trial
event refund  is "billing.refund" { amount number? }
event invoice is "billing.invoice"
event trial   is "product.trial" { start time?, seats number, plan text? }
lead { age number = 0, renewal time?, vip bool = false, plan text?, size number = 0 }
tiers lukewarm, cold, warm, hot
"#;

fn book(header: &str, text: &str) -> Rulebook {
    let files = [
        ("scripts/fit.rhai", "fn fit(x) { x * 2.0 }\nfn fat(x) { x * 3.0 }"),
        ("scripts/one.rhai", "1.0"),
        ("scripts/two.rhai", "2.0"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let env = Env { files: files.into(), ..Env::default() };
    let checked = check::load([("rules.ensue".to_owned(), format!("{header}\n{text}\n"))], &env);
    checked.rulebook.unwrap_or_else(|| panic!("{text}: {:#?}", checked.diagnostics))
}

/// Whether those of the texts are the same that are one text, and no others.
fn each_is_itself(texts: &[&str], same: impl Fn(&Same<'_>) -> bool) {
    let before: Vec<Rulebook> = texts.iter().map(|text| book(BEFORE, text)).collect();
    let after: Vec<Rulebook> = texts.iter().map(|text| book(AFTER, text)).collect();
    for (old, one) in before.iter().zip(texts) {
        for (new, other) in after.iter().zip(texts) {
            assert_eq!(same(&Same::new(old, new)), one == other, "{one}\n{other}");
        }
    }
}

fn rule(same: &Same<'_>) -> bool {
    let of = |book: &Rulebook| book.rules.iter().position(|rule| rule.label == "r").map(|at| RuleId(at as u16));
    same.rule(of(same.old).unwrap(), of(same.new).unwrap())
}

fn rules(texts: &[&str]) {
    let labeled: Vec<String> = texts.iter().map(|text| format!("r: {text}")).collect();
    each_is_itself(&labeled.iter().map(String::as_str).collect::<Vec<_>>(), rule);
}

fn sequence(same: &Same<'_>) -> bool {
    let of = |book: &Rulebook| book.sequences.iter().position(|s| s.name == "s").map(|at| SequenceId(at as u16));
    same.sequence(of(same.old).unwrap(), of(same.new).unwrap())
}

fn score(same: &Same<'_>) -> bool {
    let of = |book: &Rulebook| book.scores.iter().position(|s| s.name == "s").map(|at| ScoreId(at as u16));
    same.score(of(same.old).unwrap(), of(same.new).unwrap())
}

#[test]
fn triggers() {
    rules(&[
        "opened -> hot",
        "clicked -> hot",
        "money -> hot",
        "trial -> hot",
        "trial(seats > 2) -> hot",
        "trial(seats > 3) -> hot",
        "trial(plan == \"pro\") -> hot",
        "trial(plan == \"pro\", seats > 2) -> hot",
        "opened 2x -> hot",
        "opened 3x -> hot",
        "clicked 3x -> hot",
        "opened 2x within 7d -> hot",
        "opened 2x within 8d -> hot",
        "opened 2x within 7d without clicked -> hot",
        "opened 2x within 7d without replied -> hot",
        "opened within 1d after clicked -> hot",
        "opened within 2d after clicked -> hot",
        "opened within 1d after sent -> hot",
        "replied within 1d after clicked -> hot",
        "no opened within 1d after clicked -> hot",
        "no opened within 2d after clicked -> hot",
        "no opened within 1d after sent -> hot",
        "no replied within 1d after clicked -> hot",
        "no opened for 7d -> hot",
        "no opened for 168h -> hot",
        "no clicked for 7d -> hot",
        "silent 7d -> hot",
        "silent 8d -> hot",
        "heat >= 3 -> hot",
        "heat > 3 -> hot",
        "heat <= 3 -> hot",
        "heat < 3 -> hot",
        "heat >= 4 -> hot",
        "cool >= 3 -> hot",
        "becomes hot -> tag keen",
        "becomes warm -> tag keen",
        "leaves hot -> tag keen",
        "leaves warm -> tag keen",
        "finished one -> hot",
        "finished two -> hot",
        "enrolled one -> hot",
        "enrolled two -> hot",
        "exited one -> hot",
        "exited two -> hot",
        "every 1d while warm -> hot",
        "every 2d while warm -> hot",
        "every mon at 09:00 while warm -> hot",
        "every tue at 09:00 while warm -> hot",
        "every mon at 10:00 while warm -> hot",
    ]);
}

#[test]
fn states_limits_and_lines() {
    rules(&[
        "opened -> hot",
        "opened while warm -> hot",
        "opened while cold -> hot",
        "opened while in one -> hot",
        "opened while in two -> hot",
        "opened while not in one -> hot",
        "opened while suppressed -> hot",
        "opened while warm and in one -> hot",
        "opened while in one and warm -> hot",
        "opened while warm or in one -> hot",
        "opened once -> hot",
        "opened at most once per 1d -> hot",
        "opened at most once per 2d -> hot",
        "opened where vip -> hot",
        "on opened { where vip -> hot }",
        "on opened { where vip -> hot otherwise -> cold }",
        "on opened { where vip -> hot where size > 3 -> warm otherwise -> cold }",
        "on opened { where size > 3 -> warm where vip -> hot otherwise -> cold }",
        "on opened { where vip -> hot otherwise -> cold, tag keen }",
    ]);
}

#[test]
fn expressions() {
    let conditions = [
        "vip",
        "not vip",
        "size > 1",
        "size >= 1",
        "size < 1",
        "size <= 1",
        "size == 1",
        "size != 1",
        "size > 2",
        "size + 1 > 2",
        "size - 1 > 2",
        "size * 1 > 2",
        "size / 1 > 2",
        "-size > 2",
        "heat > 2",
        "cool > 2",
        "touches > 2",
        "count(opened) > 2",
        "count(clicked) > 2",
        "count(opened, 7d) > 2",
        "count(opened, 8d) > 2",
        "count(money, 8d) > 2",
        "days_since(opened) ?? 0 > 2",
        "days_since(clicked) ?? 0 > 2",
        "fit(size) > 2",
        "fat(size) > 2",
        "fit(touches) > 2",
        "event.seats > 2",
        "has plan",
        "has event.plan",
        "has event.start",
        "plan == \"a\"",
        "plan ?? \"b\" == \"a\"",
        "plan ?? \"c\" == \"a\"",
        "plan in [\"a\"]",
        "plan in [\"a\", \"b\"]",
        "\"a\" in [plan ?? \"\", \"b\"]",
        "\"a\" in [plan ?? \"\", \"c\"]",
        "tier == hot",
        "tier == warm",
        "vip and size > 1",
        "vip or size > 1",
        "size > 1 or vip",
        "(renewal ?? now) > 2026-03-02",
        "(renewal ?? now) > 2026-03-03",
        "(renewal ?? now) > 2026-03-02 09:00",
        "(renewal ?? now) > 2026-03-03 09:00",
        "(renewal ?? now) > 2026-03-03 09:01",
    ];
    let texts: Vec<String> = conditions.iter().map(|condition| format!("trial where {condition} -> hot")).collect();
    rules(&texts.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn effects() {
    let effects = [
        "hot",
        "warm",
        "start one",
        "start two",
        "stop",
        "stop one",
        "stop two",
        "stop account",
        "stop all",
        "hold 1d",
        "hold 2d",
        "hold account 2d",
        "hold until renewal",
        "hold until event.start",
        "hold account until renewal",
        "resume",
        "suppress",
        "suppress for 1d",
        "suppress for 2d",
        "suppress fax",
        "suppress pager",
        "suppress fax for 1d",
        "unsuppress",
        "unsuppress fax",
        "unsuppress pager",
        "fax a",
        "pager a",
        "fax b",
        "fax \"a\"",
        "fax \"b\"",
        "fax a in 1d",
        "fax a in 2d",
        "fax a in 1d at 09:00",
        "fax a in 1d at 10:00",
        "fax a at 09:00",
        "fax a at 10:00",
        "fax a next mon at 09:00",
        "fax a next tue at 09:00",
        "fax a next mon at 10:00",
        "fax a 1d before event.start",
        "fax a 2d before event.start",
        "fax a 1d before renewal",
        "fax a 1d after event.start",
        "fax a 2d after event.start",
        "fax a 1d after renewal",
        "alert owner \"a\"",
        "alert owner \"b\"",
        "alert manager \"a\"",
        "escalate manager \"a\"",
        "escalate manager \"b\"",
        "assign \"ann\"",
        "assign \"bob\"",
        "set plan = \"a\"",
        "set plan = \"b\"",
        "set size = 1",
        "unset size",
        "unset plan",
        "add 1 to heat",
        "add 2 to heat",
        "add 1 to cool",
        "tag keen",
        "tag shy",
        "untag keen",
        "untag shy",
        "webhook crm",
        "webhook erp",
        "tag keen, tag shy",
        "tag shy, tag keen",
    ];
    let texts: Vec<String> = effects.iter().map(|effect| format!("trial -> {effect}")).collect();
    rules(&texts.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn sequences() {
    each_is_itself(
        &[
            "sequence s { day 1 fax a }",
            "sequence s for hot { day 1 fax a }",
            "sequence s for warm { day 1 fax a }",
            "sequence s where vip { day 1 fax a }",
            "sequence s where not vip { day 1 fax a }",
            "sequence s parallel { day 1 fax a }",
            "sequence s { exit on replied day 1 fax a }",
            "sequence s { exit on clicked day 1 fax a }",
            "sequence s { exit on clicked, replied day 1 fax a }",
            "sequence s { gap 1d day 1 fax a }",
            "sequence s { gap 2d day 1 fax a }",
            "sequence s { again after 1d day 1 fax a }",
            "sequence s { again after 2d day 1 fax a }",
            "sequence s { never again day 1 fax a }",
            "sequence s { day 1 fax a day 2 fax b }",
            "sequence s { day 1 fax a then every 30d fax b }",
            "sequence s { day 1 fax a then every 31d fax b }",
            "sequence s { day 1 fax a then every 30d fax c }",
            "sequence s { day 1 fax a then every 30d fax b up to 3 times }",
            "sequence s { day 1 fax a then every 30d fax b up to 4 times }",
            "sequence s { day 1 fax a } experiment e on s.a { a 50% b 50% goal replied within 1d }",
            "sequence s { day 1 fax a } experiment f on s.a { a 50% b 50% goal replied within 1d }",
            "sequence s { day 1 fax a } experiment e on s.a { a 40% b 60% goal replied within 1d }",
            "sequence s { day 1 fax a } experiment e on s.a { a 50% c 50% goal replied within 1d }",
            "sequence s { day 1 fax a } experiment e on s.a { a 50% b 50% goal clicked within 1d }",
            "sequence s { day 1 fax a } experiment e on s.a { a 50% b 50% goal replied within 2d }",
            "sequence s { day 1 fax b as x day 2 fax b as y } experiment e on s.x { a 50% b 50% }",
            "sequence s { day 1 fax b as x day 2 fax b as y } experiment e on s.y { a 50% b 50% }",
        ],
        sequence,
    );
}

#[test]
fn touches() {
    let touches = [
        "day 1 fax a",
        "day 2 fax a",
        "day 1..2 fax a",
        "day 1..3 fax a",
        "+1d fax a",
        "+2d fax a",
        "day 1 at 09:00 fax a",
        "day 1 at 10:00 fax a",
        "day 1 morning fax a",
        "day 1 afternoon fax a",
        "day 1 pager a",
        "day 1 fax b as a",
        "day 1 fax a as b",
        "day 1 fax \"a\" as a",
        "day 1 fax \"b\" as a",
        "day 1 fax a or pager a",
        "day 1 pager a or fax a",
        "day 1 fax a \"note\"",
        "day 1 fax a \"other\"",
        "day 1 fax a if vip",
        "day 1 fax a if not vip",
        "day 1 fax a expires after 1d",
        "day 1 fax a expires after 2d",
        "day 1 fax a approve",
        "day 1 fax a roll skip",
        "day 1 fax a roll previous",
    ];
    let texts: Vec<String> = touches.iter().map(|touch| format!("sequence s {{ {touch} }}")).collect();
    each_is_itself(&texts.iter().map(String::as_str).collect::<Vec<_>>(), sequence);
}

#[test]
fn scores() {
    each_is_itself(
        &[
            "score s { opened +5 }",
            "score s { opened +6 }",
            "score s { opened -5 }",
            "score s { clicked +5 }",
            "score s { opened +5 clicked +5 }",
            "score s { opened +5 half_life 1d }",
            "score s { opened +5 half_life 2d }",
            "score s { opened +5 window 1d }",
            "score s { opened +5 window 2d }",
            "score s { opened +5 cap 10 }",
            "score s { opened +5 cap 11 }",
            "score s { opened +5 floor -10 }",
            "score s { opened +5 floor -11 }",
            "score s { script \"scripts/one.rhai\" }",
            "score s { script \"scripts/two.rhai\" }",
            "score s { script \"scripts/one.rhai\" on opened }",
            "score s { script \"scripts/one.rhai\" on clicked }",
        ],
        score,
    );
}

#[test]
fn what_only_tells_does_not_count() {
    let same = |old: &str, new: &str, ask: fn(&Same<'_>) -> bool| {
        let (old, new) = (book(BEFORE, old), book(AFTER, new));
        assert!(ask(&Same::new(&old, &new)));
    };
    same(
        "r: trial where vip and size > 1 -> hot",
        "r:\n trial\n  where vip and size > 1 # why not\n -> hot why \"x\"",
        rule,
    );
    same("r: on trial { where vip -> hot why \"a\" }", "r: on trial { where vip -> hot why \"b\" }", rule);
    same("r: silent 7d -> hot", "r: no engagement for 7d -> hot", rule);
    same("r: reply -> hot", "r: replied -> hot", rule);
    same("let least = 3 r: trial where size > least -> hot", "r: trial where size > 3 -> hot", rule);
    same("r: trial where fit(size) > 1 -> hot", "r: trial where  fit( size ) > 1 -> hot", rule);
    same("sequence s { day 1 fax a if vip }", "sequence s { day 1 fax a if  vip renamed from z }", sequence);
    same("score s { opened +5 cap 10 }", "score s {\n opened +5 # points\n cap 10 }", score);
}

#[test]
fn a_sequence_is_known_by_the_name_it_had() {
    let old = book(BEFORE, "sequence was { day 1 fax a }\nr: opened -> start was");
    let new = book(AFTER, "sequence s renamed from was { day 1 fax a }\nr: opened -> start s");
    let same = Same::new(&old, &new);
    assert!(rule(&same));
    let at = |book: &Rulebook, name: &str| book.sequences.iter().position(|s| s.name == name).unwrap() as u16;
    assert!(same.sequence(SequenceId(at(&old, "was")), SequenceId(at(&new, "s"))));
    let other = book(AFTER, "sequence s { day 1 fax a }\nr: opened -> start s");
    assert!(!rule(&Same::new(&old, &other)));
}

#[test]
fn a_standard_rule_is_not_the_one_that_says_the_same() {
    let old = book(BEFORE, "");
    let new = book(AFTER, "");
    let same = Same::new(&old, &new);
    let at = |book: &Rulebook, label: &str| book.rules.iter().position(|rule| rule.label == label).unwrap() as u16;
    for rule in old.rules.iter().filter(|rule| rule.standard) {
        assert!(same.rule(RuleId(at(&old, &rule.label)), RuleId(at(&new, &rule.label))), "{}", rule.label);
    }
    let mut own = new.clone();
    own.rules.iter_mut().for_each(|rule| rule.standard = false);
    let changed = Same::new(&old, &own);
    assert!(!changed.rule(RuleId(0), RuleId(0)));
}
