//! Experiments on a touch and on a sequence.

use super::{EVENTS, LENGTHS, TIMES, Tape};

/// None, or one of each.
pub fn of(tape: &mut Tape) -> Vec<String> {
    let mut all = Vec::new();
    if tape.yes() {
        let other = match tape.pick(6) {
            0 => "recap_short".to_owned(),
            1 => "day 2".to_owned(),
            2 => format!("+ {}", tape.one(LENGTHS)),
            3 => format!("at {}", tape.one(TIMES)),
            4 => "sms check_in".to_owned(),
            _ => "call \"a # b\"".to_owned(),
        };
        all.push(experiment(tape, "subject on hot_touches . first", ["recap", &other]));
    }
    if tape.yes() {
        all.push(experiment(tape, "pace on hot_touches", ["hot_touches", "nurture"]));
    }
    all
}

fn experiment(tape: &mut Tape, on: &str, [first, other]: [&str; 2]) -> String {
    let [own, rest] = if tape.yes() { ["12.5%", "87.5%"] } else { ["50%", "50%"] };
    let mut lines = vec![format!("{first} {own}"), format!("{other} {rest}")];
    if tape.yes() {
        lines.push(format!("goal {}", within(tape)));
        lines.extend(tape.yes().then(|| "find + 75%".to_owned()));
        lines.extend(tape.yes().then(|| format!("at most {}", tape.one(&["120d", "8w"]))));
        lines.extend(tape.yes().then(|| format!("guard {}", within(tape))));
        let turn = tape.pick(lines.len());
        let aims = lines.split_off(2);
        lines.splice(turn.min(1)..turn.min(1), aims);
    }
    format!("experiment {on} {}", tape.block(&lines))
}

fn within(tape: &mut Tape) -> String {
    format!("{} within {}", tape.one(EVENTS), tape.one(&["7d", "90s", "3w"]))
}
