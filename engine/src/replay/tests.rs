//! Small logs whose every outcome is known.

mod against;
mod asked;
mod documented;
mod explained;
mod mapping;
mod people;
mod time;
mod values;

use std::num::NonZeroUsize;
use std::sync::Arc;

use super::*;
use crate::decide::tests::Bare;
use crate::definition::library::Library;
use crate::diagnostic::Diagnostic;

/// A log written out: a case, an activity, an instant and the cells of the mapping's columns, by name.
#[derive(Debug, Default)]
pub(super) struct Written {
    texts: Vec<String>,
    cases: Vec<(String, Vec<Line>)>,
}

/// When, what, and the cells.
type Line = (Timestamp, u32, Vec<Option<u32>>);

impl Written {
    /// Lines of `case | activity | time | column=cell ...`; what is not given stands as in the line before of its case.
    fn of(map: &Map, lines: &str) -> Self {
        let mut log = Self::default();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let at = match cells[2].contains('T') {
                true => Timestamp::parse(cells[2]).unwrap(),
                false => Timestamp::parse(&format!("{}T08:00:00Z", cells[2])).unwrap(),
            };
            let activity = log.text_of(cells[1]);
            let mut values = vec![None; map.columns.len()];
            for cell in &cells[3..] {
                let (column, value) = cell.split_once('=').unwrap();
                let at = map.columns.iter().position(|known| known == column).unwrap_or_else(|| panic!("{column}"));
                values[at] = Some(log.text_of(value));
            }
            let known = log.cases.iter().position(|(case, _)| case == cells[0]);
            let case = known.unwrap_or_else(|| {
                log.cases.push((cells[0].to_owned(), Vec::new()));
                log.cases.len() - 1
            });
            log.cases[case].1.push((at, activity, values));
        }
        log
    }

    fn text_of(&mut self, text: &str) -> u32 {
        let known = self.texts.iter().position(|known| known == text);
        let at = known.unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        u32::try_from(at).unwrap()
    }

    fn last(&self) -> Timestamp {
        self.cases.iter().flat_map(|(_, events)| events).map(|(at, ..)| *at).max().unwrap()
    }
}

impl Log for Written {
    fn cases(&self) -> usize {
        self.cases.len()
    }

    fn case(&self, case: usize) -> &str {
        &self.cases[case].0
    }

    fn events(&self, case: usize) -> usize {
        self.cases[case].1.len()
    }

    fn event(&self, case: usize, event: usize) -> (Timestamp, u32) {
        let (at, activity, _) = &self.cases[case].1[event];
        (*at, *activity)
    }

    fn value(&self, case: usize, event: usize, column: usize) -> Option<u32> {
        self.cases[case].1[event].2[column]
    }

    fn text(&self, text: u32) -> &str {
        &self.texts[text as usize]
    }

    fn texts(&self) -> usize {
        self.texts.len()
    }
}

/// How a log is run in a test.
pub(super) struct Run<'t> {
    definition: &'t str,
    against: Option<&'t str>,
    map: &'t str,
    log: &'t str,
    organisation: serde_json::Value,
    stops: bool,
    until_end: bool,
    instants: &'t [&'t str],
    threads: usize,
}

impl<'t> Run<'t> {
    fn new(definition: &'t str, map: &'t str, log: &'t str) -> Self {
        Self {
            definition,
            against: None,
            map,
            log,
            organisation: serde_json::json!({}),
            stops: false,
            until_end: true,
            instants: &[],
            threads: 1,
        }
    }

