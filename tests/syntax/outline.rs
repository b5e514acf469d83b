//! A tree as nested brackets, without places: what the snapshots show and what two trees are
//! compared by.

use ensue::syntax::tree::*;
use std::fmt::Display;

/// The items of a file, one a line; what is inside braces on indented lines.
pub fn file(file: &File) -> String {
    file.items.iter().map(|item| self::item(&item.node) + "\n").collect()
}

fn list<T>(head: &str, items: &[T], one: impl Fn(&T) -> String) -> String {
    let items: Vec<String> = items.iter().map(one).collect();
    format!("({head}{}{})", if items.is_empty() { "" } else { " " }, items.join(" "))
}

fn block<T>(head: &str, items: &[T], one: impl Fn(&T) -> String) -> String {
    let items: Vec<String> = items.iter().map(|item| format!("\n  {}", one(item))).collect();
    format!("({head}{})", items.concat())
}

fn part<T>(word: &str, value: Option<&T>, one: impl Fn(&T) -> String) -> String {
    value.map(|value| format!(" ({word} {})", one(value))).unwrap_or_default()
}

fn name(name: &Name) -> String {
    name.node.clone()
}

fn text(text: &Text) -> String {
    format!("{:?}", text.node)
}

fn shown<T: Display>(at: &At<T>) -> String {
    at.node.to_string()
}

fn item(item: &ItemKind) -> String {
    match item {
        ItemKind::Event(event) => {
            let head = format!("{} {}", list("names", &event.names, name), list("types", &event.types, text));
            let guard = part("where", event.guard.as_ref(), expr);
            block(&format!("event {head}{guard}"), &event.fields, field)
        }
        ItemKind::Group(group) => list(&format!("group {}", group.name.node), &group.members, name),
        ItemKind::Lead(fields) => block("lead", fields, field),
        ItemKind::Tiers(tiers) => {
            list(
                "tiers",
                tiers,
                |tier| {
                    if tier.is_final { format!("{} final", name(&tier.name)) } else { name(&tier.name) }
                },
            )
        }
        ItemKind::Topics(topics) => list("topics", topics, name),
        ItemKind::Calendar(calendar) => block(&format!("calendar {}", calendar.name.node), &calendar.entries, entry),
        ItemKind::Channel(channel) => {
            let head = format!("channel {}{}", channel.name.node, part("like", channel.like.as_ref(), name));
            block(&head, &channel.clauses, clause)
        }
        ItemKind::Contact(contact) => {
            block(list("contact", &contact.kinds, name).trim_matches(['(', ')']), &contact.clauses, contact_clause)
        }
        ItemKind::Let(constant) => format!("(let {} {})", constant.name.node, expr(&constant.value)),
        ItemKind::Settings(settings) => {
            block("settings", settings, |setting| format!("({} {})", setting.name.node, expr(&setting.value)))
        }
        ItemKind::Rule(rule) => self::rule(rule),
        ItemKind::Sequence(sequence) => self::sequence(sequence),
        ItemKind::Score(score) => block(&format!("score {}", score.name.node), &score.lines, line),
        ItemKind::Test(test) => {
            let word = if test.todo { "todo" } else { "test" };
            let mark = if test.updated { " updated" } else { "" };
            block(&format!("{word} {}{mark}", text(&test.name)), &test.lines, test_line)
        }
        ItemKind::Invariant(invariant) => {
            let rule = match &invariant.rule {
                InvariantKind::NeverAfter { event: e, never, length } => {
                    format!(
                        "{}{}",
                        list(&format!("never-after {}", event(e)), never, name),
                        part("for", length.as_ref(), shown)
                    )
                }
                InvariantKind::AtMost { count, what, per, scope } => {
                    format!("(at-most {} {} {} {})", count.node, what.node, shown(per), scope.node)
                }
                InvariantKind::InTime { within, event: e, expect } => {
                    format!("(in-time {} {} {})", shown(within), event(e), expect.node)
                }
            };
            format!("(invariant {} {rule})", invariant.name.node)
        }
        ItemKind::Metric(metric) => metric_words(metric),
        ItemKind::Experiment(experiment) => {
            let touch = experiment.touch.as_ref().map_or_else(String::new, |touch| format!(".{}", touch.node));
            let head = format!("{} {}{touch}", experiment.name.node, experiment.sequence.node);
            let within = |(e, d): &(EventRef, At<Length>)| format!("{} {}", event(e), shown(d));
            let clauses = [
                part("goal", experiment.goal.as_ref(), within),
                part("find", experiment.find.as_ref(), |lift| format!("+{}%", lift.node)),
                part("at-most", experiment.at_most.as_ref(), shown),
                part("guard", experiment.guard.as_ref(), within),
            ];
            block(&format!("experiment {head}{}", clauses.concat()), &experiment.variants, variant)
        }
    }
}

