//! `action.yml` and `.pre-commit-hooks.yaml`: their commands are run as CI would run them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::read;

/// A command with the built program first on its path.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    let folder = Path::new(env!("CARGO_BIN_EXE_ensue")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("PATH", path);
    command
}

#[derive(serde::Deserialize)]
struct Action {
    inputs: BTreeMap<String, BTreeMap<String, String>>,
    runs: Runs,
}

#[derive(serde::Deserialize)]
struct Runs {
    steps: Vec<Step>,
}

#[derive(serde::Deserialize)]
struct Step {
    name: String,
    run: String,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// Runs the steps after the installation on a rulebook: each step's exit code and output, and the summary.
#[cfg(unix)]
fn act(rules: &str) -> (Vec<(i32, String)>, String) {
    let folder = tempfile::tempdir().unwrap();
    let action: Action = yaml::from_str(&read("action.yml")).unwrap();
    let summary = folder.path().join("summary.md");
    let mut done = Vec::new();
    for step in action.runs.steps.iter().filter(|step| step.name != "Install ensue") {
        let mut shell = command("bash");
        shell.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &step.run]).env("GITHUB_STEP_SUMMARY", &summary);
        for (name, value) in &step.env {
            let input = value.strip_prefix("${{ inputs.").and_then(|rest| rest.strip_suffix(" }}")).expect("an input");
            let given = match input {
                "rules" => rules.to_owned(),
                "reports" => folder.path().join("a folder").display().to_string(),
                other => action.inputs[other]["default"].clone(),
            };
            shell.env(name, given);
        }
        let output = shell.output().unwrap();
        done.push((output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap()));
    }
    for report in ["check.sarif", "check.xml"] {
        assert!(folder.path().join("a folder").join(report).exists(), "{report}");
    }
    (done, std::fs::read_to_string(summary).unwrap())
}

#[cfg(unix)]
#[test]
fn the_action_shows_what_is_wrong() {
    let (steps, summary) = act("fixtures/test/failing");
    assert_eq!(steps.iter().map(|(code, _)| *code).collect::<Vec<_>>(), [0, 1]);
    assert!(steps[1].1.starts_with("::error file=fixtures/test/failing/rules.ensue,line="), "{}", steps[1].1);
    assert!(summary.starts_with("## ensue check\n") && summary.contains("\n## ensue test\n"), "{summary}");
    let (steps, _) = act("fixtures/check/ten_mistakes");
    assert_eq!(steps[0].0, 2);
    assert_eq!(steps[0].1.lines().filter(|line| line.starts_with("::error ")).count(), 10);
    let (steps, _) = act("rules");
    assert_eq!(steps.iter().map(|(code, _)| *code).collect::<Vec<_>>(), [0, 0]);
}

#[derive(serde::Deserialize)]
struct Hook {
    id: String,
    entry: String,
    args: Vec<String>,
    language: String,
    pass_filenames: bool,
}

#[test]
fn the_hooks_run() {
    let hooks: Vec<Hook> = yaml::from_str(&read(".pre-commit-hooks.yaml")).unwrap();
    assert_eq!(hooks.len(), 3);
    for hook in hooks {
        assert_eq!((hook.language.as_str(), hook.pass_filenames), ("rust", false));
        let words: Vec<&str> = hook.entry.split(' ').collect();
        assert_eq!((words[0], hook.id), ("ensue", words[..2].join("-")));
        let run = |rules: &str| {
            let arguments = words[1..].iter().copied().chain([rules]);
            command(env!("CARGO_BIN_EXE_ensue")).args(arguments).output().unwrap().status.code()
        };
        assert_eq!(run(&hook.args[0]), Some(0));
        assert_ne!(
            run(if words[1] == "check" { "fixtures/check/ten_mistakes" } else { "fixtures/test/failing" }),
            Some(0)
        );
    }
}
