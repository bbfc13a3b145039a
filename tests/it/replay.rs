//! `fluxor replay` by the real program: the same log as CSV, as XES and gzipped, what is said of it, and whatever can be
//! wrong with the files.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fluxor_tests::server::binary;
use serde_json::Value;

const DEFINITION: &str = "
workflow: declaration
version: 1
subject: { name: d, fields: { requester: person, amount: money } }
start: draft
states:
  draft: { on: { submit: { by: d.requester, to: review } } }
  review:
    approval:
      never: [requester]
      steps: [{ name: supervisor, who: [{ role: supervisor, unit: all }] }]
    on: { approved: paying, rejected: draft, changes_requested: draft }
  paying:
    on: { pay: paid }
    after: { in: 30 days, to: overdue }
  overdue: { on: { pay: paid } }
  paid: { final: true }
";

const MAP: &str = "
log: { person: \"org:resource\", role: \"org:role\" }
start: { subject: { amount: { column: \"case:Amount\", currency: EUR } } }
activities:
  Submitted: submit
  Approved: { act: approve, step: supervisor }
  Paid: pay
";

/// Case, activity, time, person, role, amount.
const EVENTS: [[&str; 6]; 9] = [
    ["1", "Submitted", "2026-01-05T08:00:00+01:00", "ann", "EMPLOYEE", "12.5"],
    ["2", "Submitted", "2026-01-05T09:00:00+01:00", "sue", "EMPLOYEE", "7"],
    ["1", "Approved", "2026-01-06T08:00:00+01:00", "sue", "SUPERVISOR", "12.5"],
    ["2", "Approved", "2026-01-06T09:00:00+01:00", "sue", "SUPERVISOR", "7"],
    ["1", "Paid", "2026-01-07T08:00:00+01:00", "", "", "12.5"],
    ["2", "Paid", "2026-01-07T09:00:00+01:00", "", "", "7"],
    ["3", "Submitted", "2026-01-05T10:00:00+01:00", "ann", "EMPLOYEE", "3"],
    ["3", "Approved", "2026-01-06T10:00:00+01:00", "tom", "SUPERVISOR", "3"],
    ["3", "Paid", "2026-03-07T10:00:00+01:00", "", "", "3"],
];

fn csv() -> String {
    let head = "case:concept:name,concept:name,time:timestamp,org:resource,org:role,case:Amount\n".to_owned();
    EVENTS.iter().fold(head, |all, event| all + &event.join(",") + "\n")
}

fn xes() -> String {
    let mut all = "<?xml version=\"1.0\"?>\n<log xmlns=\"http://www.xes-standard.org/\">\n".to_owned();
    for case in ["1", "2", "3"] {
        let events: Vec<_> = EVENTS.iter().filter(|event| event[0] == case).collect();
        all += &format!(
            "<trace><string key=\"concept:name\" value=\"{case}\"/><float key=\"Amount\" value=\"{}\"/>",
            events[0][5]
        );
        for [_, activity, time, person, role, _] in events {
            all += &format!(
                "<event><string key=\"concept:name\" value=\"{activity}\"/><date key=\"time:timestamp\" value=\"{time}\"/>"
            );
            for (key, value) in
                [("org:resource", person), ("org:role", role)].iter().filter(|(_, value)| !value.is_empty())
            {
                all += &format!("<string key=\"{key}\" value=\"{value}\"/>");
            }
            all += "</event>\n";
        }
        all += "</trace>\n";
    }
    all + "</log>\n"
}

/// A folder with the files, and the program run in it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for (name, text) in
            [("declaration.yaml", DEFINITION), ("map.yaml", MAP), ("log.csv", &csv()), ("log.xes", &xes())]
        {
            desk.write(name, text.as_bytes());
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::join(self.0.path(), name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(binary()).current_dir(self.0.path()).arg("replay").args(args).output().unwrap()
    }

    fn usual(&self, log: &str, more: &[&str]) -> Output {
        let args = [&[log, "--definition", "declaration.yaml", "--map", "map.yaml"], more].concat();
        self.run(&args)
    }

    fn json(&self, log: &str, more: &[&str]) -> Value {
        let told = self.usual(log, &[more, &["--json"]].concat());
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        serde_json::from_slice(&told.stdout).unwrap()
    }

    /// What is said on the error stream, with the exit code.
    fn wrong(&self, args: &[&str]) -> (i32, String) {
        let told = self.run(args);
        (told.status.code().unwrap(), String::from_utf8(told.stderr).unwrap())
    }
}

/// What does not depend on how the log was written.
fn plain(mut report: Value) -> Value {
    for key in ["log", "seconds"] {
        report.as_object_mut().unwrap().remove(key).unwrap();
    }
    report
}

#[test]
fn one_log_in_four_clothes_is_one_log() {
    let desk = Desk::new();
    for name in ["log.csv", "log.xes"] {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&std::fs::read(desk.path(name)).unwrap()).unwrap();
        desk.write(&format!("{name}.gz"), &packed.finish().unwrap());
    }
    let more = ["--at", "2026-02-10", "--cases", "--against", "declaration.yaml"];
    let csv = plain(desk.json("log.csv", &more));
    for name in ["log.xes", "log.csv.gz", "log.xes.gz"] {
        assert_eq!(plain(desk.json(name, &more)), csv, "{name}");
    }
    assert_eq!((&csv["cases"]["accepted"], &csv["cases"]["deviating"]), (&Value::from(2), &Value::from(1)));
    assert_eq!(csv["refused"][0]["code"], "excluded");
    assert_eq!((&csv["duties"][0]["person"], &csv["duties"][0]["example"]), (&"sue".into(), &"2".into()));
    assert_eq!(csv["fired"][0]["at"], "2026-02-05T09:00:00Z");
    assert_eq!(csv["states_at"][0]["states"].as_array().unwrap().len(), 3);
    assert_eq!((&csv["against"]["different"], &csv["against"]["cases"]), (&Value::from(0), &Value::from(3)));
    assert_eq!(csv["against"]["kinds"], serde_json::json!({ "refused": 0, "end": 0, "way": 0 }));
    assert_eq!(csv["each"][2]["way"], serde_json::json!(["draft", "review", "paying", "overdue", "paid"]));
}

#[test]
fn people_are_told_on_a_page_and_scripts_by_the_exit_code() {
    let desk = Desk::new();
    let told = desk.usual("log.csv", &["--cases"]);
    let words = String::from_utf8(told.stdout).unwrap();
    for part in [
        "log.csv: 3 cases, 9 events from 2026-01-05 to 2026-03-07",
        "accepted 2 (66.7 %), of these 2 came to an end and 0 did not",
        "Where cases deviate",
        "excluded: ",
        "after 30 days",
        "Deviating cases",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert!(String::from_utf8(told.stderr).unwrap().contains("events a second"));
    assert_eq!(desk.usual("log.csv", &["--strict"]).status.code(), Some(1));
    assert_eq!(desk.usual("log.csv", &[]).status.code(), Some(0));
    let draft = desk.run(&["log.csv", "--draft"]);
    let draft = String::from_utf8(draft.stdout).unwrap();
    assert!(draft.contains("  \"Submitted\": skip   # 3 events\n"), "{draft}");
    // What is not read is told at the draft already, beside it.
    desk.write("broken.csv", format!("{}c9,Submitted,never,,,\n", csv()).as_bytes());
    let broken = desk.run(&["broken.csv", "--draft"]);
    let aside = String::from_utf8(broken.stderr).unwrap();
    assert!(aside.contains("left out: 1 event that cannot be read, the first in line 11"), "{aside}");
    assert_eq!(String::from_utf8(broken.stdout).unwrap(), draft);
    // Of a log that calls its columns otherwise, a mapping of them is enough.
    let other = csv().replace(',', ";").replacen("case:concept:name", "Vorgang", 1);
    desk.write("other.csv", other.as_bytes());
    let (code, told) = desk.wrong(&["other.csv", "--draft"]);
    assert!(code == 1 && told.contains("--map"), "{told}");
    desk.write("log.map.yaml", b"log: { case: Vorgang }\n");
    let again = desk.run(&["other.csv", "--draft", "--map", "log.map.yaml"]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), draft);
    desk.write("draft.yaml", format!("start: {{ subject: {{ amount: {{ value: 1 EUR }} }} }}\n{draft}").as_bytes());
    let report = desk.run(&["log.csv", "--definition", "declaration.yaml", "--map", "draft.yaml"]);
    assert!(report.status.success(), "{}", String::from_utf8_lossy(&report.stderr));
}

#[test]
fn an_organisation_beside_the_mapping_is_read() {
    let desk = Desk::new();
    let managed = DEFINITION.replace("{ role: supervisor, unit: all }", "{ manager: requester }");
    desk.write("declaration.yaml", managed.as_bytes());
    std::fs::create_dir(desk.path("maps")).unwrap();
    let people = "people: { organisation: ../company.json, from_log: true }\n";
    desk.write("maps/map.yaml", format!("{people}{MAP}").as_bytes());
    desk.write("company.json", br#"{"people": [{"id": "ann", "manager": "sue"}, {"id": "sue"}]}"#);
    let args = ["log.csv", "--definition", "declaration.yaml", "--map", "maps/map.yaml", "--json"];
    let report: Value = serde_json::from_slice(&desk.run(&args).stdout).unwrap();
    let codes: Vec<&Value> = report["refused"].as_array().unwrap().iter().map(|row| &row["code"]).collect();
    // Nobody is above sue, and tom is not above ann.
    assert!(codes.contains(&&"not_approver".into()) && codes.contains(&&"excluded".into()), "{report}");
    desk.write("company.json", br#"{"people": [{"id": "ann", "manager": "nobody"}]}"#);
    let (code, told) = desk.wrong(&args[..5]);
    assert!(code == 2 && told.contains("`nobody`"), "{told}");
    desk.write("company.json", b"[");
    let (code, told) = desk.wrong(&args[..5]);
    assert!(code == 1 && told.contains("company.json"), "{told}");
    // YAML is as good.
    desk.write("company.json", b"people:\n  - { id: ann, manager: sue }\n  - { id: sue }\n");
    assert_eq!(serde_json::from_slice::<Value>(&desk.run(&args).stdout).unwrap()["refused"], report["refused"]);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let desk = Desk::new();
    let with = |name: &str, text: &str| desk.write(name, text.as_bytes());
    with("wrong.map.yaml", &MAP.replace("Paid: pay", "Paid: payed"));
    with("wrong.yaml", &DEFINITION.replace("to: review", "to: revue"));
    with("column.map.yaml", &MAP.replace("org:role", "org:rolle"));
    with("broken.xes", "<log><trace></log>");
    with("empty.csv", "");
    let all = [
        (vec!["log.csv", "--definition", "declaration.yaml", "--map", "wrong.map.yaml"], 1, "FLX0720"),
        (vec!["log.csv", "--definition", "wrong.yaml", "--map", "map.yaml"], 1, "FLX0202"),
        (vec!["log.csv", "--definition", "map.yaml", "--map", "map.yaml"], 1, "this is the mapping of a replay"),
        (vec!["log.csv", "--definition", "declaration.yaml", "--map", "column.map.yaml"], 1, "org:role"),
        (vec!["broken.xes", "--definition", "declaration.yaml", "--map", "map.yaml"], 1, "line 1"),
        (vec!["empty.csv", "--definition", "declaration.yaml", "--map", "map.yaml"], 1, "no event"),
        (vec!["none.csv", "--definition", "declaration.yaml", "--map", "map.yaml"], 1, "none.csv"),
        (vec!["log.csv", "--definition", "none.yaml", "--map", "map.yaml"], 2, "none.yaml"),
        (vec!["log.csv", "--definition", "nothing", "--map", "map.yaml"], 1, "no workflow `nothing`"),
        (vec!["log.csv", "--definition", "declaration.yaml", "--map", "none.yaml"], 2, "none.yaml"),
        (vec!["log.csv", "--definition", "declaration.yaml"], 2, "--map"),
        (vec!["log.csv", "--definition", "declaration.yaml", "--map", "map.yaml", "--at", "soon"], 2, "2026-03-02"),
        (vec!["log.csv", "--definition", "declaration.yaml", "--map", "map.yaml", "--until", "soon"], 2, "last-event"),
        (
            vec!["log.csv", "--definition", "declaration.yaml", "--map", "map.yaml", "--until", "2026-01-05"],
            2,
            "--until: 2026-01-05T00:00:00Z lies before the first event of the log (2026-01-05T07:00:00Z)",
        ),
    ];
    for (args, code, words) in all {
        let (ended, told) = desk.wrong(&args);
        assert!(ended == code && told.contains(words), "{args:?}: {ended} {told}");
    }
}

#[test]
fn every_column_that_is_not_there_is_told_with_its_place_in_the_mapping() {
    let desk = Desk::new();
    let map = MAP.replace("org:role", "org:rolle").replace("case:Amount", "case:Sum").replace("org:resource", "who");
    desk.write("map.yaml", format!("{map}others: skip\n").as_bytes());
    let (code, told) = desk.wrong(&["log.csv", "--definition", "declaration.yaml", "--map", "map.yaml"]);
    for part in ["`org:rolle`", "did you mean `org:role`?", "`case:Sum`", "`who`", "FLX0734", "map.yaml:"] {
        assert!(code == 1 && told.contains(part), "{part}: {told}");
    }
    assert!(told.matches("--> map.yaml:").count() >= 3, "{told}");
    // A column that is there twice, and what is missing besides a key that there is not, are told in the same run.
    let twice = csv().replacen("org:role,", "org:role,org:resource,", 1);
    desk.write("twice.csv", twice.as_bytes());
    desk.write("slip.yaml", MAP.replace("log: {", "log: { persn: x,").replace("case:Amount", "case:Sum").as_bytes());
    let (code, told) = desk.wrong(&["twice.csv", "--definition", "declaration.yaml", "--map", "slip.yaml"]);
    for part in ["`persn`", "FLX0002", "no column `case:Sum`", "more than one column `org:resource`", "FLX0734"] {
        assert!(code == 1 && told.contains(part), "{part}: {told}");
    }
    // Rules that nobody can meet are told before the figures.
    desk.write("map.yaml", MAP.as_bytes());
    desk.write("declaration.yaml", DEFINITION.replace("role: supervisor", "role: Supervisor").as_bytes());
    let report = desk.json("log.csv", &[]);
    assert_eq!(report["findings"][0]["code"], "FLX0731", "{}", report["findings"]);
}

#[test]
fn everything_that_is_wrong_is_told_in_one_run_and_of_which_definition() {
    let desk = Desk::new();
    let map = "
log: { person: \"org:resource\", role: \"org:role\" }
start: { subject: { amount: { column: \"case:Amount\", value: x }, amout: \"case:Amount\" } }
activities:
  Submitted: { event: submitt, for: { value: x, column: y }, state: nowhere }
  Approved: { act: aprove, step: supervisor }
  Paid: pay
";
    desk.write("map.yaml", map.as_bytes());
    desk.write("wrong.yaml", DEFINITION.replace("to: review", "to: revue").as_bytes());
    let args = ["log.csv", "--definition", "declaration.yaml", "--map", "map.yaml", "--against", "wrong.yaml"];
    let (code, told) = desk.wrong(&[&args[..], &["--until", "soon"]].concat());
    // Shape and names of the mapping, the other definition, and what was asked.
    for part in ["FLX0727", "amout", "submitt", "nowhere", "aprove", "revue", "--until"] {
        assert!(code == 1 && told.contains(part), "{part}: {code}: {told}");
    }
    // That `amount` is missing follows from what was told of it.
    assert!(!told.contains("the subject needs"), "{told}");

    // Of two definitions it is said which.
    desk.write("map.yaml", MAP.as_bytes());
    desk.write("other.yaml", DEFINITION.replace("pay: paid", "settle: paid").as_bytes());
    let args = ["log.csv", "--definition", "declaration.yaml", "--map", "map.yaml", "--against", "other.yaml"];
    for more in [&[][..], &["--json"][..]] {
        let (code, told) = desk.wrong(&[&args[..], more].concat());
        let says = "`declaration` has no event `pay` (through other.yaml)";
        assert!(code == 1 && told.contains(says) && told.matches(says).count() >= 1, "{told}");
    }
    desk.write("map.yaml", MAP.replace("Paid: pay", "Paid: payed").as_bytes());
    let (_, told) = desk.wrong(&args);
    assert!(told.contains("`declaration` has no event `payed` (through both definitions)"), "{told}");
    // What holds of the log is of neither; machines get warnings, too.
    desk.write("map.yaml", format!("{MAP}  Shipped: skip\n").as_bytes());
    let report = desk.json("log.csv", &["--against", "declaration.yaml"]);
    assert_eq!(report["findings"][0]["code"], "FLX0728", "{}", report["findings"]);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    assert!(report["findings"][0].get("definitions").is_none());
}

#[test]
fn machines_get_every_finding_of_wrong_files() {
    let desk = Desk::new();
    desk.write("map.yaml", MAP.replace("Paid: pay", "Paid: payed").as_bytes());
    desk.write("wrong.yaml", DEFINITION.replace("to: review", "to: revue").as_bytes());
    let args =
        ["log.csv", "--definition", "declaration.yaml", "--map", "map.yaml", "--against", "wrong.yaml", "--json"];
    let (code, told) = desk.wrong(&args);
    let told: Value = serde_json::from_str(&told).unwrap();
    let error = &told["error"];
    assert_eq!((code, &error["code"]), (1, &Value::from("wrong_file")));
    let found: Vec<(&str, &str)> = error["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["file"].as_str().unwrap(), one["code"].as_str().unwrap()))
        .collect();
    assert_eq!(found, [("map.yaml", "FLX0720"), ("wrong.yaml", "FLX0202")], "{told}");
    let (first, words) = (&error["diagnostics"][0], error["detail"].as_str().unwrap());
    assert!(first["line"].as_u64() == Some(7) && !first["help"].as_str().unwrap().is_empty(), "{told}");
    assert!(words.contains("`payed`") && words.contains("revue"), "{words}");
}

#[test]
fn ids_in_capital_letters_are_told_where_letters_are_folded() {
    let desk = Desk::new();
    let map = format!("people: {{ organisation: company.yaml, from_log: true, fold: case }}\n{MAP}");
    desk.write("map.yaml", map.as_bytes());
    desk.write("company.yaml", b"people: [{ id: Ann }, { id: sue }]\n");
    let report = desk.json("log.csv", &["--against", "declaration.yaml"]);
    let found: Vec<(&Value, bool)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["code"], one["message"].as_str().unwrap().contains("`Ann`")))
        .collect();
    assert_eq!(found, [(&Value::from("FLX0735"), true)], "{}", report["findings"]);
}