fn metric_words(metric: &MetricDecl) -> String {
    let measure = match &metric.measure.node {
        Measure::Count(rows) => format!("(count {})", rows_words(rows)),
        Measure::Share { rows, outcomes } => {
            format!("(share {} {})", rows_words(rows), list("with", outcomes, outcome))
        }
        Measure::Statistic { statistic, value, rows } => {
            format!("({} {} {})", statistic.word(), expr(value), rows_words(rows))
        }
        Measure::Time { quantile, open, rows, event: e, within } => {
            let open = if *open { " open" } else { "" };
            let within = part("within", within.as_ref(), shown);
            format!("({}{open}-time {} {}{within})", quantile.word(), rows_words(rows), event(e))
        }
        Measure::Steps { rows, steps, within } => {
            format!(
                "(steps {} {}{})",
                rows_words(rows),
                list("to", steps, event),
                part("within", within.as_ref(), shown)
            )
        }
        Measure::Formula(formula) => expr(formula),
    };
    let head = format!("metric {} {measure}{}", metric.name.node, part("why", metric.why.as_ref(), text));
    block(&head, &metric.clauses, metric_clause)
}

fn rows_words(rows: &Rows) -> String {
    let of = match rows.of {
        RowsOf::Events => "events",
        RowsOf::Leads => "leads",
        RowsOf::Accounts => "accounts",
    };
    let (state, guard) = (part("while", rows.while_.as_ref(), state), part("where", rows.guard.as_ref(), expr));
    format!("{}{state}{guard}", list(of, &rows.events, event))
}

fn outcome(outcome: &At<Outcome>) -> String {
    match &outcome.node {
        Outcome::Event { event: e, within } => format!("({} within {})", event(e), shown(within)),
        Outcome::Without { event: e, within } => format!("(no {}{})", event(e), part("within", within.as_ref(), shown)),
        Outcome::Expr { value, after } => format!("({}{})", expr(value), part("after", after.as_ref(), shown)),
    }
}

fn amount(amount: &At<Amount>) -> String {
    match amount.node {
        Amount::Percent(value) => format!("{value}%"),
        Amount::Number(value) => value.to_string(),
        Amount::Length(value) => value.to_string(),
    }
}

fn metric_clause(clause: &At<MetricClause>) -> String {
    match &clause.node {
        MetricClause::Kind(kind) => format!("(kind {})", kind.node),
        MetricClause::By(dimensions) => {
            let one = |part: &DimensionPart| list(&part.name.node, &part.edges, |edge| edge.node.to_string());
            list("by", dimensions, |by| by.node.parts.iter().map(one).collect::<Vec<_>>().join("+"))
        }
        MetricClause::Except { event: e, within } => {
            format!("(except {}{})", event(e), part("within", within.as_ref(), shown))
        }
        MetricClause::CreditAccount => "(credit account)".to_owned(),
        MetricClause::Target { goal, from } => {
            let goal = match goal {
                Goal::Compare(op, value) => format!("{:?} {}", op.node, amount(value)),
                Goal::Between(low, high) => format!("{}..{}", amount(low), amount(high)),
            };
            format!("(target {goal}{})", part("from", from.as_ref(), expr))
        }
        MetricClause::Better { lower } => format!("(better {})", if *lower { "lower" } else { "higher" }),
        MetricClause::Benchmark { value, to, source } => {
            let (to, source) = (part("to", to.as_ref(), amount), part("source", source.as_ref(), text));
            format!("(benchmark {}{to}{source})", amount(value))
        }
        MetricClause::Least(least) => format!("(least {})", least.node),
        MetricClause::Remedy(remedy) => format!("(remedy {})", text(remedy)),
        MetricClause::Alert { to, when, each } => {
            let when = match &when.node {
                AlertWhen::OffTarget(times) => {
                    let times = part("for", times.as_ref(), |(times, unit)| format!("{} {}", times.node, unit.node));
                    format!("(off target{times})")
                }
                AlertWhen::Down(by) => format!("(down {}%)", by.node),
                AlertWhen::Up(by) => format!("(up {}%)", by.node),
                AlertWhen::NoneFor(length) => format!("(none for {})", length.node),
            };
            format!("(alert {} {when}{})", to.node, part("each", each.as_ref(), |each| each.node.clone()))
        }
    }
}

