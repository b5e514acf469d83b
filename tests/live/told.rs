//! Random logs of the random lives: events of every kind the rules look at, what people do by hand,
//! what stops; late, repeated, in conflict, no record at all.

use ensue::local::{Zone, parse_rfc3339, rfc3339};
use ensue::timestamp::{Span, Timestamp};

use super::random::Random;

/// A line, and the moment of the wall clock it is told at.
pub struct Told {
    pub wall: Timestamp,
    pub line: String,
}

const TYPES: [&str; 36] = [
    "lead.created",
    "lead.created",
    "lead.updated",
    "email.opened",
    "page.viewed",
    "page.viewed",
    "replied",
    "email.sent",
    "demo.requested",
    "demo.requested",
    "meeting.booked",
    "meeting.canceled",
    "link.clicked",
    "file.downloaded",
    "unsubscribed",
    "unsubscribed",
    "unsubscribed",
    "lead.updated",
    "resubscribed",
    "lead.updated",
    "email.bounced",
    "email.complained",
    "deal.stage_changed",
    "deal.lost",
    "unknown.thing",
    "override.pause",
    "override.resume",
    "override.stop",
    "override.skip",
    "override.move",
    "override.approve",
    "override.tier",
    "override.unlock",
    "override.suppress",
    "override.unsuppress",
    "override.erase",
];

/// Friday before the clock change in New York.
pub fn start() -> Timestamp {
    parse_rfc3339(b"2024-03-08T14:00:00Z").unwrap()
}

pub fn minutes(count: u64) -> Span {
    Span::seconds(60 * count as i64)
}

pub fn lines(random: &mut Random) -> Vec<Told> {
    let mut lines: Vec<Told> = Vec::new();
    let mut now = start();
    for n in 0..=random.below(20) {
        now = now + minutes([0, random.below(600), 1440, random.below(20_000)][random.below(4) as usize]);
        if random.one_in(6) && !lines.is_empty() {
            let again = lines[random.below(lines.len() as u64) as usize].line.clone();
            lines.push(Told { wall: now, line: again });
            continue;
        }
        let wall = if random.one_in(8) { now - minutes(random.below(3000)) } else { now };
        lines.push(told(random, n, wall));
    }
    lines
}

