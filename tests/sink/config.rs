//! `fixtures/config/{ok,error}`: what is read from an `ensue.yaml`, or what is wrong with it, as drawn;
//! the examples of the manual; and names that the rulebook does not have.

use std::path::Path;

use ensue::config::{Config, ConfigError, Destination, parse, read};
use ensue::report::diagnostic;
use proptest::prelude::ProptestConfig;

fn drawn(path: &Path) -> String {
    let name = path.file_name().unwrap().to_str().unwrap();
    match read(path) {
        Ok(config) => format!(
            "store {}\nrules {}\n{:#?}\n{:#?}",
            config.store.display(),
            config.rules.display(),
            config.sinks,
            config.route
        ),
        Err(error) => diagnostic::config(&error, false).replace(path.to_str().unwrap(), name),
    }
}

#[test]
fn files_are_read_or_refused_as_shown_beside_them() {
    insta::glob!("../../fixtures/config", "{ok,error}/*.yaml", |path| {
        let folder = path.parent().unwrap();
        let shown = drawn(path);
        assert_eq!(read(path).is_ok(), folder.ends_with("ok"), "{shown}");
        let name = path.file_stem().unwrap().to_str().unwrap();
        insta::with_settings!({
            snapshot_path => folder, prepend_module_to_snapshot => false, snapshot_suffix => "", omit_expression => true
        }, { insta::assert_snapshot!(name, shown) });
    });
}

/// Whatever is wrong with it: what stands behind a key may be a secret, and a mistake may be read by many.
#[test]
fn no_mistake_shows_a_value() {
    let sound = "store: CANARY\nrules: CANARY\nsinks:\n  out: { kind: exec, command: [\"CANARY\", '--token', CANARY], timeout: 3s }\nroute: { default: out }\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ensue.yaml");
    let mut wrong = 0;
    for (from, to) in [
        ("timeout: 3s", "tmeout: 3s"),
        ("timeout: 3s", "timeout: CANARY"),
        ("timeout: 3s", "timeout: 3s, idempotent: CANARY, retries: { attempts: CANARY }"),
        ("[\"CANARY\", '--token', CANARY]", "CANARY --token CANARY"),
        ("[\"CANARY\", '--token', CANARY]", "\"CANARY --token CANARY\""),
        ("[\"CANARY\", '--token', CANARY]", "[\"send\", 5, \"CANARY\"]"),
        ("kind: exec", "kind: CANARY"),
        ("kind: exec", "kind: file"),
        ("default: out", "default: CANARY"),
        ("default: out", "default: out, channels: { email: CANARY }"),
        ("default: out", "default: out, channels: CANARY"),
        ("'--token', CANARY]", "'--token', CANARY"),
        ("'--token', CANARY]", "'--token, CANARY]"),
        ("'--token', CANARY]", "'--token', &CANARY x]"),
        ("store: CANARY", "store: CANARY CANARY: CANARY"),
        ("store: CANARY", "store: |\n  CANARY"),
        ("store: CANARY", "store: [CANARY]  # CANARY"),
        ("store: CANARY", "stoer: CANARY  # CANARY"),
        ("store: CANARY", "store: CANARY\nstore: CANARY"),
    ] {
        let text = sound.replace(from, to);
        assert_ne!(text, sound);
        std::fs::write(&path, &text).unwrap();
        let Err(error) = read(&path) else { continue };
        wrong += 1;
        let shown = format!("{}{error}", diagnostic::config(&error, false));
        assert!(shown.contains("error: ") && !shown.contains("CANARY"), "{text}\n{shown}");
    }
    assert!(wrong > 15, "{wrong}");
}

#[test]
fn paths_begin_at_the_folder_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ensue.yaml");
    std::fs::write(&path, "\u{feff}store: data\nrules: /etc/rules\n").unwrap();
    let config = read(&path).unwrap();
    assert_eq!(config.store(), folder.path().join("data"));
    assert_eq!(config.rules(), Path::new("/etc/rules"));
    std::fs::write(&path, b"store: \xff\n").unwrap();
    assert!(matches!(read(&path), Err(ConfigError::NotText(_))));
    assert!(matches!(read(&folder.path().join("none.yaml")), Err(ConfigError::Missing(_))));
    std::fs::write(&path, "# \u{e9}\n".repeat(100_000)).unwrap();
    let error = read(&path).unwrap_err().to_string();
    assert!(error.contains("`ensue.yaml` holds at most 65536 bytes"), "{error}");
}

