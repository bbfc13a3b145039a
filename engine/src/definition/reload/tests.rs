//! Folders that change: what is taken, what is refused and why, and what always holds.

mod always;

use std::collections::BTreeMap;

use super::*;
use crate::clock::Timestamp;

const ORDER: &str = "workflow: order
version: 1
subject: { name: order, fields: { requester: person, score: int? } }
start: checking
states:
  checking:
    call: { workflow: check }
    on: { done: { to: over, set: { score: event.score } } }
  over: { final: true }
";

const CHECK: &str = "workflow: check
version: 1
subject: { name: check, fields: { requester: person, score: int? } }
result: [score]
start: asking
states:
  asking: { on: { found: over } }
  over: { final: true }
";

const ALONE: &str = "workflow: alone
version: 1
calendar: office
subject: { name: alone, fields: { requester: person } }
start: waiting
states:
  waiting: { after: [{ in: 2 working hours, to: over }] }
  over: { final: true }
";

const OFFICE: &str = "calendar: office\nzone: UTC\nhours: { monday to friday: 09:00-17:00 }\n";

fn calendars(files: &[&str]) -> Calendars {
    let files = files.iter().enumerate().map(|(ix, text)| (format!("{ix}.yaml"), (*text).to_owned()));
    Calendars::load(files.collect()).unwrap_or_else(|wrong| panic!("{wrong:?}")).0
}

fn folder(files: &[(&str, &str)]) -> Folder {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), Text::Bytes(text.as_bytes().to_vec())));
    Folder { files: files.collect(), calendars: Ok(calendars(&[OFFICE])) }
}

/// A library, and what it makes of folders one after the other.
struct House(Library);

impl House {
    fn new(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let loaded = Library::load_with(files, &Vocabulary::default(), calendars(&[OFFICE]));
        Self(loaded.unwrap_or_else(|wrong| panic!("{wrong:?}")).0)
    }

    fn reload(&mut self, folder: &Folder) -> Report {
        let next = reload(&self.0, folder, &[], &Vocabulary::default(), &AtomicBool::new(false)).unwrap();
        self.0 = self.0.followed_by(&next.library, Timestamp::from_micros(7));
        next.report
    }

    fn version(&self, name: &str) -> Option<u32> {
        self.0.current(name).map(|definition| definition.version)
    }
}

fn told(report: &Report) -> BTreeMap<&str, String> {
    let outcome = |outcome: &Outcome| match outcome {
        Outcome::Unchanged => "unchanged".to_owned(),
        Outcome::Loaded { .. } => "loaded".to_owned(),
        Outcome::Gone => "gone".to_owned(),
        Outcome::Refused(faults) => faults.iter().map(Fault::line).collect::<Vec<_>>().join("; "),
    };
    report.files.iter().map(|file| (file.path.as_str(), outcome(&file.outcome))).collect()
}

fn both() -> [(&'static str, &'static str); 2] {
    [("check.yaml", CHECK), ("order.yaml", ORDER)]
}

#[test]
fn a_changed_file_counts_and_changes_the_identity_of_what_calls_it() {
    let mut house = House::new(&both());
    let old = house.0.current("order").unwrap().hash;
    let report = house.reload(&folder(&[("check.yaml", &CHECK.replace("version: 1", "version: 2")), both()[1]]));
    assert_eq!(told(&report), [("check.yaml", "loaded".into()), ("order.yaml", "loaded".into())].into());
    assert_eq!((house.version("check"), report.changes.len()), (Some(2), 2));
    assert_eq!(report.changes[1].before, Some(old));
    assert_eq!(&*house.0.pinned(old).unwrap().name, "order", "instances go on with what they began with");
    assert_eq!(house.0.since("check"), Some(Timestamp::from_micros(7)));
    let again = house.reload(&folder(&[("check.yaml", &CHECK.replace("version: 1", "version: 2")), both()[1]]));
    assert!(!again.changes_anything() && again.refused().next().is_none());
}

#[test]
fn a_wrong_file_leaves_its_old_version_and_all_others_as_they_are() {
    let mut house = House::new(&both());
    let order = ORDER.replace("version: 1", "version: 2");
    let report =
        house.reload(&folder(&[("check.yaml", &CHECK.replace("found: over", "found: ovr")), ("order.yaml", &order)]));
    let told = told(&report);
    assert!(told["check.yaml"].contains(": FLX0202 "), "{told:?}");
    assert_eq!(
        (told["order.yaml"].as_str(), house.version("order"), house.version("check")),
        ("loaded", Some(2), Some(1))
    );
}

