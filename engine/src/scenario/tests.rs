//! The reading of lines: what each becomes, what is wrong with it and where, and that nothing is lost or breaks.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::{Ask, Deliver, Known, Line, Script, Step, Wrong};
use crate::approval::{EscalateTo, EscalationMode, Position, RepairAction, Verb as Act};
use crate::calendar::Wait;
use crate::definition::Library;
use crate::domain::Vocabulary;
use crate::instance::Document;

const LEAVE: &str = "workflow: leave
version: 1
subject: { name: leave, fields: { requester: person, days: int } }
start: draft
events: { edit: {} }
states:
  draft: { on: { edit: {}, ask: granted, submit: granted } }
  granted: { final: true }
";

const HEAD: &str = "organisation company.json\nnow 2026-03-02T08:00:00Z\n\n";

fn read(text: &str) -> Result<Script, Vec<Wrong>> {
    let vocabulary = Vocabulary::default();
    let (library, _) = Library::load(vec![("leave.yaml".to_owned(), LEAVE.to_owned())], &vocabulary).unwrap();
    let file = |name: &str| match name {
        "company.json" => Ok(Document::new()),
        _ => Err("it is not there".to_owned()),
    };
    Script::read(text, &Known { library: &library, vocabulary: &vocabulary, file: &file })
}

fn line(step: &str) -> Line {
    let script = read(&format!("{HEAD}> {step}\n")).unwrap_or_else(|wrong| panic!("{step}: {wrong:?}"));
    script.lines()[0].clone()
}

fn act(step: &str) -> Act {
    match line(step).step {
        Step::Ask(Ask::Decide { act, .. }) => act,
        other => panic!("{step}: {other:?}"),
    }
}

/// What is wrong with a step: its column, and the words.
fn wrong(step: &str) -> (usize, String) {
    let text = format!("{HEAD}> {step}\n");
    match read(&text) {
        Ok(script) => panic!("{step}: {:?}", script.lines()),
        Err(wrong) => {
            assert_eq!((wrong.len(), wrong[0].line), (1, 4), "{step}: {wrong:?}");
            (wrong[0].column, format!("{}; {}", wrong[0].message, wrong[0].help))
        }
    }
}

#[test]
fn every_verb_is_read() {
    let start = line("start leave as ann key \"K 1\" {\"days\": 3}");
    assert_eq!(start.by, Some("ann".into()));
    let input = json!({ "days": 3 }).as_object().cloned().unwrap().into_iter().collect();
    assert_eq!(start.step, Step::Ask(Ask::Start { workflow: "leave".into(), key: Some("K 1".into()), input }));
    let Step::Ask(Ask::Signal { event, reason, revision, .. }) = line("submit as ann at 3 because it is \"time\"").step
    else {
        panic!("an event")
    };
    assert_eq!((&*event, reason.as_deref(), revision), ("submit", Some("it is \"time\""), Some(3)));
    assert!(matches!(line("signal nothing as ann").step, Step::Ask(Ask::Signal { .. })));
    assert!(matches!(act("approve manager as bob"), Act::Approve(ballot) if &*ballot.step == "manager"));
    for written in ["reject a as eve for fay because no", "reject a as eve on behalf of fay because no"] {
        let Act::Reject(ballot) = act(written) else { panic!("{written}") };
        assert_eq!((ballot.on_behalf_of, ballot.reason.as_deref()), (Some("fay".into()), Some("no")));
    }
    assert!(matches!(act("abstain a as eve"), Act::Abstain(_)));
    assert!(matches!(act("request_changes a as eve because x"), Act::RequestChanges(_)));
    assert!(matches!(act("ask a as eve because x"), Act::Ask { to: None, .. }));
    assert!(matches!(act("ask a to fay as eve because x"), Act::Ask { to: Some(to), .. } if to == "fay".into()));
    let said = |written| match act(written) {
        Act::Answer { reason, question } => (reason.map(|text| text.to_string()), question),
        other => panic!("{other:?}"),
    };
    assert_eq!(said("answer as ann because it is"), (Some("it is".to_owned()), None));
    assert_eq!(said("answer 2 as ann"), (None, Some(2)));
    assert!(matches!(act("delegate a to cyd as bob"), Act::Delegate { to, .. } if to == "cyd".into()));
    assert!(
        matches!(act("reassign a as hal from bob to dan"), Act::Reassign { from: Some(from), .. } if from == "bob".into())
    );
    let Act::AddApprover { person, position, ballot } = act("add_approver gil after a as bob") else { panic!("added") };
    assert_eq!((person, position, &*ballot.step), ("gil".into(), Position::After, "a"));
    assert!(matches!(act("add_approver gil before a"), Act::AddApprover { position: Position::Before, .. }));
    assert!(matches!(act("add_watcher gil as ann"), Act::AddWatcher { .. }));
    assert!(matches!(
        act("escalate a as hal"),
        Act::Escalate { mode: EscalationMode::Adds, to: EscalateTo::Manager, .. }
    ));
    let person = EscalateTo::Person("cyd".into());
    assert!(
        matches!(act("escalate a to cyd mode replaces"), Act::Escalate { mode: EscalationMode::Replaces, to, .. } if to == person)
    );
    assert!(matches!(act("remind a as ann"), Act::Remind { .. }));
    assert!(matches!(act("look a as bob"), Act::Look { .. }));
    let Act::Repair { action, to, .. } = act("repair assign a to cyd as hal because gone") else { panic!("a repair") };
    assert_eq!((action, to), (RepairAction::Assign, Some("cyd".into())));
    assert!(matches!(act("repair restart as hal because x"), Act::Repair { action: RepairAction::Restart, .. }));
    let Step::Ask(Ask::Decide { state: Some(state), etag, .. }) =
        line("approve a in checks.tax as eve etag \"x y\"").step
    else {
        panic!("a state")
    };
    assert_eq!((&*state.path, state.column, etag.as_deref()), ("checks.tax", 16, Some("x y")));
    assert!(matches!(line("complete draft as hal for bob {\"x\": 1}").step, Step::Ask(Ask::Complete { .. })));
}

