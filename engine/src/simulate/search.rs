//! Where nothing is asked of anybody after the start: which events would lead to a task?

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::command::Verb;
use crate::decide::Stop;
use crate::domain::Domain;
use crate::instance::{Document, Status, TaskStatus};
use crate::refusal::Refusal;
use crate::rehearsal::Rehearsal;

use super::halt::Halt;
use super::play::{Play, REASON};
use super::words;

/// How many events one after another.
const DEEPEST: usize = 4;
/// How many events are tried in all.
const MOST_TRIES: usize = 64;
/// How much is told after one event.
const MOST_POSTS: usize = 100;

/// Events in order, each with its reason, where it needs one.
type Way = Vec<(Arc<str>, Option<String>)>;

/// What comes of an event, and the reason that it needed.
type Tried<'s, D> = (Rehearsal<'s, D>, Option<String>);

/// The same, or why it is declined.
type Outcome<'s, D> = Result<Tried<'s, D>, Option<Refusal>>;

/// An event that is refused, and why.
type Declined = (Arc<str>, String);

impl<D: Domain> Play<'_, D>
where
    D::Facts: Clone,
{
    /// Signals the shortest sequence of events without payload that the starter may signal and that leads to a task, if
    /// nobody is asked anything yet and there is one.
    pub(super) fn search(&mut self) -> Result<(), Halt<D::Need>> {
        if self.asked.hand || asks(&self.stage) || !self.is_live(&self.stage) {
            return Ok(());
        }
        let starter = self.asked.starter.clone();
        let way = match self.way()? {
            Ok(way) => way,
            Err(refused) => {
                for (event, sentence) in refused {
                    self.assume(format!("{starter} does not signal `{event}`, which is refused: {sentence}"));
                }
                return Ok(());
            }
        };
        let events: Vec<String> = way.iter().map(|(event, _)| format!("`{event}`")).collect();
        self.assume(format!("{starter} signals {}: until then nobody is asked anything.", events.join(", then ")));
        for (event, reason) in way {
            if reason.is_some() {
                self.assume(words::reason("signal", &event));
            }
            self.signal(&starter, &event, Document::new(), reason)?;
        }
        Ok(())
    }

    fn is_live(&self, stage: &Rehearsal<'_, D>) -> bool {
        stage.instance(self.main).is_some_and(|main| main.status == Status::Active)
    }

    /// The way; where there is none, the events that are refused from the start, and why. Those of others are none.
    fn way(&self) -> Result<Result<Way, Vec<Declined>>, Halt<D::Need>> {
        let mut refused = Vec::new();
        let mut open = VecDeque::from([(self.stage.fork(), Way::new())]);
        let mut seen: BTreeSet<Vec<Arc<str>>> =
            self.stage.instance(self.main).map(|i| i.inside().to_vec()).into_iter().collect();
        let mut tries = 0;
        while let Some((stage, way)) = open.pop_front() {
            for event in self.events(&stage) {
                tries += 1;
                if tries > MOST_TRIES {
                    return Ok(Err(refused));
                }
                let (next, reason) = match self.tried(&stage, &event)? {
                    Ok(tried) => tried,
                    Err(Some(Refusal::NotAllowed { .. }) | None) => continue,
                    Err(Some(why)) if way.is_empty() => {
                        refused.push((event, why.sentence()));
                        continue;
                    }
                    Err(Some(_)) => continue,
                };
                let way: Way = way.iter().cloned().chain([(event, reason)]).collect();
                if asks(&next) {
                    return Ok(Ok(way));
                }
                let place = next.instance(self.main).map(|main| main.inside().to_vec()).unwrap_or_default();
                if way.len() < DEEPEST && self.is_live(&next) && seen.insert(place) {
                    open.push_back((next, way));
                }
            }
        }
        Ok(Err(refused))
    }

    /// The events without a payload that must be there.
    fn events(&self, stage: &Rehearsal<'_, D>) -> Vec<Arc<str>> {
        let Some(main) = stage.instance(self.main) else { return Vec::new() };
        let Ok(definition) = stage.definition_of(main) else { return Vec::new() };
        let accepted = definition.active(main).map(|active| definition.accepts(&active)).unwrap_or_default();
        accepted.into_iter().filter(|event| !self.brings_data(self.main, event)).collect()
    }

    /// What comes of an event, with the reason that it needed; else why it is declined, where that is said.
    fn tried<'s>(&self, stage: &Rehearsal<'s, D>, event: &Arc<str>) -> Result<Outcome<'s, D>, Halt<D::Need>> {
        for reason in [None, Some(REASON.to_owned())] {
            let mut next = stage.fork();
            let (instance, payload) = (self.main, Document::new());
            let verb =
                Verb::Signal { instance, event: event.clone(), payload, reason: reason.clone(), state_revision: None };
            match next.submit(Self::actor(&self.asked.starter), verb, self.now) {
                Ok(_) => {}
                Err(Stop::Refused(Refusal::ReasonRequired)) => continue,
                Err(Stop::Needs(needs)) => return Err(Halt::Stop(Stop::Needs(needs))),
                Err(Stop::Refused(why)) => return Ok(Err(Some(why))),
                Err(Stop::Keys(_) | Stop::Nothing) => return Ok(Err(None)),
            }
            for _ in 0..MOST_POSTS {
                match next.next_post().map(|post| (post.sent.is_some(), post.to, post.event.clone())) {
                    None => break,
                    Some((true, to, event)) if self.brings_data(to, &event) => break,
                    Some(_) => {}
                }
                if let Some(Err(Stop::Needs(needs))) = next.deliver(self.now) {
                    return Err(Halt::Stop(Stop::Needs(needs)));
                }
            }
            return Ok(Ok((next, reason)));
        }
        Ok(Err(None))
    }
}

/// Whether somebody is asked something.
fn asks<D: Domain>(stage: &Rehearsal<'_, D>) -> bool {
    let live = stage.instances().iter().filter(|one| one.status != Status::Final);
    live.flat_map(|one| &one.tasks).any(|task| task.status == TaskStatus::Open)
}
