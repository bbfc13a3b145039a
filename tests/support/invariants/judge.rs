//! What a command was allowed to do: invariants 2, 5, 11, 13 (design.md, section 3), from rows before and after.

use std::collections::BTreeSet;

use fluxor_engine::approval::Verb as Act;
use fluxor_engine::audit::Entry;
use fluxor_engine::audit::fold::fold;
use fluxor_engine::command::{Actor, Answer, Change, Command, Repair, Verb};
use fluxor_engine::ids::{InstanceId, StreamId};
use fluxor_engine::instance::Instance;
use fluxor_engine::refusal::Refusal;
use fluxor_engine::runtime::{NotDone, Submitted, TaskView};

use super::authority::{Court, Tale, told};
use super::bench::{Bench, Dump};
use super::company::day;
use super::play::{Made, Play, Snap};
use super::rows::{check_alive, check_stream, entries};

/// Rows that went and rows that came, by table.
#[must_use]
pub fn difference(before: &Dump, after: &Dump) -> Vec<(String, Vec<String>, Vec<String>)> {
    let tables: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let none = BTreeSet::new();
    let of = |table: &String| {
        let (old, new) = (before.get(table).unwrap_or(&none), after.get(table).unwrap_or(&none));
        let gone: Vec<String> = old.difference(new).cloned().collect();
        let come: Vec<String> = new.difference(old).cloned().collect();
        (table.clone(), gone, come)
    };
    tables.into_iter().map(of).filter(|(_, gone, come)| !gone.is_empty() || !come.is_empty()).collect()
}

/// The stream that a command writes to; a start's is known by its answer only.
#[must_use]
pub fn stream_of(command: &Command, answer: Option<&Answer>) -> Option<StreamId> {
    match &command.verb {
        Verb::Change(change) => {
            let (kind, key) = change.record();
            Some(StreamId::of_record(&kind, &key))
        }
        Verb::Start { .. } => answer.and_then(|a| a.instance).map(Into::into),
        verb => verb.instance().map(Into::into),
    }
}

impl<B: Bench> Play<B> {
    /// An accepted command that had this request id, in the place where the engine looks for it.
    fn earlier(&self, command: &Command) -> Option<&Made> {
        self.made.iter().find(|made| {
            let starts = matches!((&made.command.verb, &command.verb), (Verb::Start { .. }, Verb::Start { .. }));
            let same = stream_of(&made.command, Some(&made.answer)) == stream_of(command, None);
            made.command.request == command.request && (starts || same)
        })
    }

    /// Judges one command that was given alone.
    pub async fn judge(
        &mut self,
        before: &Snap,
        command: &Command,
        view: Option<&TaskView>,
        done: Result<Submitted, NotDone>,
    ) {
        let changed = difference(&before.dump, &self.snap.dump);
        let earlier = self.earlier(command).cloned();
        match (earlier, done) {
            (Some(made), Ok(Submitted { answer, repeat: true })) => {
                assert_eq!(made.command.request_hash, command.request_hash, "other content passed for a repeat");
                assert_eq!(made.answer, answer, "a repeat gets the answer of the first time");
                assert_eq!(changed, [], "a repeat changes nothing");
            }
            (Some(made), Err(NotDone::Refused(Refusal::RequestReused { .. }))) => {
                assert_ne!(made.command.request_hash, command.request_hash, "a true repeat was refused");
                assert_eq!(changed, [], "a reused request id changes nothing");
            }
            (Some(_), other) => panic!("a request id that was used came to {other:?}"),
            (None, Ok(Submitted { answer, repeat: true })) => {
                assert_eq!(changed, [], "a start with a used key changes nothing");
                self.judge_used_key(command, &answer);
            }
            (None, Ok(Submitted { answer, repeat: false })) => self.judge_done(before, command, view, answer).await,
            (None, Err(NotDone::Refused(refusal))) => self.judge_refused(command, view, &refusal, &changed).await,
            (None, Err(other)) => panic!("{}: {other}", command.verb.name()),
        }
    }

    fn judge_used_key(&self, command: &Command, answer: &Answer) {
        // A record that is set to what it is already writes nothing, as if it had been asked before.
        if matches!(command.verb, Verb::Change(Change::Record { .. })) {
            return;
        }
        // Nor does letting somebody watch who does already.
        if is_watch(command) {
            return;
        }
        if matches!(command.verb, Verb::Change(Change::Organisation { .. })) {
            let newest = answer.record["revision"].as_i64().and_then(|revision| usize::try_from(revision).ok());
            assert_eq!(
                newest,
                Some(self.companies.len()),
                "what changes nothing is answered with the revision in force"
            );
            return;
        }
        let Verb::Start { key: Some(key), input, workflow } = &command.verb else {
            panic!("{} was answered as a repeat of nothing", command.verb.name());
        };
        let first = self.made.iter().find(|made| match &made.command.verb {
            Verb::Start { key: Some(k), workflow: w, .. } => k == key && w == workflow,
            _ => false,
        });
        let first = first.expect("the start that used the key first");
        let Verb::Start { input: known, .. } = &first.command.verb else { unreachable!() };
        assert_eq!((input, answer), (known, &first.answer), "a used key answers for equal input only");
    }