#[test]
fn what_makes_a_caller_wrong_is_refused_and_says_whom() {
    let mut house = House::new(&both());
    let less = CHECK.replace("result: [score]\n", "");
    let report = house.reload(&folder(&[("check.yaml", &less), both()[1]]));
    let told = told(&report);
    assert_eq!(told["order.yaml"], "unchanged");
    assert!(told["check.yaml"].contains("beside check.yaml as it is now order.yaml would be wrong"), "{told:?}");
    assert!(told["check.yaml"].contains("; order.yaml:8:"), "the place is told: {told:?}");
    // Both together hold.
    let order = ORDER.replace("event.score", "1");
    let report = house.reload(&folder(&[("check.yaml", &less), ("order.yaml", &order)]));
    assert_eq!(report.refused().count(), 0, "{report:?}");
}

#[test]
fn who_needs_what_is_refused_waits_for_it() {
    let mut house = House::new(&[both()[0], both()[1], ("other.yaml", &ORDER.replace("order", "other"))]);
    // The check is renamed, one caller follows it, and the other one does not.
    let new = CHECK.replace("check", "looking");
    let order = ORDER.replace("workflow: check", "workflow: looking");
    let report = house.reload(&folder(&[
        ("check.yaml", &new),
        ("order.yaml", &order),
        ("other.yaml", &ORDER.replace("order", "other")),
    ]));
    let told = told(&report);
    assert!(told["check.yaml"].contains("other.yaml would be wrong"), "{told:?}");
    assert!(told["order.yaml"].contains("FLX0215 no file here defines the workflow `looking`"), "{told:?}");
    assert_eq!(told["other.yaml"], "unchanged");
}

#[test]
fn a_file_that_is_gone_stays_in_force_as_long_as_it_is_called() {
    let mut house = House::new(&both());
    let report = house.reload(&folder(&[both()[1]]));
    assert!(
        told(&report)["check.yaml"].contains("check.yaml is gone, and without it order.yaml would be wrong"),
        "{report:?}"
    );
    let old = house.0.current("order").unwrap().hash;
    let report = house.reload(&folder(&[("check.yaml", CHECK)]));
    assert_eq!(told(&report), [("check.yaml", "unchanged".into()), ("order.yaml", "gone".into())].into());
    assert!(house.0.current("order").is_none() && house.0.pinned(old).is_some());
    assert_eq!((report.changes[0].before, report.changes[0].after), (Some(old), None));
}

#[test]
fn a_file_may_move_and_two_files_may_change_places() {
    let mut house = House::new(&both());
    let report = house.reload(&folder(&[("looking.yaml", CHECK), both()[1]]));
    assert_eq!(told(&report)["looking.yaml"], "loaded");
    assert!(report.changes.is_empty(), "{report:?}");
    assert_eq!(&**house.0.path("check").unwrap(), "looking.yaml");
    house.reload(&folder(&[("looking.yaml", ORDER), ("order.yaml", CHECK)]));
    assert_eq!((&**house.0.path("check").unwrap(), &**house.0.path("order").unwrap()), ("order.yaml", "looking.yaml"));
    // A move with a mistake in it: what calls it is right to say so.
    let wrong = CHECK.replace("result: [score]\n", "");
    let report = house.reload(&folder(&[("looking.yaml", ORDER), ("new.yaml", &wrong)]));
    let told = told(&report);
    assert!(told["order.yaml"].contains("order.yaml is gone"), "{told:?}");
    assert!(told["new.yaml"].contains("looking.yaml would be wrong"), "{told:?}");
}

#[test]
fn of_two_files_of_one_name_that_holds_which_was_there() {
    let mut house = House::new(&[("z.yaml", CHECK)]);
    let second = CHECK.replace("version: 1", "version: 2");
    let report = house.reload(&folder(&[("a.yaml", &second), ("z.yaml", CHECK)]));
    assert!(told(&report)["a.yaml"].contains("FLX0214 a second workflow `check`"), "{report:?}");
    assert_eq!(house.version("check"), Some(1));
}

