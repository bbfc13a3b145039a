//! Event logs of what happened elsewhere, run through a definition: what would it have allowed, and when would its time
//! have done something?
//!
//! Each case of the log becomes an instance in memory (`crate::rehearsal`), each event a command at its own instant; between
//! them timers and rungs fire when they are due. What must hold: it is decided by the same functions as everything else, a
//! refused event changes nothing, and the report does not depend on how many threads made it. Look next at `map` (what
//! people write), `course` (that, held against a definition), `player` (one case) and `report`.

mod codes;
mod course;
mod map;
mod nobody;
mod pages;
mod people;
mod player;
mod report;
mod tally;
mod value;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::clock::Timestamp;
use crate::decide::{OrganisationAt, merge_organisation, read_organisation};
use crate::domain::Domain;
use crate::ids::TenantId;
use crate::instance::Document;
use crate::refusal::Refusal;
use crate::rehearsal::Setting;

pub use codes::CODES;
pub use course::Course;
pub use map::{Columns, Map, Others, People};
pub use nobody::unanswerable;
pub use pages::PAGES;
pub use report::{
    ActivityCount, CaseReport, Cases, Comparison, Differs, Duty, Ended, Events, FiredCount, FiredOnce, Incidents,
    Kinds, Refusals, RefusedOnce, Report, StatesAt, Transition,
};

use player::Player;
use tally::Tally;

/// Cases that a worker takes at a time.
const CHUNK: usize = 64;

/// A log: cases with events in the order of time. Texts are numbers, so that each is looked at once.
pub trait Log: Sync {
    /// How many cases there are.
    fn cases(&self) -> usize;
    /// What the log calls a case.
    fn case(&self, case: usize) -> &str;
    /// How many events a case has.
    fn events(&self, case: usize) -> usize;
    /// When an event happened, and the text of what it was.
    fn event(&self, case: usize, event: usize) -> (Timestamp, u32);
    /// What stands in a column ([`Map::columns`], by place), if anything does.
    fn value(&self, case: usize, event: usize, column: usize) -> Option<u32>;
    /// The text.
    fn text(&self, text: u32) -> &str;
    /// How many texts there are; each is smaller.
    fn texts(&self) -> usize;
}

/// Loads rows of the domain.
pub type Rows<'a, D> =
    dyn Fn(&BTreeSet<(TenantId, <D as Domain>::Need)>, &mut <D as Domain>::Facts) -> Result<(), String> + Sync + 'a;

/// How long time goes on after the last event of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// It does not.
    LastEvent,
    /// Until this instant.
    At(Timestamp),
}

/// What a replay stands on.
pub struct Ground<'a, D: Domain> {
    /// The vocabulary's code.
    pub domain: &'a D,
    /// The organisation.
    pub organisations: &'a [Arc<OrganisationAt>],
    /// Whose data.
    pub tenant: TenantId,
    /// How rows of the domain are loaded.
    pub rows: &'a Rows<'a, D>,
    /// Messages to the outside arrive at once, instead of never.
    pub arrives: bool,
    /// A case ends with the first event that is refused.
    pub stops: bool,
    /// How long time goes on.
    pub until: Until,
    /// Instants as of which states are told, rising.
    pub instants: Vec<Timestamp>,
    /// Whether each case is told.
    pub each: bool,
    /// How many work on it.
    pub threads: NonZeroUsize,
}

impl<'a, D: Domain> Ground<'a, D> {
    fn setting(&self, course: &'a Course) -> Setting<'a, D> {
        let Self { domain, organisations, tenant, .. } = *self;
        Setting { domain, library: &course.library, organisations, tenant }
    }
}

impl<D: Domain> std::fmt::Debug for Ground<'_, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ground").field("until", &self.until).field("instants", &self.instants).finish_non_exhaustive()
    }
}

/// The organisation `known`, a document as `PATCH /v1/organisation` takes it, with the people of the log and the roles in
/// which they act, unless the mapping says otherwise.
///
/// # Errors
/// Everything that is wrong with the document.
pub fn organisation<L: Log>(
    known: Document,
    map: &Map,
    courses: &[&Course],
    log: &L,
) -> Result<OrganisationAt, Refusal> {
    // It held before anything in the log happened.
    let start = Timestamp::from_micros(i64::MIN);
    if !map.people.from_log.unwrap_or(known.is_empty()) {
        return merge_organisation(None, &known, start).map(|merged| merged.read);
    }
    // What the author wrote is looked at; names in a log are as they are, even where two of them look alike.
    let known = merge_organisation(None, &known, start)?.after;
    let all = people::organisation(known, map, courses, log);
    read_organisation(&all, 1, start).map_err(|why| Refusal::Invalid(vec![(String::new(), why)]))
}

/// Runs the whole log. `against`: another definition, to tell which cases would have gone another way. `progress` is told
/// how many cases are done.
pub fn run<D: Domain, L: Log>(
    ground: &Ground<'_, D>,
    map: &Map,
    course: &Course,
    against: Option<&Course>,
    log: &L,
    progress: &(dyn Fn(usize) + Sync),
) -> Report {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut player = Player::new(ground, course, map, log);
        let mut other = against.map(|against| Player::new(ground, against, map, log));
        let mut tally = Tally::new(ground.instants.len(), ground.each);
        loop {
            let first = next.fetch_add(CHUNK, Ordering::Relaxed);
            if first >= log.cases() {
                return tally;
            }
            let last = (first + CHUNK).min(log.cases());
            for case in first..last {
                let played = player.play(case);
                if let Some(other) = &mut other {
                    tally.compare(log, case, &played, &other.play(case));
                }
                tally.take(log, case, played);
            }
            progress(done.fetch_add(last - first, Ordering::Relaxed) + last - first);
        }
    };
    let all = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..ground.threads.get()).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for worker in workers {
            match worker.join() {
                Ok(tally) => all.join(tally),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    Report::of(all, &ground.instants, course, log)
}

/// How many events each activity has, by the text that it is.
#[must_use]
pub fn activities(log: &impl Log) -> Vec<(u32, u64)> {
    let mut counts = vec![0; log.texts()];
    for case in 0..log.cases() {
        for event in 0..log.events(case) {
            counts[log.event(case, event).1 as usize] += 1;
        }
    }
    (0..).zip(counts).filter(|(_, events)| *events > 0).collect()
}

/// Findings of a mapping file that are of no definition: the log has no event of an activity, and the organisation calls people
/// otherwise than those of the log are called.
pub const OF_NO_DEFINITION: &[&str] = &[codes::NEVER_SEEN, codes::CAPITALS];

#[cfg(test)]
mod tests;
