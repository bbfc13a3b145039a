//! The report of a replay as people read it: most frequent first, and of each kind no more than a screen.

use std::fmt::Write as _;
use std::time::Duration;

use fluxor_engine::replay::{Differs, Kinds, Report};

use crate::cli::out::{count, counted, table};

/// Rows of a table that are shown; machines get all.
const MOST: usize = 20;

/// What stands beside the report.
pub(crate) struct Shown<'a> {
    /// The log's path.
    pub(crate) log: String,
    /// The definition's file, or where it comes from.
    pub(crate) definition: String,
    /// The other definition.
    pub(crate) against: Option<String>,
    /// The log.
    pub(crate) read: &'a fluxor_eventlog::Log,
    /// How long reading took, and running.
    pub(crate) took: (Duration, Duration),
    /// Whether deviating cases are told one by one.
    pub(crate) each: bool,
}

/// `93.8 %`
fn share(part: u64, of: u64) -> String {
    if of == 0 { String::new() } else { format!(" ({:.1} %)", part as f64 * 100.0 / of as f64) }
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "(not begun)".to_owned() } else { text.to_owned() }
}

/// A heading and a table of at most so many rows; nothing, if there are none.
fn section(out: &mut String, heading: &str, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    first_of(out, heading, heads, rows, 0);
}

/// The same of rows that are the first ones: so many `more` are told nowhere one by one.
fn first_of(out: &mut String, heading: &str, heads: &[&str], rows: impl Iterator<Item = Vec<String>>, more: u64) {
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let shown = &rows[..rows.len().min(MOST)];
    let _ = write!(out, "\n{heading}\n{}\n", table(heads, shown));
    let left = (rows.len() - shown.len()) as u64 + more;
    if left > 0 {
        let has = if more == 0 { "all".to_owned() } else { format!("the first {}", count(rows.len() as u64)) };
        let _ = writeln!(out, "... and {} more (--json has {has})", count(left));
    }
}

/// Everything that a person wants to know.
pub(crate) fn words(report: &Report, shown: &Shown<'_>) -> String {
    let mut out = head(report, shown);
    what_happened(&mut out, report);
    what_is_wrong(&mut out, report);
    if let (Some(against), Some(other)) = (&report.against, &shown.against) {
        let _ = writeln!(
            out,
            "\nAgainst {other}: {} of {} would have gone another way{}",
            count(against.different),
            counted(against.cases, "case", "cases"),
            kinds(against.kinds)
        );
        let (heads, rows) = (["case", "in", &shown.definition, other], against.differs.iter().map(differs));
        first_of(&mut out, "Cases that differ", &heads, rows, against.more);
    }
    if shown.each {
        each(&mut out, report);
    }
    out.trim_end().to_owned()
}

/// Where cases deviate and end, what led from state to state, and what time would have done.
fn what_happened(out: &mut String, report: &Report) {
    let first = report.refused.iter().filter(|row| row.first > 0);
    section(
        out,
        "Where cases deviate: their first refused event",
        &["cases", "state", "activity", "as", "why", "first case"],
        first.map(|row| {
            let tried = row.tried.clone().unwrap_or_else(|| "-".to_owned());
            let why = format!("{}: {}", row.code, row.sentence);
            vec![count(row.first), or_none(&row.state), row.activity.clone(), tried, why, row.example.clone()]
        }),
    );
    section(
        out,
        "Where cases stood after their last event",
        &["cases", "state", "", "accepted", "deviating"],
        report.end_states.iter().map(|row| {
            let status = row.status.map_or("", fluxor_engine::instance::Status::as_str).to_owned();
            vec![count(row.cases), or_none(&row.state), status, count(row.accepted), count(row.deviating)]
        }),
    );
    section(
        out,
        "Transitions",
        &["times", "from", "by", "to"],
        report.transitions.iter().map(|row| vec![count(row.count), or_none(&row.from), row.by.clone(), row.to.clone()]),
    );
    section(
        out,
        "What time would have done",
        &["times", "state", "step", "what", "after the last event", "first", "last"],
        report.timers.iter().map(|row| {
            let step = row.step.clone().unwrap_or_default();
            let late = count(row.after_last_event);
            let state = of_workflow(row.workflow.as_deref(), &row.state);
            vec![count(row.count), state, step, row.what.clone(), late, row.first.clone(), row.last.clone()]
        }),
    );
    for at in &report.states_at {
        let heading = format!("At {} ({} not begun)", at.at, count(at.not_begun));
        let rows = at.states.iter().map(|row| vec![count(row.cases), row.state.clone()]);
        section(out, &heading, &["cases", "state"], rows);
    }
}

