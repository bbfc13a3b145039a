//! Replaying an event log through two definitions (one that only takes events, one whose review asks thirty people), by the
//! real binary. Beside it two ceilings of the same run: the log's bytes read and counted, and the same way through the
//! states written in Rust.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::http::program;
use crate::{Asked, load, median};

const EVENTS: &str = "
workflow: declaration
version: 1
subject: { name: d, fields: { requester: person, amount: money } }
start: draft
states:
  draft: { on: { submit: { by: d.requester, to: checking } } }
  checking: { on: { check: { by: role(administration), to: review }, send_back: { by: role(administration), to: draft } } }
  review: { on: { approve: { by: role(supervisor), if: d.amount >= 0 EUR, to: paying } } }
  paying: { on: { pay: paid }, after: { in: 30 days, to: overdue } }
  overdue: { on: { pay: paid } }
  paid: { final: true }
";

const REVIEW: &str = "  review:
    approval: { never: [requester], steps: [{ name: supervisor, who: [{ role: supervisor, unit: all }] }] }
    on: { approved: paying, rejected: draft, changes_requested: draft }
";

const MAP: &str = "
log: { person: \"org:resource\", role: \"org:role\" }
start: { subject: { amount: { column: \"case:Amount\", currency: EUR } } }
activities:
  Declaration SUBMITTED by EMPLOYEE: submit
  Declaration APPROVED by ADMINISTRATION: check
  Declaration REJECTED by ADMINISTRATION: send_back
  Declaration FINAL_APPROVED by SUPERVISOR: HOW
  Payment Handled: pay
";

pub(crate) fn run(asked: &Asked) {
    let folder = tempfile::tempdir().unwrap();
    let cases = (asked.events / 4).max(1);
    let events = write(folder.path(), cases);
    let review = EVENTS.lines().find(|line| line.starts_with("  review")).unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("events.yaml", EVENTS.to_owned());
    write("review.yaml", EVENTS.replace(&format!("{review}\n"), REVIEW));
    write("events.map.yaml", MAP.replace("HOW", "approve"));
    write("review.map.yaml", MAP.replace("HOW", "{ act: approve, step: supervisor }"));
    println!("replaying {cases} cases with {events} events; load before: {}", load());
    for log in ["log.csv", "log.xes"] {
        let bytes = std::fs::metadata(folder.path().join(log)).unwrap().len();
        let counted = median((0..asked.rounds).map(|_| count(&folder.path().join(log))).collect());
        for definition in ["events", "review"] {
            let (mut reading, mut running) = (Vec::new(), Vec::new());
            for _ in 0..asked.rounds {
                let told = replay(folder.path(), log, definition);
                reading.push(told["seconds"]["reading"].as_f64().unwrap());
                running.push(told["seconds"]["running"].as_f64().unwrap());
                assert_eq!(told["events"]["all"], events);
            }
            let (reading, running) = (median(reading), median(running));
            let rate = |seconds: f64| events as f64 / seconds;
            println!(
                "  {log} ({} MiB), {definition}: read {:9.0} events/s, run {:9.0}, both {:9.0}; bytes alone {:.2} s of {reading:.2}",
                bytes >> 20,
                rate(reading),
                rate(running),
                rate(reading + running),
                counted,
            );
        }
    }
    let walked = median((0..asked.rounds).map(|_| walk(cases)).collect());
    println!("  the states alone, in Rust on one thread: {:.0} events/s (the ceiling)", events as f64 / walked);
}

fn replay(folder: &Path, log: &str, definition: &str) -> Value {
    let told = Command::new(program())
        .current_dir(folder)
        .args(["replay", log, "--json", "--definition", &format!("{definition}.yaml")])
        .args(["--map", &format!("{definition}.map.yaml")])
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    serde_json::from_slice(&told.stdout).unwrap()
}

/// Reads a file and counts its lines: what reading costs at least.
fn count(file: &Path) -> f64 {
    let began = Instant::now();
    let bytes = std::fs::read(file).unwrap();
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    std::hint::black_box(lines);
    began.elapsed().as_secs_f64()
}

/// A declaration's activities, of which some are sent back, and every fiftieth out of order.
fn activities(case: usize) -> Vec<(&'static str, String, &'static str)> {
    let employee = format!("E{:03}", case % 400);
    let (clerk, chief) = (format!("A{:02}", case % 12), format!("S{:02}", case % 30));
    let submitted = ("Declaration SUBMITTED by EMPLOYEE", employee, "EMPLOYEE");
    let mut all = vec![submitted.clone()];
    if case.is_multiple_of(9) {
        all.push(("Declaration REJECTED by ADMINISTRATION", clerk.clone(), "ADMINISTRATION"));
        all.push(submitted);
    }
    all.push(("Declaration APPROVED by ADMINISTRATION", clerk, "ADMINISTRATION"));
    all.push(("Declaration FINAL_APPROVED by SUPERVISOR", chief, "SUPERVISOR"));
    all.push(("Payment Handled", "SYSTEM".to_owned(), "UNDEFINED"));
    if case.is_multiple_of(50) {
        let last = all.len() - 1;
        all.swap(last, 1);
    }
    all
}

/// Writes the log in both formats; gives how many events it has.
fn write(folder: &Path, cases: usize) -> usize {
    let mut csv = "case:concept:name,concept:name,time:timestamp,org:resource,org:role,case:Amount\n".to_owned();
    let mut xes =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log xmlns=\"http://www.xes-standard.org/\">\n".to_owned();
    let mut count = 0;
    for case in 0..cases {
        let amount = format!("{}.{:02}", case % 5_000, case % 100);
        let _ = write!(xes, "<trace><string key=\"concept:name\" value=\"declaration {case}\"/>");
        let _ = writeln!(xes, "<float key=\"Amount\" value=\"{amount}\"/>");
        for (step, (activity, person, role)) in activities(case).into_iter().enumerate() {
            let day = 1 + (case / 24) % 27;
            let time =
                format!("20{:02}-{:02}-{:02}T{:02}:{:02}:00.000+01:00", 10 + step, 1 + step, day, case % 24, case % 60);
            let _ = writeln!(csv, "declaration {case},{activity},{time},{person},{role},{amount}");
            let _ = writeln!(
                xes,
                "<event><string key=\"org:resource\" value=\"{person}\"/><date key=\"time:timestamp\" value=\"{time}\"/>\
                 <string key=\"concept:name\" value=\"{activity}\"/><string key=\"org:role\" value=\"{role}\"/></event>"
            );
            count += 1;
        }
        xes.push_str("</trace>\n");
    }
    xes.push_str("</log>\n");
    std::fs::write(folder.join("log.csv"), csv).unwrap();
    std::fs::write(folder.join("log.xes"), xes).unwrap();
    count
}

/// The same way through the states, by hand.
fn walk(cases: usize) -> f64 {
    let all: Vec<Vec<&str>> =
        (0..cases).map(|case| activities(case).iter().map(|(activity, ..)| *activity).collect()).collect();
    let began = Instant::now();
    let mut paid = 0;
    for case in &all {
        let mut state = "draft";
        for activity in case {
            state = match (state, *activity) {
                ("draft", "Declaration SUBMITTED by EMPLOYEE") => "checking",
                ("checking", "Declaration APPROVED by ADMINISTRATION") => "review",
                ("checking", "Declaration REJECTED by ADMINISTRATION") => "draft",
                ("review", "Declaration FINAL_APPROVED by SUPERVISOR") => "paying",
                ("paying", "Payment Handled") => "paid",
                (state, _) => state,
            };
        }
        paid += usize::from(state == "paid");
    }
    std::hint::black_box(paid);
    began.elapsed().as_secs_f64()
}