    /// Whether what the view shows is all there is to know. Two things it does not know yet: a day that has begun since
    /// the last entry (`a_day_that_begins_leaves_nobody_stuck`), and an organisation that the review could not be brought
    /// up to, because the arrow that it would then take breaks: the incident says so.
    fn is_up_to_date(&self, row: &Instance) -> bool {
        let newest = i64::try_from(self.companies.len()).unwrap();
        let behind = row.detail.incident.is_some() && row.tasks.iter().any(|t| t.detail.organisation < newest);
        self.settled && !behind && day(row.changed_at) == day(self.now())
    }

    /// Invariant 13, and that whoever is shown as asked may approve.
    async fn judge_refused(
        &self,
        command: &Command,
        view: Option<&TaskView>,
        refusal: &Refusal,
        changed: &[(String, Vec<String>, Vec<String>)],
    ) {
        let row = command.verb.instance().and_then(|id| self.snap.instances.get(&id));
        if let (Some(view), Some(row), Refusal::Approval(why)) = (view, row, refusal)
            && self.is_up_to_date(row)
        {
            assert!(!is_listed(view, command), "shown as asked and yet refused: {}", why.code());
        }
        if !refusal.on_authority() {
            assert_eq!(changed, [], "a refusal ({}) changes nothing", refusal.code());
            return;
        }
        for (table, gone, come) in changed {
            match table.as_str() {
                "audit_entry" => assert_eq!((gone.len(), come.len()), (0, 1), "one security entry"),
                "record" => assert!(gone.len() <= 1 && come.len() == 1, "the head of the security stream"),
                other => panic!("a refusal on authority ({}) changed {other}", refusal.code()),
            }
        }
        let mut found = 0;
        for lane in 0..8 {
            let stream = StreamId::of_record("security", &format!("r0/{lane}"));
            let all = entries(self.engines[0].store(), stream).await;
            let header = all.last().map(|entry| entry.parsed().unwrap());
            found += header.map_or(0, |h| {
                let same = h.request.as_ref() == Some(&command.request) && h.verb.as_ref() == "refused";
                usize::from(same && h.event.as_deref() == Some(refusal.code()))
            });
        }
        assert!(found == 1 && !changed.is_empty(), "the refusal {} is in the security stream", refusal.code());
    }

    async fn judge_done(&mut self, before: &Snap, command: &Command, view: Option<&TaskView>, answer: Answer) {
        let more = |snap: &Snap| snap.dump.get("audit_entry").map_or(0, BTreeSet::len);
        assert_eq!(more(&self.snap), more(before) + 1, "one entry a command");
        let mine = answer.instance;
        for (id, old) in &before.instances {
            assert!(Some(*id) == mine || self.snap.instances.get(id) == Some(old), "another instance changed: {id}");
        }
        if let Some(id) = mine {
            let row = &self.snap.instances[&id];
            let shown = (&answer.state, answer.status, answer.seq, answer.state_revision);
            let stored = (&Some(row.state.clone()), Some(row.status), row.seq, row.state_revision);
            assert_eq!(shown, stored, "the answer shows the row");
        }
        if let Some(before) = command.verb.instance().and_then(|id| before.instances.get(&id)) {
            self.judge_repair(before, command);
        }
        if let (Some(view), true) = (view, self.settled) {
            check_listed(view, command);
        }
        if matches!(command.verb, Verb::Change(_)) {
            let lawful = !matches!(command.actor, Actor::Person { administrator: false, .. });
            assert!(lawful, "a record was changed without administrator rights");
        }
        self.took(command.clone(), answer);
        self.judge_entries(before).await;
    }

    /// Remembers what was accepted.
    pub fn took(&mut self, command: Command, answer: Answer) {
        if let (Verb::Change(Change::Organisation { .. }), Some(company)) =
            (&command.verb, self.planned.remove(&command.request))
        {
            let revision = usize::try_from(answer.record["revision"].as_i64().unwrap()).unwrap();
            let latest = self.companies.last().unwrap().clone();
            self.companies.resize(self.companies.len().max(revision), latest);
            self.companies[revision - 1] = company;
            self.settled = false;
        }
        self.made.push(Made { command, answer });
    }