fn variant(variant: &VariantDecl) -> String {
    let what = match &variant.what.node {
        VariantKind::Named(name) => name.clone(),
        VariantKind::Day(day) => format!("day {day}"),
        VariantKind::Later(length) => format!("+{length}"),
        VariantKind::At(time) => format!("at {time}"),
        VariantKind::Choice(choice) => format!("{} {}", choice.channel.node, content(&choice.content)),
    };
    format!("({what} {}%)", variant.share.node)
}

fn field(field: &Field) -> String {
    let optional = if field.optional { "?" } else { "" };
    let default = part("default", field.default.as_ref(), expr);
    let names = if field.names.is_empty() { String::new() } else { format!(" {}", list("is", &field.names, text)) };
    let sets = field.sets.as_ref().map_or_else(String::new, |fact| format!(" (sets {})", fact.node));
    format!("({} {}{optional}{default}{names}{sets})", field.name.node, field.ty.node)
}

fn days(days: &[DayRange]) -> String {
    let one = |day: &DayRange| {
        if day.first == day.last { day.first.to_string() } else { format!("{}..{}", day.first, day.last) }
    };
    list("days", days, one)
}

fn times(range: &TimeRange) -> String {
    format!("{}-{}", range.start, range.end)
}

fn entry(entry: &At<CalendarEntry>) -> String {
    match &entry.node {
        CalendarEntry::Days(ranges) => days(ranges),
        CalendarEntry::Hours(range) => format!("(hours {})", times(range)),
        CalendarEntry::Part(name, range) => format!("(part {} {})", name.node, times(range)),
        CalendarEntry::Prefer(ranges, range) => {
            format!("(prefer {}{})", days(ranges), part("hours", range.as_ref(), times))
        }
        CalendarEntry::ClosedFrom(path) => format!("(closed from {})", text(path)),
        CalendarEntry::Zone(sources) => list("zone", sources, |source| match &source.node {
            ZoneSource::Lead => "lead".to_owned(),
            ZoneSource::Account => "account".to_owned(),
            ZoneSource::Owner => "owner".to_owned(),
            ZoneSource::Fixed(zone) => format!("{zone:?}"),
        }),
    }
}

fn clause(clause: &At<ChannelClause>) -> String {
    match &clause.node {
        ChannelClause::Calendar(calendar) => format!("(calendar {})", calendar.node),
        ChannelClause::Cap { count, per, scope } => {
            format!("(cap {} per {} per {})", count.node, per.node, scope.node)
        }
        ChannelClause::Quiet(range) => format!("(quiet {})", times(range)),
        ChannelClause::Require(condition) => format!("(require {})", expr(condition)),
        ChannelClause::Needs(facts) => list("needs", facts, name),
        ChannelClause::Manual => "manual".to_owned(),
        ChannelClause::Transactional => "transactional".to_owned(),
    }
}

fn contact_clause(clause: &At<ContactClause>) -> String {
    match &clause.node {
        ContactClause::Gap(gap) => format!("(gap {})", gap.node),
        ContactClause::Quiet(range) => format!("(quiet {})", times(range)),
        ContactClause::Cap { count, per, scope } => {
            format!("(cap {} per {} per {})", count.node, per.node, scope.node)
        }
    }
}