#[test]
fn time_and_messages_are_read() {
    let week = 7 * 86_400_000_000;
    assert_eq!(line("wait 2 weeks").step, Step::Wait(Wait::Elapsed(2 * week)));
    assert_eq!(line("wait 3 working days").step, Step::Wait(Wait::WorkingDays(3)));
    assert!(matches!(line("wait until 2026-03-05T08:00:00Z").step, Step::Until(_)));
    assert_eq!(line("deliver").step, Step::Deliver(Deliver::All));
    assert_eq!(line("deliver once").step, Step::Deliver(Deliver::Once));
    assert_eq!(line("deliver failing").step, Step::Deliver(Deliver::Failing));
    assert_eq!(line("turn leave K 1").step, Step::Turn { workflow: "leave".into(), part: "K 1".to_owned() });
    assert!(matches!(line("organisation company.json as ann").step, Step::Ask(Ask::Organisation(_))));
    assert!(matches!(line("organisation {\"people\": []}").step, Step::Ask(Ask::Organisation(_))));
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    for (step, column, words) in [
        ("", 2, "the step is empty"),
        ("submt as ann", 3, "a similar word exists: `submit`"),
        ("aprove a as bob", 3, "a similar word exists: `approve`"),
        ("start leav as ann", 9, "a similar one exists: `leave`"),
        ("start", 8, "`start` needs a workflow here"),
        ("start as ann", 9, "`start` needs a workflow here"),
        ("start leave sa ann", 15, "a similar word exists: `as`"),
        ("start leave as", 15, "nothing stands behind `as`"),
        ("start leave as ann as bob", 22, "`as` stands twice"),
        ("start leave as ann because so", 22, "`start` takes no reason"),
        ("start leave {\"days\": }", 24, "the data is not JSON"),
        ("start leave {\"days\": 1} as ann", 27, "the data is not JSON: trailing characters"),
        ("start leave {\"days\": 1, \"days\": 2}", 32, "the key `days` stands twice"),
        ("start leave key \"K", 19, "the quote is not closed"),
        ("submit as ann because", 17, "the reason is missing"),
        ("submit as ann at noon", 20, "`noon` is no state revision"),
        ("approve as bob", 11, "`approve` needs a step here"),
        ("ask as ann", 7, "the event of this name is sent by `signal ask`"),
        ("approve a as bob {\"x\": 1}", 20, "`approve` takes no data"),
        ("approve a to cyd", 13, "`to` is not understood here"),
        ("approve a on monday", 13, "write `on behalf of bob`"),
        ("delegate a as bob", 20, "`delegate` needs a person behind `to`"),
        ("escalate a mode never", 19, "`never` is no way to escalate"),
        ("add_approver gil as bob", 16, "needs one step, behind `before` or `after`"),
        ("repair all as hal", 10, "`all` repairs nothing"),
        ("remind a as ann because x", 19, "`remind` takes no reason"),
        ("record budget it set_budget", 20, "there is no action `set_budget`"),
        ("organisation", 15, "needs data or a file"),
        ("organisation other.json", 16, "the file `other.json` cannot be used: it is not there"),
        ("wait 2 dayz", 8, "write `2 days`"),
        ("wait", 7, "is no length of time"),
        ("wait until noon", 14, "`noon` is no instant"),
        ("wait 2 days {}", 15, "`wait` takes no data"),
        ("deliver twice", 11, "`deliver failing`"),
        ("deliver once more", 16, "`more` is not understood here"),
        ("turn lave", 8, "a similar one exists: `leave`"),
    ] {
        let told = wrong(step);
        assert!(told.0 == column && told.1.contains(words), "{step}: {told:?}");
    }
}