fn told(random: &mut Random, n: u64, wall: Timestamp) -> Told {
    if random.one_in(40) {
        let line = ["{oops", r#"{"id":"x"}"#, "", r#"{"id":"y","type":"replied","lead":"l1","at":"yesterday"}"#];
        return Told { wall, line: line[random.below(4) as usize].to_owned() };
    }
    if random.one_in(16) {
        return halted(random, n, wall);
    }
    let late = if random.one_in(4) { random.below(8000) } else { 0 };
    let at = rfc3339(wall - minutes(late), Zone::UTC);
    let mut ty = TYPES[random.below(TYPES.len() as u64) as usize];
    // What ends everything for a lead would leave little to look at.
    if matches!(ty, "override.erase" | "email.complained" | "override.suppress") && random.one_in(2) {
        ty = "email.opened";
    }
    let mut lead = format!("l{}", random.below(5));
    // Most are known, and can be reached, from the beginning on.
    let introduces = n < 4 && !random.one_in(4);
    if introduces {
        (ty, lead) = ("lead.created", format!("l{n}"));
    }
    let props = if introduces { reached_by(random, &lead) } else { props(random, ty, &lead, wall) };
    let account = if lead.ends_with(['0', '2', '4']) { r#","account":"acme""# } else { "" };
    // Now and then an id that stands for something else already.
    let id = if random.one_in(30) { n / 2 } else { n };
    let line = format!(r#"{{"id":"e{id}","type":"{ty}","lead":"{lead}"{account},"at":"{at}","props":{props}}}"#);
    Told { wall, line }
}

/// Everybody's messages are halted, or go on; one of both is more likely than the other, and some halt ends.
fn halted(random: &mut Random, n: u64, wall: Timestamp) -> Told {
    let ty = ["override.halt", "override.unhalt", "override.unhalt"][random.below(3) as usize];
    let what =
        [r#""all":true"#, r#""all":true"#, r#""channel":"email""#, r#""sequence":"hot_leads""#, r#""rule":"first""#];
    let what = what[random.below(what.len() as u64) as usize];
    let at = rfc3339(wall, Zone::UTC);
    let line = format!(r#"{{"id":"e{n}","type":"{ty}","at":"{at}","props":{{{what},"by":"kim","reason":"a slip"}}}}"#);
    Told { wall, line }
}

/// What tells who a lead is: its name, in each of its texts, and its number, in each form. A lead
/// has but one of each: where one has changed cannot be told any more once it is erased.
pub fn secrets(lead: &str) -> [String; 2] {
    [format!("Ana-{lead}-Li"), format!("49000000{}", &lead[1..])]
}

/// One of few mailboxes, which leads share; written in one way or another.
fn mailbox(random: &mut Random) -> String {
    let number = random.below(5);
    if random.one_in(4) { format!("POST-{number}@X.example") } else { format!("post-{number}@x.example") }
}

/// One of few telephones.
fn number(random: &mut Random) -> String {
    let number = random.below(4);
    if random.one_in(4) { format!("001 202 555-010{number}") } else { format!("+1202555010{number}") }
}

/// Where a lead can be reached. The last one cannot by mail.
fn reached_by(random: &mut Random, lead: &str) -> String {
    let mut facts = vec![format!(r#""sms_ok":{}"#, !random.one_in(4))];
    if lead != "l4" {
        facts.push(format!(r#""email":"{}""#, mailbox(random)));
    }
    if random.one_in(4) {
        facts.push(format!(r#""work_email":"{}""#, mailbox(random)));
    }
    if !random.one_in(3) {
        facts.push(format!(r#""phone":"{}""#, number(random)));
    }
    format!("{{{}}}", facts.join(","))
}

fn props(random: &mut Random, ty: &str, lead: &str, wall: Timestamp) -> String {
    let one_of = |random: &mut Random, texts: &[&str]| texts[random.below(texts.len() as u64) as usize].to_owned();
    let later = |random: &mut Random| rfc3339(wall + minutes(random.below(20_000)), Zone::UTC);
    match ty {
        "lead.created" | "lead.updated" => {
            let [name, number] = secrets(lead);
            let known =
                format!(r#"{{"name":"{name}","mobile":{number},"birthday":"1980-05-01","owner":"kim@ours.example"}}"#);
            let reached = reached_by(random, lead);
            let noted = format!(r#"{{"notes":["{name}",7],"note":"1980-05-01T10:00:00+02:00"}}"#);
            one_of(
                random,
                &[
                    &known,
                    &noted,
                    &format!(r#"{{"timezone":"America/New_York","sms_ok":true,"name":"{name}","company":"Acme"}}"#),
                    r#"{"timezone":"Asia/Tokyo","deal_value":70000.33,"sms_ok":true}"#,
                    &format!(
                        r#"{{"owner":"kim","email":"{name}@home.example","list":["a",1,null],"deep":{{"a":[1.5]}}}}"#
                    ),
                    r#"{"email_ok":false,"deal_value":0.1234567890123456,"big":18446744073709551615}"#,
                    r#"{"email_ok":true,"source":"demo","odd":2.2250738585072014e-308}"#,
                    &reached,
                    &reached,
                    &reached,
                    r#"{"email":null,"phone":null}"#,
                ],
            )
        }
        "page.viewed" => one_of(random, &[r#"{"page":"pricing"}"#, r#"{"page":"pricing"}"#, "{}"]),
        "email.opened" => one_of(random, &[r#"{"machine":true}"#, "{}", "{}"]),
        "email.bounced" => {
            let named = format!(r#"{{"hard":true,"address":"{}"}}"#, mailbox(random));
            one_of(random, &[r#"{"hard":true}"#, r#"{"hard":false}"#, &named])
        }
        "unsubscribed" => {
            let named = format!(r#"{{"channel":"email","address":"{}"}}"#, mailbox(random));
            let of_number = format!(r#"{{"channel":"sms","address":"{}"}}"#, number(random));
            one_of(
                random,
                &[
                    r#"{"channel":"sms"}"#,
                    r#"{"channel":"email"}"#,
                    r#"{"channel":"email_us"}"#,
                    r#"{"channel":"the list"}"#,
                    r#"{"channel":"email","topic":"newsletter"}"#,
                    r#"{"topic":"product"}"#,
                    &named,
                    &of_number,
                    "{}",
                ],
            )
        }
        "resubscribed" => one_of(random, &[r#"{"channel":"email"}"#, r#"{"channel":"email"}"#, "{}"]),
        "deal.stage_changed" => {
            one_of(random, &[r#"{"stage":"won","amount":12345.678901234567}"#, r#"{"amount":"much"}"#])
        }
        "replied" => one_of(random, &[&format!(r#"{{"text":"{}"}}"#, secrets(lead)[0]), "{}"]),
        "meeting.booked" => format!(r#"{{"start":"{}"}}"#, later(random)),
        "override.pause" if random.one_in(2) => format!(r#"{{"ends":"{}","by":"bob"}}"#, later(random)),
        "override.stop" => one_of(
            random,
            &[&format!(r#"{{"all":true,"by":"bob","reason":"called {}"}}"#, secrets(lead)[0]), r#"{"by":"bob"}"#],
        ),
        "override.skip" => format!(r#"{{"touch":"{}"}}"#, one_of(random, &["a", "b", "c", "f"])),
        "override.move" => {
            let touch = one_of(random, &["a", "b", "c", "d", "e"]);
            format!(r#"{{"touch":"{touch}","to":"{}"}}"#, later(random))
        }
        "override.tier" => one_of(random, &[r#"{"to":"hot","lock":true}"#, r#"{"to":"warm"}"#, r#"{"to":"nowhere"}"#]),
        "override.suppress" if random.one_in(3) => format!(r#"{{"ends":"{}"}}"#, later(random)),
        "override.suppress" => one_of(random, &["{}", r#"{"channel":"email"}"#]),
        _ => String::from("{}"),
    }
}