fn rule(rule: &RuleDecl) -> String {
    let label = rule.label.as_ref().map(|label| format!(" {}", label.node)).unwrap_or_default();
    let limit = part("limit", rule.limit.as_ref(), |limit| match &limit.node {
        Limit::Once => "once".to_owned(),
        Limit::AtMostOncePer(length) => format!("per {}", length.node),
    });
    let head = format!(
        "rule{label} {}{}{}{limit}",
        trigger(&rule.trigger),
        part("while", rule.while_.as_ref(), state),
        part("where", rule.guard.as_ref(), expr)
    );
    let why = part("why", rule.why.as_ref(), text);
    match &rule.body {
        RuleBody::Effects(effects) => block(&format!("{head}{why}"), effects, effect),
        RuleBody::Decision(arms) => block(&format!("decide {head}{why}"), arms, |arm| {
            let guard = arm.guard.as_ref().map_or("otherwise".to_owned(), expr);
            list(&format!("arm {guard}{}", part("why", arm.why.as_ref(), text)), &arm.effects, effect)
        }),
    }
}

fn event(event: &EventRef) -> String {
    if event.filters.is_empty() { name(&event.name) } else { list(&event.name.node, &event.filters, expr) }
}

fn trigger(trigger: &Trigger) -> String {
    match &trigger.node {
        TriggerKind::Event(e) => format!("(on {})", event(e)),
        TriggerKind::Count { event: e, times, within, without } => format!(
            "(count {} {}x{}{})",
            event(e),
            times.node,
            part("within", within.as_ref(), shown),
            part("without", without.as_ref(), event)
        ),
        TriggerKind::Follows { event: e, within, after } => {
            format!("(follows {} within {} after {})", event(e), within.node, event(after))
        }
        TriggerKind::AbsentAfter { event: e, within, after } => {
            format!("(no {} within {} after {})", event(e), within.node, event(after))
        }
        TriggerKind::Absent { event: e, length } => format!("(no {} for {})", event(e), length.node),
        TriggerKind::Silent { length } => format!("(silent {})", length.node),
        TriggerKind::Idle { length } => format!("(idle {})", length.node),
        TriggerKind::Score { score, op, value } => format!("({:?} {} {})", op.node, score.node, expr(value)),
        TriggerKind::Becomes(tier) => format!("(becomes {})", tier.node),
        TriggerKind::Leaves(tier) => format!("(leaves {})", tier.node),
        TriggerKind::Finished(sequence) => format!("(finished {})", sequence.node),
        TriggerKind::Enrolled(sequence) => format!("(enrolled {})", sequence.node),
        TriggerKind::Exited(sequence) => format!("(exited {})", sequence.node),
        TriggerKind::Every { length } => format!("(every {})", length.node),
        TriggerKind::EveryWeekday { days: ranges, at } => format!("(every {} at {})", days(ranges), at.node),
    }
}

fn state(state: &State) -> String {
    match &state.node {
        StateKind::Tier(tier) => tier.clone(),
        StateKind::In(sequence) => format!("(in {})", sequence.node),
        StateKind::Suppressed => "(suppressed)".to_owned(),
        StateKind::Not(inner) => format!("(not {})", self::state(inner)),
        StateKind::And(a, b) => format!("(and {} {})", self::state(a), self::state(b)),
        StateKind::Or(a, b) => format!("(or {} {})", self::state(a), self::state(b)),
    }
}

fn expr(expr: &Expr) -> String {
    let go = |e: &Expr| self::expr(e);
    match &expr.node {
        ExprKind::Number(number) => number.to_string(),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Length(length) => length.to_string(),
        ExprKind::Time(time) => time.to_string(),
        ExprKind::Date { year, month, day } => format!("{year}-{month:02}-{day:02}"),
        ExprKind::DateTime { year, month, day, time } => format!("{year}-{month:02}-{day:02}T{time}"),
        ExprKind::List(items) => list("list", items, go),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Property { base, name } => format!("{}.{}", base.node, name.node),
        ExprKind::Call { name, args } => list(&format!("call {}", name.node), args, go),
        ExprKind::Has(inner) => format!("(has {})", go(inner)),
        ExprKind::Default(a, b) => format!("(?? {} {})", go(a), go(b)),
        ExprKind::Not(inner) => format!("(not {})", go(inner)),
        ExprKind::Negate(inner) => format!("(- {})", go(inner)),
        ExprKind::Binary { op, left, right } => format!("({:?} {} {})", op.node, go(left), go(right)),
    }
}