/// Who did what he may not, and incidents.
fn what_is_wrong(out: &mut String, report: &Report) {
    section(
        out,
        "Who did what he may not",
        &["cases", "person", "activity", "as", "state", "why", "first case"],
        report.duties.iter().map(|row| {
            let tried = row.tried.clone().unwrap_or_default();
            let why = format!("{}: {}", row.code, row.sentence);
            vec![
                count(row.cases),
                row.person.clone(),
                row.activity.clone(),
                tried,
                row.state.clone(),
                why,
                row.example.clone(),
            ]
        }),
    );
    section(
        out,
        "Incidents: what could not be computed, or needs somebody",
        &["cases", "state", "why", "first case"],
        report.incidents.iter().map(|row| {
            let why = format!("{}: {}", row.code, row.sentence);
            vec![count(row.cases), row.state.clone(), why, row.example.clone()]
        }),
    );
}

fn head(report: &Report, shown: &Shown<'_>) -> String {
    let (cases, events, read) = (&report.cases, &report.events, shown.read);
    let day = |micros: i64| {
        let at = fluxor_engine::clock::Timestamp::from_micros(micros).to_string();
        at.get(..10).map_or(at.clone(), str::to_owned)
    };
    let mut out = format!(
        "{}: {}, {} from {} to {}\nthrough {} (version {}) of {}\n",
        shown.log,
        counted(cases.all, "case", "cases"),
        counted(events.all, "event", "events"),
        day(read.first),
        day(read.last),
        report.workflow,
        report.version,
        shown.definition,
    );
    for words in left_out(read) {
        let _ = writeln!(out, "{words}");
    }
    let _ = write!(
        out,
        "\ncases   accepted {}{}, of these {} came to an end and {} did not\n        deviating {}{}\n",
        count(cases.accepted),
        share(cases.accepted, cases.all),
        count(cases.accepted_finished),
        count(cases.accepted_open),
        count(cases.deviating),
        share(cases.deviating, cases.all),
    );
    for (number, what) in [
        (cases.with_incident, "with an incident on the way"),
        (cases.never_started, "never begun"),
        (cases.endless, "with timers that go round in a circle: the rest of them was left out"),
    ] {
        if number > 0 {
            let _ = writeln!(out, "        {what} {}", count(number));
        }
    }
    let _ = writeln!(
        out,
        "events  accepted {}, refused {}, skipped {}, not tried {}",
        count(events.accepted),
        count(events.refused),
        count(events.skipped),
        count(events.not_tried)
    );
    if let Some(broken) = &report.broken {
        let _ = writeln!(out, "rows could not be loaded: {broken}");
    }
    let unknown = report.activities.iter().filter(|a| a.means.is_empty()).map(|a| a.activity.as_str());
    if let Some(names) = first_names(unknown) {
        let _ = writeln!(out, "not mapped: {names}");
    }
    out
}

/// The first names, and how many more there are.
fn first_names<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.collect();
    let shown = names.get(..MOST).unwrap_or(&names).join(", ");
    match names.len() {
        0 => None,
        all if all > MOST => Some(format!("{shown} and {} more", count((all - MOST) as u64))),
        _ => Some(shown),
    }
}

