//! `fluxor test` as an author of definitions calls it: what it prints, how it ends, and what it writes.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const README: &str = include_str!("../../../definitions/README.md");

/// The first block of the README that is marked so.
fn block(kind: &str) -> &'static str {
    let from = README.split_once(&format!("\n```{kind}\n")).unwrap_or_else(|| panic!("no block {kind}")).1;
    &from[..=from.find("\n```").unwrap()]
}

/// A folder of one's own: the README's workflow, its scenario and its people.
struct Own(tempfile::TempDir);

impl Own {
    fn new() -> Self {
        let own = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(own.file("scenarios/leave")).unwrap();
        own.write("leave.yaml", block("yaml"));
        own.write("scenarios/company.json", block("json company"));
        own.write("scenarios/leave/granted.scenario", block("scenario"));
        own
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join("definitions").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    /// Runs `fluxor test` in the folder that has the definitions, and gives what it printed.
    #[track_caller]
    fn test(&self, arguments: &[&str], code: i32) -> String {
        run(self.0.path(), arguments, code)
    }

    #[track_caller]
    fn json(&self, arguments: &[&str], code: i32) -> Value {
        let text = self.test(&[arguments, &["--json"]].concat(), code);
        serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text}"))
    }
}

#[track_caller]
fn run(folder: &Path, arguments: &[&str], code: i32) -> String {
    let mut command = Command::new(fluxor_tests::binary());
    command.env_remove("FLUXOR_DEFINITIONS").env_remove("FLUXOR_JSON").current_dir(folder);
    let output = command.arg("test").args(arguments).output().unwrap();
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{text}{errors}");
    format!("{text}{errors}")
}

const GRANTED: &str = "scenarios/leave/granted.scenario";

#[test]
fn the_shipped_scenarios_cover_everything() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let told = run(&root, &["--coverage", "--require", "arrows,guards,rows"], 0);
    assert!(told.contains("ok       definitions/scenarios/requisition/small.scenario"), "{told}");
    assert!(told.contains("supplier_onboarding") && told.ends_with("nothing is missing\n"), "{told}");
}

#[test]
fn the_example_of_the_reference_is_played_from_wherever_it_is_called() {
    let own = Own::new();
    let told = own.test(&[], 0);
    assert_eq!(told, "ok       definitions/scenarios/leave/granted.scenario\n1 scenario: 1 ok\n");
    for from in ["definitions", "definitions/scenarios", "definitions/scenarios/leave"] {
        let told = run(&own.0.path().join(from), &["."], 0);
        assert!(told.ends_with("1 scenario: 1 ok\n"), "{from}: {told}");
    }
    let there = own.file(GRANTED);
    let told = run(Path::new("/"), &[there.to_str().unwrap()], 0);
    assert!(told.contains("1 ok"), "{told}");
    let told = own.json(&[], 0);
    assert_eq!(
        told["scenarios"],
        json!([{ "file": "definitions/scenarios/leave/granted.scenario", "result": "same", "steps": 8 }])
    );
    assert_eq!(told["summary"], json!({ "scenarios": 1, "same": 1, "differ": 0, "updated": 0, "wrong": 0 }));
}