    fn report(&self) -> Report {
        let map = Map::read(self.map).unwrap_or_else(|found| panic!("{}", shown(&found, self.map)));
        let log = Written::of(&map, self.log);
        let domain = Bare::default();
        let course =
            |source: &str| bound(&map, source, &log).unwrap_or_else(|found| panic!("{}", shown(&found, self.map)));
        let (this, that) = (course(self.definition), self.against.map(course));
        let courses: Vec<&Course> = std::iter::once(&this).chain(&that).collect();
        let known = self.organisation.as_object().cloned().unwrap();
        let known =
            organisation(known, &map, &courses, &log).unwrap_or_else(|refusal| panic!("{}", refusal.sentence()));
        let organisations = [Arc::new(known)];
        let ground = Ground {
            domain: &domain,
            organisations: &organisations,
            tenant: TenantId(1),
            rows: &|_, _| Ok(()),
            arrives: false,
            stops: self.stops,
            until: if self.until_end { Until::At(log.last()) } else { Until::LastEvent },
            instants: self.instants.iter().map(|at| Timestamp::parse(at).unwrap()).collect(),
            each: true,
            threads: NonZeroUsize::new(self.threads).unwrap(),
        };
        run(&ground, &map, &this, that.as_ref(), &log, &|_| {})
    }
}

/// The mapping held against a definition alone.
pub(super) fn bound(map: &Map, source: &str, log: &Written) -> Result<Course, Vec<Diagnostic>> {
    held(map, source, log).map(|(course, _)| course)
}

/// The same, with its warnings. Behind `---` stand definitions that it calls.
fn held(map: &Map, source: &str, log: &Written) -> Result<(Course, Vec<Diagnostic>), Vec<Diagnostic>> {
    let domain = Bare::default();
    let files = source.split("\n---\n").enumerate().map(|(at, one)| (format!("it{at}.yaml"), one.to_owned()));
    let loaded = Library::load(files.collect(), domain.vocabulary());
    let (library, _) = loaded.unwrap_or_else(|refused| {
        let all = refused.iter().flat_map(|(path, source, all)| all.iter().map(|d| d.render(path, source)));
        panic!("{}", all.collect::<String>())
    });
    let name = source.lines().find_map(|line| line.strip_prefix("workflow: ")).unwrap();
    let definition = library.current(name).unwrap().clone();
    let seen = |activity: &str| log.texts.iter().any(|text| text == activity);
    Course::bind(map, &library, &definition, domain.vocabulary(), &seen)
}

fn shown(found: &[Diagnostic], source: &str) -> String {
    found.iter().map(|finding| finding.render("map.yaml", source)).collect()
}

/// A declaration of expenses, as the logs of a university have them.
const DECLARATION: &str = "
workflow: declaration
version: 1
subject: { name: d, fields: { requester: person, amount: money } }
start: draft
states:
  draft:
    on: { submit: { by: d.requester, to: checking } }
  checking:
    on:
      check: { by: role(administration), to: review }
      send_back: { by: role(administration), to: draft }
  review:
    approval:
      never: [requester]
      steps: [{ name: supervisor, who: [{ role: supervisor, unit: all }] }]
    on:
      approved: { to: paying }
      rejected: { to: draft }
      changes_requested: { to: draft }
  paying:
    on: { pay: { by: role(system), to: paid } }
    after: { in: 30 days, to: overdue }
  overdue:
    on: { pay: paid }
  paid: { final: true }
";

const MAP: &str = "
log: { person: who, role: role }
start: { subject: { amount: { column: amount, currency: EUR } } }
activities:
  SUBMITTED by EMPLOYEE: submit
  CHECKED by ADMINISTRATION: check
  REJECTED by ADMINISTRATION: send_back
  APPROVED by SUPERVISOR: { act: approve, step: supervisor }
  REJECTED by SUPERVISOR: { act: reject, step: supervisor }
  Payment Handled: pay
  Note: skip
";