fn content(content: &At<Content>) -> String {
    match &content.node {
        Content::Template(template) => template.clone(),
        Content::Text(text) => format!("{text:?}"),
    }
}

fn effect(effect: &Effect) -> String {
    let scope = |account: &bool| if *account { "account " } else { "" };
    match &effect.node {
        EffectKind::Tier(tier) => format!("(tier {tier})"),
        EffectKind::Start(sequence) => format!("(start {})", sequence.node),
        EffectKind::Stop => "(stop)".to_owned(),
        EffectKind::StopSequence(sequence) => format!("(stop {})", sequence.node),
        EffectKind::StopAccount => "(stop-account)".to_owned(),
        EffectKind::StopAll => "(stop-all)".to_owned(),
        EffectKind::Hold { account, length } => format!("(hold {}{})", scope(account), length.node),
        EffectKind::HoldUntil { account, until } => format!("(hold {}until {})", scope(account), expr(until)),
        EffectKind::Resume => "(resume)".to_owned(),
        EffectKind::Suppress { channel, length } => {
            format!("(suppress{}{})", part("channel", channel.as_ref(), name), part("for", length.as_ref(), shown))
        }
        EffectKind::Unsuppress { channel } => format!("(unsuppress{})", part("channel", channel.as_ref(), name)),
        EffectKind::Send { channel, content: what, timing, expires } => {
            let timing = part("when", timing.as_ref(), self::timing);
            format!("(send {} {}{timing}{})", channel.node, content(what), part("expires", expires.as_ref(), expiry))
        }
        EffectKind::Alert { to, text: words, expires } => {
            format!("(alert {} {}{})", to.node, text(words), part("expires", expires.as_ref(), expiry))
        }
        EffectKind::Escalate { to, text: words, expires } => {
            format!("(escalate {} {}{})", to.node, text(words), part("expires", expires.as_ref(), expiry))
        }
        EffectKind::Assign(value) => format!("(assign {})", expr(value)),
        EffectKind::Unset { field, .. } => format!("(unset {})", field.node),
        EffectKind::Set { field, value } => format!("(set {} {})", field.node, expr(value)),
        EffectKind::Add { amount, score } => format!("(add {} {})", expr(amount), score.node),
        EffectKind::Tag(tag) => format!("(tag {})", tag.node),
        EffectKind::Untag(tag) => format!("(untag {})", tag.node),
        EffectKind::Webhook(hook) => format!("(webhook {})", hook.node),
    }
}

fn expiry(expiry: &Expiry) -> String {
    match expiry {
        Expiry::After(length) => length.node.to_string(),
        Expiry::At(moment) => format!("at {}", expr(moment)),
    }
}

fn timing(timing: &At<Timing>) -> String {
    match &timing.node {
        Timing::In { length, at } => format!("in {}{}", length.node, part("at", at.as_ref(), shown)),
        Timing::At(at) => format!("at {}", at.node),
        Timing::Next { day, at } => format!("next {day} at {}", at.node),
        Timing::Before { length, moment } => format!("{} before {}", length.node, expr(moment)),
        Timing::After { length, moment } => format!("{} after {}", length.node, expr(moment)),
    }
}