#[test]
fn a_wrong_trace_is_shown_and_written_anew_with_every_comment_kept() {
    let own = Own::new();
    let right = own.text(GRANTED);
    let wrong =
        right.replace("granted (final)", "# why not\n").replace("review; asked: manager bob", "review\nand more");
    own.write(GRANTED, &wrong);
    let windows = right.replace('\n', "\r\n");
    own.write("scenarios/leave/windows.scenario", &windows);
    let told = own.test(&[], 1);
    let shown = "    13 > submit as ann\n    14 - review\n    15 - and more\n       + review; asked: manager bob\n";
    assert!(
        told.contains("differs  definitions/scenarios/leave/granted.scenario: 3 of 8 steps") && told.contains(shown),
        "{told}"
    );
    assert!(told.contains("       + granted (final)\n") && told.contains("2 scenarios: 1 ok, 1 differ\n"), "{told}");
    assert!(told.contains("`--update`"), "{told}");
    assert_eq!(own.text(GRANTED), wrong, "nothing is written unasked");
    let machine = own.json(&[], 1);
    let difference = &machine["scenarios"][0]["differences"][0];
    assert_eq!(
        *difference,
        json!({ "line": 13, "step": "submit as ann", "expected": ["review", "and more"], "actual": "review; asked: manager bob" })
    );

    let told = own.test(&["--update"], 0);
    assert!(told.contains("updated  definitions/scenarios/leave/granted.scenario"), "{told}");
    assert_eq!(own.text(GRANTED), right.replace("granted (final)\n", "granted (final)\n# why not\n\n"));
    assert_eq!(own.text("scenarios/leave/windows.scenario"), windows);
    assert_eq!(own.json(&[], 0)["summary"]["same"], 2);
    let left = std::fs::read_dir(own.file("scenarios/leave")).unwrap().count();
    assert_eq!(left, 2, "no part is left behind");
}

#[test]
fn a_file_that_may_only_be_read_keeps_no_other_from_being_written() {
    let own = Own::new();
    let right = own.text(GRANTED);
    let wrong = right.replace("granted (final)", "granted");
    own.write(GRANTED, &wrong);
    let other = "scenarios/leave/other.scenario";
    own.write(other, &wrong);
    let mut may = std::fs::metadata(own.file(GRANTED)).unwrap().permissions();
    may.set_readonly(true);
    std::fs::set_permissions(own.file(GRANTED), may).unwrap();
    let told = own.test(&["--update"], 1);
    assert!(told.contains("granted.scenario:1:1: it differs, and cannot be written: it may only be read"), "{told}");
    assert!(told.contains("updated  definitions/scenarios/leave/other.scenario"), "{told}");
    assert_eq!((own.text(GRANTED), own.text(other)), (wrong, right));
}

/// One that is started by its key and goes on by itself, or by somebody.
const KEYED: &str = "\
workflow: keyed
version: 1
subject: { name: k, fields: { requester: person, ref: text } }
key: k.ref
start: a
states:
  a: { on: { go: z }, after: { in: 1 day, to: z } }
  z: { final: true }
";