#[test]
fn lines_that_are_no_steps_are_never_skipped() {
    let all = |text: &str| -> Vec<(usize, String)> {
        read(text)
            .unwrap_err()
            .into_iter()
            .map(|wrong| (wrong.line, format!("{}; {}", wrong.message, wrong.help)))
            .collect()
    };
    for (text, line, words) in [
        ("", 1, "there is no step"),
        ("now 2026-03-02T08:00:00Z\n", 1, "there is no step"),
        ("> submit as ann\n", 1, "it does not say when it begins"),
        ("now tomorrow\n> submit\n", 1, "`tomorrow` is no instant"),
        ("nwo 2026-03-02T08:00:00Z\n", 1, "a similar word exists: `now`"),
        ("organisation\n", 1, "the file is missing"),
        ("organisation x.json\n", 1, "it is not there"),
        ("now 2026-03-02T08:00:00Z\nnow 2026-03-02T08:00:00Z\n", 2, "`now` stands twice"),
        ("now 2026-03-02T08:00:00Z\n\ndraft\n", 3, "this is neither a step nor a trace nor a comment"),
        ("now 2026-03-02T08:00:00Z\n> submit\n# why\ndraft\n", 4, "a trace stands directly below its step"),
        ("now 2026-03-02T08:00:00Z\n> submit\n\nnow 2026-03-03T08:00:00Z\n", 4, "`now` stands before the first step"),
        ("now 2026-03-02T08:00:00Z\n> submit\n\norganisation company.json\n", 4, "write `> organisation company.json`"),
        ("now 2026-03-02T08:00:00Z\n>submit\n", 2, "this is no step"),
        ("now 2026-03-02T08:00:00Z\n  > submit\n", 2, "this is no step"),
    ] {
        let told = all(text);
        assert!(told.iter().any(|(at, told)| *at == line && told.contains(words)), "{text}: {told:?}");
    }
    // All of them in one go; what stands below a step that cannot be read is its trace.
    let told = all(&format!("{HEAD}> submt\ndraft\n> aprove a\nx\ny\n\nz\n"));
    assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 6, 10]);
    assert!(all(&"#\n".repeat(600_000))[0].1.contains("more than 1048576"));
}

#[test]
fn traces_are_written_anew_and_nothing_else_is_touched() {
    let text = "\u{feff}# why\r\norganisation company.json\r\nnow 2026-03-02T08:00:00Z\r\n\r\n> submit\r\nold\r\nolder\r\n\r\n# and\r\n> edit";
    let script = read(text).unwrap();
    let expected: Vec<&[String]> = script.lines().iter().map(|line| line.expected.as_slice()).collect();
    assert_eq!(expected, [&["old".to_owned(), "older".to_owned()][..], &[]]);
    let traces = |traces: [&str; 2]| script.with(&traces.map(str::to_owned));
    assert_eq!(traces(["new", "x"]), text.replace("old\r\nolder\r\n", "new\r\n") + "\n" + "x\n");
    let same = format!("{HEAD}> submit\ndraft");
    assert_eq!(read(&same).unwrap().with(&["draft".to_owned()]), same, "not even a line end is added");
}

/// Pieces of which something that looks like a scenario is made.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("> ".to_owned()),
        Just("\n".to_owned()),
        Just("now 2026-03-02T08:00:00Z\n".to_owned()),
        Just("start leave as ann {\"days\": 3}\n".to_owned()),
        Just(" because ".to_owned()),
        Just(" on behalf of ".to_owned()),
        Just("wait 9999999 weeks\n".to_owned()),
        "(approve|repair|wait|turn|as|to|\\{|\\}|\"|\\\\|ü|🦀| )",
        "\\PC{0,8}",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_places_in_it(text in pieces()) {
        match read(&text) {
            Ok(script) => {
                let traces: Vec<String> = script.lines().iter().map(|line| line.expected.join("\n")).collect();
                let again = script.with(&traces);
                let kept = |text: &str| text.lines().filter(|line| line.starts_with('#')).map(Arc::from).collect::<Vec<Arc<str>>>();
                prop_assert_eq!(kept(&again), kept(&text));
            }
            Err(wrong) => {
                prop_assert!(!wrong.is_empty());
                let lines = text.split('\n').count();
                prop_assert!(wrong.iter().all(|wrong| (1..=lines.max(1)).contains(&wrong.line) && wrong.column >= 1 && !wrong.help.is_empty()));
            }
        }
    }
}