    /// Checks every instance that is not what it was: fold, chain, life, and that whoever acted was allowed to.
    pub async fn judge_entries(&mut self, before: &Snap) {
        let changed: Vec<Instance> =
            self.snap.instances.values().filter(|i| before.instances.get(&i.id) != Some(i)).cloned().collect();
        let gone = before.instances.keys().find(|id| !self.snap.instances.contains_key(id));
        assert_eq!(gone, None, "an instance is gone");
        for instance in changed {
            let all = entries(self.engines[0].store(), instance.id.into()).await;
            check_stream(&instance, &all);
            check_alive(&instance, self.library.pinned(instance.definition).expect("its definition"));
            let seen = before.instances.get(&instance.id).map_or(0, |i| i.seq);
            for at in usize::try_from(seen).unwrap()..all.len() {
                self.judge_entry(instance.id, &all, at);
            }
        }
    }

    /// The entry at `at`, against the instance as the entries before it tell it.
    fn judge_entry(&mut self, id: InstanceId, all: &[Entry], at: usize) {
        let header = all[at].parsed().expect("a header");
        let after = fold(&all[..=at]).expect("it folds");
        let revision = usize::try_from(header.organisation.unwrap_or(1)).unwrap();
        if at == 0 {
            let tale = Tale { since: revision - 1, subjects: vec![after.subject], ..Tale::default() };
            self.tales.insert(id, tale);
            return;
        }
        let instance = fold(&all[..at]).expect("it folds");
        let (Some(rules), Some(tale)) = (self.law.get(&*instance.workflow), self.tales.get_mut(&id)) else { return };
        let made = self.made.iter().find(|made| {
            Some(&made.command.request) == header.request.as_ref()
                && Some(made.command.request_hash) == header.request_hash
        });
        let edited = instance.subject != after.subject;
        if let (Some(made), Some(person)) = (made, &header.actor) {
            let companies = &self.companies[..revision];
            let court = Court { companies, rules, instance: &instance, tale, at: header.at };
            let judged = match &made.command.verb {
                Verb::Decide { act, .. } => court.may_act(person.as_str(), act),
                Verb::Signal { event, .. } => court.may_send(person.as_str(), event),
                _ => Ok(()),
            };
            assert_eq!(judged, Ok(()), "entry {} of {id}", at + 1);
            super::past::check_acted(&court, &all[at], &header, &made.command);
            if let Verb::Decide { act, .. } = &made.command.verb {
                told(tale, person.as_str(), act);
            }
            // What the engine tries again is its own doing, as it was at first.
            let own =
                matches!(&made.command.verb, Verb::Repair { repair: Repair::Retry { .. } | Repair::Skip { .. }, .. });
            if edited && !own && !instance.tasks.is_empty() {
                tale.editors.insert(person.to_string());
            }
        }
        if edited {
            tale.subjects.push(after.subject);
        }
    }
}

fn ballot(command: &Command) -> Option<&fluxor_engine::approval::Ballot> {
    match &command.verb {
        Verb::Decide { act: Act::Approve(b) | Act::Reject(b) | Act::Abstain(b) | Act::RequestChanges(b), .. } => {
            Some(b)
        }
        _ => None,
    }
}

/// Whether the view asks for exactly this approval.
fn is_listed(view: &TaskView, command: &Command) -> bool {
    let (Some(ballot), Some(person)) = (ballot(command), command.actor.person()) else { return false };
    let Verb::Decide { etag, act: Act::Approve(_), .. } = &command.verb else { return false };
    let fresh = ballot.seen.is_none() && etag.as_ref() == Some(&view.etag);
    let mut open = view.open.iter();
    fresh && open.any(|o| o.step == ballot.step && o.person == *person && o.on_behalf_of == ballot.on_behalf_of)
}

/// Invariant 5: just before, the view showed this person as asked or as having voted.
fn check_listed(view: &TaskView, command: &Command) {
    let (Some(ballot), Some(person)) = (ballot(command), command.actor.person()) else { return };
    let behalf = ballot.on_behalf_of.as_ref().filter(|principal| *principal != person);
    let fits = |step: &str, who: &str, on: Option<&fluxor_engine::ids::PersonId>| {
        step == &*ballot.step && who == person.as_str() && (ballot.on_behalf_of.is_none() || on == behalf)
    };
    let open = view.open.iter().any(|o| fits(&o.step, o.person.as_str(), o.on_behalf_of.as_ref()));
    let voted = view.review.counting.iter().any(|v| fits(&v.step, v.person.as_str(), v.on_behalf_of.as_ref()));
    assert!(open || voted, "accepted, and the view listed nobody like that: {:?}", view.open);
}

/// Whether somebody is to watch.
pub(super) fn is_watch(command: &Command) -> bool {
    matches!(command.verb, Verb::Decide { act: Act::AddWatcher { .. }, .. })
}