/// `inner: review`, where the state is one of a workflow that the case called.
fn of_workflow(workflow: Option<&str>, state: &str) -> String {
    workflow.map_or_else(|| state.to_owned(), |workflow| format!("{workflow}: {state}"))
}

/// How many cases differ in what; nothing, if none does.
fn kinds(kinds: Kinds) -> String {
    let told = [(kinds.refused, "in a refused event"), (kinds.end, "in the end"), (kinds.way, "on the way")];
    let told: Vec<String> =
        told.iter().filter(|(cases, _)| *cases > 0).map(|(cases, what)| format!("{} {what}", count(*cases))).collect();
    if told.is_empty() { String::new() } else { format!(": {}", told.join(", ")) }
}

/// What of a log is not played, a line each.
pub(crate) fn left_out(read: &fluxor_eventlog::Log) -> Vec<String> {
    let events = |number: u64| counted(number, "event", "events");
    let unreadable = read.skipped.iter().map(|skipped| {
        format!(
            "left out: {} that cannot be read, the first in line {} (`{}`): {}",
            events(skipped.count),
            skipped.first_line,
            skipped.example,
            skipped.why
        )
    });
    let unwanted =
        (read.left_out > 0).then(|| format!("left out: {} that `only` does not want", events(read.left_out)));
    unreadable.chain(unwanted).collect()
}

fn differs(row: &Differs) -> Vec<String> {
    let told = |refused: &Option<fluxor_engine::replay::RefusedOnce>, end: &str| match refused {
        Some(one) => {
            let (state, why) = (or_none(&one.state), format!("{}: {}", one.code, one.sentence));
            format!("event {} ({}) refused in {state}: {why}", one.event, one.activity)
        }
        None => format!("accepted, ends in {}", or_none(end)),
    };
    let (mut here, mut there) = (told(&row.refused, &row.end), told(&row.other_refused, &row.other_end));
    if let ("way", Some((step, this, that))) = (row.kind, &row.step) {
        let to = |state: &Option<String>| state.clone().unwrap_or_else(|| "the end".to_owned());
        here = format!("state {step} is {}", to(this));
        there = format!("state {step} is {}", to(that));
    }
    vec![row.case.clone(), row.kind.to_owned(), here, there]
}

fn each(out: &mut String, report: &Report) {
    let deviating = report.each.iter().filter(|case| !case.accepted);
    let rows: Vec<Vec<String>> = deviating
        .filter_map(|case| {
            let one = case.refused.first()?;
            let person = one.person.clone().unwrap_or_default();
            let why = format!("{}: {}", one.code, one.sentence);
            let event = format!("{} {}", one.event, one.activity);
            Some(vec![case.case.clone(), event, one.at.clone(), person, or_none(&one.state), why, or_none(&case.end)])
        })
        .collect();
    if !rows.is_empty() {
        let heads = ["case", "event", "at", "person", "state", "why", "ends in"];
        let _ = write!(out, "\nDeviating cases\n{}\n", table(&heads, &rows));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_counted() {
        let told = |rows: usize, more: u64| {
            let mut out = String::new();
            first_of(&mut out, "Rows", &["row"], (0..rows).map(|row| vec![row.to_string()]), more);
            out.lines().last().unwrap().to_owned()
        };
        assert_eq!(told(20, 0), "19");
        assert_eq!(told(21, 0), "... and 1 more (--json has all)");
        assert_eq!(told(10_000, 2_000), "... and 11,980 more (--json has the first 10,000)");
    }

    #[test]
    fn names_are_cut_with_their_number() {
        let names: Vec<String> = (0..23).map(|name| format!("a{name}")).collect();
        let told = |all: usize| first_names(names[..all].iter().map(String::as_str));
        assert_eq!(told(0), None);
        assert_eq!(told(2).as_deref(), Some("a0, a1"));
        assert!(told(20).unwrap().ends_with("a18, a19"));
        assert!(told(23).unwrap().ends_with("a18, a19 and 3 more"));
    }
}