const LOG: &str = "
a | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | amount=12.50
a | CHECKED by ADMINISTRATION | 2026-01-06 | who=adam | role=ADMINISTRATION
a | APPROVED by SUPERVISOR | 2026-01-07 | who=sue | role=SUPERVISOR
a | Note | 2026-01-07 | who=sue
a | Payment Handled | 2026-01-08 | who=robot | role=SYSTEM
b | SUBMITTED by EMPLOYEE | 2026-01-05 | who=ann | role=EMPLOYEE | amount=7
b | APPROVED by SUPERVISOR | 2026-01-06 | who=sue | role=SUPERVISOR
b | CHECKED by ADMINISTRATION | 2026-01-07 | who=adam | role=ADMINISTRATION
b | APPROVED by SUPERVISOR | 2026-01-08 | who=sue | role=SUPERVISOR
c | SUBMITTED by EMPLOYEE | 2026-01-05 | who=sue | role=EMPLOYEE | amount=100
c | CHECKED by ADMINISTRATION | 2026-01-06 | who=adam | role=ADMINISTRATION
c | APPROVED by SUPERVISOR | 2026-01-07 | who=sue | role=SUPERVISOR
c | REJECTED by SUPERVISOR | 2026-01-08 | who=tom | role=SUPERVISOR
d | Payment Handled | 2026-03-01 | who=robot | role=SYSTEM
d | Gibberish | 2026-03-02 | who=ann
";

#[test]
fn what_a_definition_makes_of_a_log_is_told_case_by_case() {
    let report = Run::new(DECLARATION, MAP, LOG).report();
    let verdicts: Vec<(&str, bool, &str)> =
        report.each.iter().map(|case| (&*case.case, case.accepted, &*case.end)).collect();
    assert_eq!(verdicts, [("a", true, "paid"), ("b", false, "paying"), ("c", false, "draft"), ("d", false, "")]);
    assert_eq!(report.each[0].way, ["draft", "checking", "review", "paying", "paid"]);
    let first: Vec<(&str, &str, Option<&str>, &str)> = report
        .each
        .iter()
        .filter_map(|case| case.refused.first())
        .map(|one| (&*one.state, &*one.activity, one.tried.as_deref(), one.code))
        .collect();
    assert_eq!(
        first,
        [
            ("checking", "APPROVED by SUPERVISOR", Some("approve supervisor"), "no_open_task"),
            ("review", "APPROVED by SUPERVISOR", Some("approve supervisor"), "excluded"),
            ("", "Payment Handled", Some("pay"), "invalid_input"),
        ]
    );
    assert_eq!((report.cases.all, report.cases.accepted, report.cases.deviating), (4, 1, 3));
    assert_eq!((report.cases.finished, report.cases.accepted_finished, report.cases.never_started), (1, 1, 1));
    let events = &report.events;
    assert_eq!((events.all, events.accepted, events.refused, events.skipped, events.not_tried), (15, 10, 3, 1, 1));
    // Who approves what he himself asked for, and nobody else, is told.
    assert_eq!(report.duties.len(), 1, "{:?}", report.duties);
    assert_eq!((&*report.duties[0].person, report.duties[0].code), ("sue", "excluded"));
    let transition = report.transitions.iter().find(|t| t.from == "checking").unwrap();
    assert_eq!((&*transition.by, &*transition.to, transition.count), ("check", "review", 3));
    assert_eq!(report.activities.iter().map(|activity| activity.events).sum::<u64>(), 15);
    let gibberish = report.activities.iter().find(|activity| activity.activity == "Gibberish").unwrap();
    assert!(gibberish.means.is_empty());
}

#[test]
fn a_case_may_end_with_its_first_refused_event() {
    let report = Run { stops: true, ..Run::new(DECLARATION, MAP, LOG) }.report();
    assert_eq!((report.events.refused, report.events.not_tried), (3, 4));
    assert_eq!(report.each[1].refused[0].state, "checking");
    assert_eq!(report.each[1].end, "checking");
    assert_eq!(report.each[2].end, "review");
}

#[test]
fn many_workers_make_one_report() {
    let mut log = String::new();
    for copy in 0..300 {
        for line in LOG.trim().lines() {
            let (case, rest) = line.split_once(' ').unwrap();
            log.push_str(&format!("{case}{copy} {rest}\n"));
        }
    }
    let report = |threads| {
        let report = Run { threads, instants: &["2026-01-07T00:00:00Z"], ..Run::new(DECLARATION, MAP, &log) }.report();
        serde_json::to_string(&report).unwrap()
    };
    let alone = report(1);
    assert_eq!(alone, report(4));
    assert_eq!(alone, report(3));
}