#[test]
fn what_is_no_text_or_cannot_be_read_is_said_so() {
    let mut house = House::new(&both());
    let mut now = folder(&both());
    now.files.insert("check.yaml".into(), Text::Bytes(b"workflow: \xff".to_vec()));
    now.files.insert("order.yaml".into(), Text::Lost("Permission denied".into()));
    let report = house.reload(&now);
    let told = told(&report);
    assert!(told["check.yaml"].contains("FLX0001 this is not UTF-8"), "{told:?}");
    assert_eq!(told["order.yaml"], "order.yaml cannot be read: Permission denied");
    assert_eq!((house.version("check"), house.version("order")), (Some(1), Some(1)));
}

#[test]
fn calendars_change_for_those_that_run_and_stay_where_they_are_needed() {
    let mut house = House::new(&[("alone.yaml", ALONE)]);
    let hash = house.0.current("alone").unwrap().hash;
    let hours = |house: &House| house.0.pinned(hash).unwrap().calendar.clone().unwrap().named.unwrap().hash;
    let before = hours(&house);
    let longer = OFFICE.replace("17:00", "18:00");
    let mut now = folder(&[("alone.yaml", ALONE)]);
    now.calendars = Ok(calendars(&[&longer]));
    let report = house.reload(&now);
    assert_eq!((report.calendars.clone(), report.changes.len()), (Ok(true), 0));
    assert_ne!(hours(&house), before, "they are not part of the identity");
    // A calendar that a definition names cannot go.
    now.calendars = Ok(calendars(&[]));
    let report = house.reload(&now);
    let why = report.calendars.clone().unwrap_err();
    assert!(why[0].line().contains("with these calendars alone.yaml would be wrong"), "{why:?}");
    // Neither as long as instances count by it.
    now.files.clear();
    let live = [house.0.pinned(hash).unwrap().clone()];
    let next = reload(&house.0, &now, &live, &Vocabulary::default(), &AtomicBool::new(false)).unwrap();
    assert!(next.report.calendars.unwrap_err()[0].line().contains("instances of `alone`"));
    now.calendars = Err(vec![Fault::Said("wrong".into())]);
    let report = house.reload(&now);
    assert_eq!(report.refused().map(|(what, _)| what).collect::<Vec<_>>(), ["calendars"]);
    // An old version that runs meets new hours, too.
    assert!(house.0.current("alone").is_none());
    let at_last = OFFICE.replace("17:00", "19:00");
    let before = hours(&house);
    now.calendars = Ok(calendars(&[&at_last]));
    house.reload(&now);
    assert_ne!(hours(&house), before);
}

#[test]
fn many_wrong_files_are_each_told_what_is_wrong_with_them() {
    let mut house = House::new(&both());
    let wrong: Vec<(String, String)> = (0..20)
        .map(|number| match number % 4 {
            0 => (format!("{number:02}.yaml"), ALONE.replace("office", "offise")),
            1 => (format!("{number:02}.yaml"), ORDER.replace("workflow: check", "workflow: chek")),
            2 => (format!("{number:02}.yaml"), CHECK.to_owned()),
            _ => (format!("{number:02}.yaml"), "workflow: [".to_owned()),
        })
        .collect();
    let good = ("good.yaml", &*ALONE.replace("workflow: alone", "workflow: good"));
    let mut files = vec![both()[0], both()[1], good];
    files.extend(wrong.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let report = house.reload(&folder(&files));
    let told = told(&report);
    assert_eq!((&*told["good.yaml"], &*told["check.yaml"], report.refused().count()), ("loaded", "unchanged", 20));
    for (path, _) in &wrong {
        let why = ["calendar `offise`", "workflow `chek`", "a second workflow `check`", "FLX0001"];
        let number: usize = path[..2].parse().unwrap();
        assert!(told[path.as_str()].contains(why[number % 4]), "{path}: {}", told[path.as_str()]);
        assert!(told[path.as_str()].starts_with(path), "each by itself: {}", told[path.as_str()]);
    }
}

#[test]
fn what_nobody_waits_for_any_more_is_left() {
    let house = House::new(&both());
    let newer = CHECK.replace("version: 1", "version: 2");
    let folder = folder(&[("check.yaml", &newer), ("wrong.yaml", "workflow: ["), both()[1]]);
    let stop = AtomicBool::new(true);
    assert!(reload(&house.0, &folder, &[], &Vocabulary::default(), &stop).is_none());
}