fn sequence(sequence: &SequenceDecl) -> String {
    let head = format!(
        "sequence {}{}{}{}",
        sequence.name.node,
        part("for", sequence.tier.as_ref(), name),
        part("where", sequence.guard.as_ref(), expr),
        part("renamed-from", sequence.renamed_from.as_ref(), name)
    );
    let clauses = sequence.clauses.iter().map(|clause| match &clause.node {
        SequenceClause::ExitOn(events) => list("exit-on", events, event),
        SequenceClause::Gap(length) => format!("(gap {})", length.node),
        SequenceClause::AgainAfter(length) => format!("(again after {})", length.node),
        SequenceClause::NeverAgain => "(never again)".to_owned(),
        SequenceClause::Parallel => "parallel".to_owned(),
        SequenceClause::Roll(roll) => self::roll(*roll),
        SequenceClause::Topic(topic) => format!("(topic {})", topic.node),
    });
    let touches = sequence.touches.iter().map(touch);
    let lines: Vec<String> = clauses.chain(touches).chain(sequence.tail.iter().map(tail)).collect();
    block(&head, &lines, String::clone)
}

fn roll(roll: Roll) -> String {
    format!("(roll {})", format!("{roll:?}").to_lowercase())
}

fn time_of_day(time: &At<TouchTime>) -> String {
    match &time.node {
        TouchTime::At(time) => time.to_string(),
        TouchTime::Part(part) => part.clone(),
    }
}

fn touch(touch: &TouchDecl) -> String {
    let when = match &touch.when.node {
        When::Day(day) => format!("day {day}"),
        When::Days(first, last) => format!("day {first}..{last}"),
        When::Later(length) => format!("+{length}"),
    };
    format!("({when}{}{})", part("at", touch.time.as_ref(), time_of_day), message(&touch.message))
}

fn tail(tail: &TailDecl) -> String {
    format!(
        "(then every {}{}{}{})",
        tail.every.node,
        part("at", tail.time.as_ref(), time_of_day),
        message(&tail.message),
        part("up-to", tail.times.as_ref(), shown)
    )
}

fn message(message: &MessageDecl) -> String {
    let choice = |choice: &Choice| format!("{}:{}", choice.channel.node, content(&choice.content));
    let mut out = format!(" {}", list("send", &message.choices, choice));
    out += &part("as", message.id.as_ref(), name);
    out += &part("note", message.note.as_ref(), text);
    out += &part("if", message.condition.as_ref(), expr);
    out += &part("expires", message.expires.as_ref(), expiry);
    out += if message.approve { " approve" } else { "" };
    out += &message.roll.as_ref().map(|at| format!(" {}", roll(at.node))).unwrap_or_default();
    out += &part("renamed-from", message.renamed_from.as_ref(), name);
    out
}

fn line(line: &At<ScoreLine>) -> String {
    match &line.node {
        ScoreLine::Points(e, points) => format!("(points {} {points})", event(e)),
        ScoreLine::HalfLife(length) => format!("(half_life {})", length.node),
        ScoreLine::Window(length) => format!("(window {})", length.node),
        ScoreLine::Cap(cap) => format!("(cap {cap})"),
        ScoreLine::Floor(floor) => format!("(floor {floor})"),
        ScoreLine::Rhai(script) => format!("(rhai {})", text(script)),
        ScoreLine::Script(path) => format!("(script {})", text(path)),
        ScoreLine::On(events) => list("on", events, event),
    }
}

fn test_line(line: &At<TestLine>) -> String {
    match &line.node {
        TestLine::Zone(zone) => format!("(in {})", text(zone)),
        TestLine::Lead { name, account, facts } => {
            let of = part("of", account.as_ref(), self::name);
            list(&format!("lead {}{of}", name.node), facts, property)
        }
        TestLine::Allow(names) => list("allow", names, name),
        TestLine::Until(until) => format!("(until {})", moment(&until.node)),
        TestLine::Clock { moment: at, event } => {
            format!("(at {}{})", moment(&at.node), part("happens", event.as_ref(), happening))
        }
        TestLine::Expect(expectation) => self::expectation(expectation),
    }
}

fn property(property: &Property) -> String {
    format!("({} {})", property.name.node, expr(&property.value))
}

fn moment(moment: &Moment) -> String {
    let clock = |time: &Option<ClockTime>| time.map(|time| format!(" {time}")).unwrap_or_default();
    match moment {
        Moment::Date(day, time) => format!("{}{}", self::day(*day), clock(time)),
        Moment::Later(length, time) => format!("+{length}{}", clock(time)),
    }
}