#[test]
fn a_trace_is_about_its_instance_as_it_is_now() {
    let own = Own::new();
    own.write("keyed.yaml", KEYED);
    let steps = "organisation ../company.json
now 2026-03-02T08:00:00Z

> start keyed as ann {\"ref\": \"1\"}
a
> go as ann
z (final)
> start keyed as ann {\"ref\": \"1\"}
z (final)
> go as ann
! instance_ended: The instance has ended (`z`).
> start keyed as ann {\"ref\": \"2\"}
a
> start leave as ann {\"days\": 1}
draft
> wait 2 days
nothing
> turn keyed 2
z (final); timer a#1
";
    own.write("scenarios/leave/keyed.scenario", steps);
    let told = own.test(&[], 0);
    assert!(told.contains("2 scenarios: 2 ok\n"), "{told}");
}

#[test]
fn what_cannot_be_read_or_played_is_told_with_its_place_and_never_written() {
    let own = Own::new();
    let head = "organisation ../company.json\nnow 2026-03-02T08:00:00Z\n\n";
    for (steps, place, words) in [
        ("> start leav as ann\n> aprove manager\n", ":4:9: there is no workflow `leav`", ":5:3: "),
        ("> submit as ann\n", ":4:3: there is no instance yet", "begin with a start"),
        (
            "> start leave as ann {\"dais\": 1}\n> submit as ann\n",
            ":5:3: there is no instance: the start in line 4 was refused, invalid_input: ",
            "mend the start in line 4",
        ),
        (
            "> start leave as ann {\"days\": 1}\ndraft\n> turn leave x\n",
            ":6:3: no instance of `leave` has `x`",
            "has a key",
        ),
        (
            "> start leave as ann {\"days\": 1}\n> complete reveiw as bob\n",
            ":5:12: `leave` has no state `reveiw`",
            "`review`",
        ),
        (
            "> start leave as ann {\"days\": 1}\n> complete draft as bob\n",
            ":5:12: the state `draft` has opened no task",
            "yet",
        ),
        ("> wait 2 working days\n", ":4:3: there is no calendar", "wait 2 days"),
        ("> wait until 2026-03-01T08:00:00Z\n", ":4:3: it is 2026-03-02T08:00:00Z already", "a later instant"),
        ("> deliver\nnothing\n\nnothing\n", ":7:1: this is neither a step", "directly below its step"),
    ] {
        let text = format!("{head}{steps}");
        own.write(GRANTED, &text);
        let told = own.test(&["--update"], 1);
        assert!(told.contains(&format!("granted.scenario{place}")) && told.contains(words), "{steps}: {told}");
        assert_eq!(own.text(GRANTED), text);
    }
    own.write("scenarios/company.json", "{ \"people\": [{ \"id\": \"ann\", \"manager\": \"zed\" }] }");
    own.write(GRANTED, &format!("{head}> deliver\n"));
    let told = own.json(&[], 1);
    let error = &told["scenarios"][0]["errors"][0];
    assert!(error["line"] == 1 && error["message"].as_str().unwrap().contains("zed"), "{told}");
}

#[test]
fn what_no_scenario_shows_is_told_with_its_line() {
    let own = Own::new();
    let told = own.test(&["--coverage"], 0);
    assert!(told.contains("leave     4/6     2/2     0/0"), "{told}");
    let line = |text: &str| own.text("leave.yaml").lines().position(|line| line.contains(text)).unwrap() + 1;
    let missing = [
        format!("leave.yaml:{}: never walked: draft, after -> forgotten", line("after:")),
        format!("leave.yaml:{}: never walked: review, rejected -> declined", line("rejected: {")),
    ];
    for missing in &missing {
        assert!(told.contains(missing), "{missing}\n{told}");
    }
    let told = own.test(&["--require", "arrows"], 1);
    assert!(told.contains(&missing[1]) && told.ends_with("2 missing\n"), "{told}");
    own.test(&["--require", "guards,rows"], 0);
    let told = own.json(&["--require", "arrows"], 1);
    assert_eq!(told["coverage"][0]["arrows"], json!({ "seen": 4, "all": 6 }));
    assert_eq!(told["coverage"][0]["missing"][0]["kind"], "arrows");

    // Never false: the leave is never long enough.
    own.write(GRANTED, block("scenario").split_once("> edit").unwrap().0);
    let told = own.test(&["--coverage", "--require", "guards"], 1);
    assert!(told.contains(&format!("leave.yaml:{}: never false: leave.days < 1", line("leave.days < 1"))), "{told}");
}

#[test]
fn folders_without_scenarios_and_wrong_definitions_are_told() {
    let own = Own::new();
    own.write("leave.yaml", &block("yaml").replace("to: granted", "to: grantd"));
    let told = own.test(&[], 1);
    assert!(told.contains("FLX0202") && told.contains("nothing was played: 1 error"), "{told}");
    assert_eq!(own.json(&[], 1)["diagnostics"][0]["code"], "FLX0202");
    std::fs::remove_dir_all(own.file("scenarios")).unwrap();
    let told = own.test(&[], 2);
    assert!(told.contains("there is no scenario in definitions/scenarios: write one as"), "{told}");
    assert!(own.test(&["nowhere"], 2).contains("nowhere"));
    let empty = tempfile::tempdir().unwrap();
    assert!(run(empty.path(), &[], 2).contains("there is no folder `definitions` here"));
}
