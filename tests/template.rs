//! Templates as files: the messages they make, what is said about mistakes in them, and that no
//! value, however odd, is read as a template or gets into the head of a mail.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use ensue::decimal::Decimal;
use ensue::template::{RenderSetting, Template, Unfilled};
use ensue::timestamp::Timestamp;
use ensue::value::Value;

const NEW_YORK_IN_WINTER: RenderSetting = RenderSetting { offset: &|_: Timestamp| -5 * 3_600 };

fn parse(text: &str) -> Template {
    Template::parse("recap", text).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn value(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Missing,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => Value::Number(Decimal::from_f64(n.as_f64().unwrap()).unwrap()),
        Json::String(s) => Value::Text(s.as_str().into()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(map) => match (map.get("time"), map.get("date")) {
            (Some(time), _) => Value::Time(time.as_i64().unwrap() * 1_000_000),
            (_, Some(date)) => Value::Date(date.as_i64().unwrap() as i32),
            _ => panic!("a time or a date"),
        },
    }
}

fn snapshot(path: &Path, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path.parent().unwrap().canonicalize().unwrap());
    settings.set_prepend_module_to_snapshot(false);
    settings.remove_snapshot_suffix();
    settings.set_omit_expression(true);
    settings.remove_input_file();
    settings.bind(|| insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), text));
}

#[test]
fn templates_make_the_messages_they_should() {
    insta::glob!("..", "fixtures/template/ok/*.md", |path| {
        let template = parse(&std::fs::read_to_string(path).unwrap());
        let json = std::fs::read_to_string(path.with_extension("values")).unwrap();
        let json: BTreeMap<String, serde_json::Value> = serde_json::from_str(&json).unwrap();
        let values: BTreeMap<String, Value> = json.iter().map(|(name, json)| (name.clone(), value(json))).collect();
        let mut out = format!("channel {} at {}\n", template.channel().name, template.channel().line);
        for (what, names) in [("needs", template.needs()), ("asks for", template.variables())] {
            for name in names {
                let _ = writeln!(out, "{what} {} at {}:{}", name.name, name.line, name.column);
            }
        }
        match template.render(&|name| values.get(name).cloned(), &NEW_YORK_IN_WINTER) {
            Ok(message) => {
                let _ =
                    write!(out, "subject {:?}\n{} segments\n\n{}", message.subject, message.segments(), message.body);
            }
            Err(unfilled) => {
                let _ = write!(out, "{unfilled:?}");
            }
        }
        snapshot(path, &out);
    });
}

#[test]
fn mistakes_are_found_before_anything_is_filled_in() {
    insta::glob!("..", "fixtures/template/error/*.md", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let errors = Template::parse("recap", &text).expect_err(&path.display().to_string());
        let mut out = String::new();
        for error in errors {
            let _ = writeln!(out, "{}:{}: {}", error.line, error.column, error.message);
            let _ = writeln!(out, "  > {}", &text[error.range]);
            if let Some(help) = error.help {
                let _ = writeln!(out, "  = help: {help}");
            }
        }
        snapshot(path, &out);
    });
}

fn naughty() -> Vec<String> {
    serde_json::from_str(include_str!("../fixtures/corpora/blns/blns.json")).unwrap()
}

#[test]
fn values_are_data_in_every_channel() {
    let email = parse("---\nchannel: email\nsubject: \"For {{ name }}!\"\n---\n[{{ name }}]");
    let sms = parse("---\nchannel: sms\n---\n[{{ name }}]");
    let naughty = naughty();
    assert!(naughty.len() > 500);
    let more = ["{{ name }}", "a\r\nBcc: b@example.com", "a\u{2028}b\u{85}c\u{b}d", "\0\u{1b}[31m"].map(str::to_owned);
    for name in naughty.iter().chain(&more) {
        let values = |_: &str| Some(Value::Text(name.as_str().into()));
        let message = email.render(&values, &NEW_YORK_IN_WINTER).unwrap();
        assert_eq!(message.body, format!("[{name}]"));
        let subject = message.subject.unwrap();
        assert!(!subject.contains(|c: char| c.is_control() || "\u{2028}\u{2029}".contains(c)), "{subject:?}");
        assert!(subject.starts_with("For ") && subject.ends_with('!'), "{subject:?}");
        let body = sms.render(&values, &NEW_YORK_IN_WINTER).unwrap().body;
        let kept: String = name.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        assert_eq!(body, format!("[{kept}]"));
    }
}

#[test]
fn naughty_templates_never_panic() {
    for text in naughty() {
        for template in
            [format!("---\nchannel: email\n---\n{{{{ {text} }}}}{text}"), format!("---\n{text}\n---\n"), text]
        {
            if let Ok(template) = Template::parse("recap", &template) {
                let _ = template.render(&|_| None, &NEW_YORK_IN_WINTER);
            }
        }
    }
}

#[test]
fn a_template_that_takes_too_many_steps_fails() {
    let nested = format!("{}x{}", "{% for a in list %}".repeat(8), "{% endfor %}".repeat(8));
    let template = parse(&format!("---\nchannel: email\n---\n{nested}"));
    let list = Value::List((0..10).map(|n| Value::Number(Decimal::from(n))).collect());
    let failed = template.render(&|_| Some(list.clone()), &NEW_YORK_IN_WINTER).unwrap_err();
    assert!(
        matches!(failed, Unfilled::Failed { line: 4, ref message } if message == "the template takes too many steps"),
        "{failed:?}"
    );
    let large = format!("---\nchannel: email\n---\n{}", "x".repeat(70_000));
    assert!(Template::parse("recap", &large).is_err());
}

/// Whatever a template multiplies, joins and replaces, its result is refused before it fills the memory.
#[test]
fn what_would_get_too_long_is_not_built() {
    let values = |name: &str| {
        Some(match name {
            "name" => Value::Text("x".repeat(200_000).into()),
            "tags" => Value::List((0..2_000).map(|at| Value::Text(format!("tag {at}").into())).collect()),
            _ => Value::Number(Decimal::from(100_000_000)),
        })
    };
    let filled = |body: &str| {
        let template = parse(&format!("---\nchannel: email\n---\n{body}"));
        template.render(&values, &NEW_YORK_IN_WINTER)
    };
    let failed = |body: &str| match filled(body) {
        Err(Unfilled::Failed { message, .. }) => message,
        other => panic!("{body}: {other:?}"),
    };
    for body in ["{{ name * n }}", "{{ tags * n }}", "{{ (name or n) * n }}", "{% if tags * n %}x{% endif %}"] {
        assert_eq!(failed(body), "texts cannot be joined or repeated here", "{body}");
    }
    let replaced = "{{ name | replace('x', 'yyyyyyyy') | replace('y', 'zzzzzzzzzzzzzzzzzzzzzzzzzzzz') }}";
    let empty = "{{ name | replace('', name) }}";
    let printed = "{% for tag in tags %}{{ name }}{% endfor %}";
    for body in [replaced, empty, "{{ tags | join(name) }}", "{{ name | join(name) }}", printed] {
        assert_eq!(failed(body), "the message is too long", "{body}");
    }
    let body = |body: &str| filled(body).unwrap().body;
    assert_eq!(body("{{ n * 12 }}"), "1200000000");
    assert_eq!(body("{{ (n * 12) | money('$') }}"), "$1,200,000,000");
    assert_eq!(body("{{ 'a-b-c' | replace('-', '+') }}"), "a+b+c");
    assert!(body("{{ tags | join('; ') }}").starts_with("tag 0; tag 1; "));
}