fn day(day: Day) -> String {
    format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)
}

fn happening(happening: &Happening) -> String {
    let late = part("late", happening.late.as_ref(), shown);
    let halted = part("of", happening.halted.as_ref(), name);
    list(&format!("{} {}{halted}", happening.lead.node, happening.event.node), &happening.properties, property)
        + late.as_str()
}

fn expectation(expectation: &Expectation) -> String {
    match expectation {
        Expectation::Some(one, given) => format!("(expect {}{})", wanted(one), clauses(given)),
        Expectation::None(all, given) => format!("{}{}", list("expect-no", all, wanted), clauses(given)),
        Expectation::Metric(MeasuredExpect { metric, group, shows, at }) => {
            let group = part("by", group.as_ref(), |(by, value)| format!("{} {}", by.node, text(value)));
            let shows = match shows.node {
                Shown::Of(outcomes, rows) => format!("{outcomes} of {rows}"),
                Shown::Value(value) => amount(&At { node: value, range: shows.range }),
                Shown::Nothing => "-".to_owned(),
            };
            let at = part("at", at.as_ref(), |at| moment(&at.node));
            format!("(expect-metric {}{group} ({shows}){at})", metric.node)
        }
        Expectation::Score { score, lead, rows } => {
            let row = |row: &ScoreRow| format!("({} {:.*})", moment(&row.moment.node), row.decimals, row.value.node);
            list(&format!("expect-score {}{}", score.node, part("of", lead.as_ref(), name)), rows, row)
        }
    }
}

fn wanted(wanted: &Wanted) -> String {
    let maybe = |one: &Option<Name>| one.as_ref().map(|one| format!(" {}", one.node)).unwrap_or_default();
    match &wanted.node {
        WantedKind::Becomes(tier) => format!("(becomes {})", tier.node),
        WantedKind::Starts(sequence) => format!("(starts {})", sequence.node),
        WantedKind::Exits(sequence) => format!("(exits {})", sequence.node),
        WantedKind::Finishes(sequence) => format!("(finishes {})", sequence.node),
        WantedKind::Holds(until) => format!("(holds{})", part("until", until.as_ref(), |at| moment(&at.node))),
        WantedKind::Resumes => "(resumes)".to_owned(),
        WantedKind::Suppressed(channel) => format!("(suppressed{})", maybe(channel)),
        WantedKind::Unsuppressed(channel) => format!("(unsuppressed{})", maybe(channel)),
        WantedKind::Tag(tag) => format!("(tag {})", tag.node),
        WantedKind::Untag(tag) => format!("(untag {})", tag.node),
        WantedKind::Set { field, value } => format!("(set {}{})", field.node, part("to", value.as_ref(), expr)),
        WantedKind::Assign(owner) => format!("(assign{})", part("to", owner.as_ref(), text)),
        WantedKind::Alert { to, text: words } => format!("(alert{}{})", maybe(to), part("text", words.as_ref(), text)),
        WantedKind::Webhook(webhook) => format!("(webhook{})", maybe(webhook)),
        WantedKind::Touch => "(touch)".to_owned(),
        WantedKind::Send { channel, content } => {
            format!(
                "(send {}{})",
                channel.node,
                part("with", content.as_ref(), |content| format!("{:?}", content.node))
            )
        }
    }
}

fn clauses(clauses: &Clauses) -> String {
    let by = |(by, touch): &(Name, Option<Name>)| format!("{}{}", by.node, part("touch", touch.as_ref(), name));
    [
        part("lead", clauses.lead.as_ref(), name),
        part("at", clauses.at.as_ref(), |at| match at.node {
            AtTime::Moment(at) => moment(&at),
            AtTime::Clock(time) => time.to_string(),
            AtTime::Day(on) => format!("on {}", day(on)),
        }),
        part("by", clauses.by.as_ref(), by),
        part("because", clauses.because.as_ref(), text),
        part("status", clauses.status.as_ref(), |status| status.node.word().to_owned()),
        part("times", clauses.times.as_ref(), shown),
    ]
    .concat()
}