fn rulebook(text: &str) -> ensue::rulebook::Rulebook {
    ensue::check::load([("rules.ensue".into(), text.into())], &ensue::check::Env::default()).rulebook.expect("rules")
}

const RULES: &str = r#"tiers hot
    opened 3x within 7d -> hot, alert owner "call", webhook crm, webhook won_deal
    sequence nurture for hot { day 1 at 10:00 email recap or sms recap }
"#;

/// A configuration from a file, since only a file has a text to point into.
fn config(text: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ensue.yaml"), text).unwrap();
    read(&folder.path().join("ensue.yaml")).unwrap()
}

#[test]
fn names_that_the_rulebook_does_not_have() {
    let config = config(
        "sinks: { a: { kind: stdout } }\nroute:\n  webhooks: { won_deals: a, crm: a }\n  channels: { emial: a, sms: a, fax: a }\n",
    );
    let found = config.unknown_names(&rulebook(RULES));
    let shown: Vec<_> =
        found.iter().map(|f| (f.range_start, f.message.as_str(), f.help.as_deref().unwrap_or(""))).collect();
    let there = "there are `email`, `sms`, `call`, `task`, `linkedin`";
    assert_eq!(
        shown,
        [
            (52, "no rule says `webhook won_deals`", "did you mean `won_deal`?"),
            (89, "the rulebook has no channel `emial`", "did you mean `email`?"),
            (107, "the rulebook has no channel `fax`", there),
        ]
    );
    assert!(
        diagnostic::mistakes(&found, config.source(), false).contains("4 |   channels: { emial: *, sms: *, fax: * }")
    );
}

#[test]
fn each_destination_goes_to_its_sink() {
    let text = "sinks:\n  a: { kind: stdout }\n  b: { kind: stdout }\n  crm: { kind: stdout }\n";
    let config_of = |route: &str| config(&format!("{text}{route}"));
    let name = |config: &Config, destination| config.sink_for(destination).map(|sink| sink.name.clone());
    let bare = config_of("");
    assert_eq!(name(&bare, Destination::Channel("email")), None);
    // A webhook goes to the sink of its name.
    assert_eq!(name(&bare, Destination::Webhook("crm")).as_deref(), Some("crm"));
    let routed = config_of("route: { default: a, alerts: b, channels: { email: b }, webhooks: { crm: b } }\n");
    assert_eq!(name(&routed, Destination::Channel("email")).as_deref(), Some("b"));
    assert_eq!(name(&routed, Destination::Channel("sms")).as_deref(), Some("a"));
    assert_eq!(name(&routed, Destination::Alert).as_deref(), Some("b"));
    assert_eq!(name(&routed, Destination::Webhook("crm")).as_deref(), Some("b"));
    assert_eq!(name(&routed, Destination::Webhook("won_deal")).as_deref(), Some("a"));
}

#[test]
fn hostile_files_are_refused_quickly() {
    let open = "[".repeat(60_000);
    let braces = format!("sinks: {}", "{".repeat(60_000));
    let dashes = "- ".repeat(30_000);
    let mixed = "[{".repeat(30_000);
    let tall = "- \n".repeat(20_000);
    for text in [&open, &braces, &dashes, &mixed, &tall] {
        for mistake in parse(text).expect_err("a mistake") {
            assert!(text.get(mistake.range_start..mistake.range_end).is_some());
        }
    }
}

proptest::proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\n\t\u{e9}]{0,80}") {
        if let Err(mistakes) = parse(&text) {
            for mistake in mistakes {
                proptest::prop_assert!(text.get(mistake.range_start..mistake.range_end).is_some());
            }
        }
    }

    #[test]
    fn mistakes_stand_where_the_key_does(lines in proptest::collection::vec("[a-z\"'{}\\[\\]:,# 0-9-]{0,12}", 0..6)) {
        let text = format!("sinks:\n  one: {{ kind: stdout }}\n{}\nwrong: 1\n", lines.join("\n"));
        // Whatever stands between: where the text is YAML, the unknown key is found in its place.
        let found = parse(&text).err().unwrap_or_default();
        if let Some(mistake) = found.iter().find(|mistake| mistake.message.contains("no `wrong`")) {
            proptest::prop_assert_eq!(&text[mistake.range_start..mistake.range_end], "wrong");
        }
    }
}
