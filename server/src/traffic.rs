//! What is called over HTTP, and what limits refuse of it: noted in memory, kept in the database for some days beside the books,
//! read again to explain limits and to try others.
//!
//! What must hold: noting never waits and never fails a request; memory is bounded; what was noted is not lost while the
//! database is away for a while. Calls of which nobody is known have rows of their own: whoever floods a server without a key
//! pushes out nobody's history.

mod refusals;
#[cfg(test)]
mod tests;
mod turns;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{Mint, TenantId};
use fluxor_limits::traffic::{Bounds, Called, Recorder, Segment};
use fluxor_limits::{At, Span};
use fluxor_workflows::{RefusedCall, RefusedCalls, Stretch, TrafficRow};
use tokio::sync::RwLock;

use crate::desk::{Desk, Keep, Kept, NotDone};
use refusals::Refusals;
pub(crate) use refusals::{Refused, Turned};
pub(crate) use turns::Turns;

/// How often what was noted is written.
pub(crate) const EVERY: Duration = Duration::from_secs(10);
/// How often what is old is looked for, in writings.
const SWEEP: u64 = 60;
/// How much of a tenant is kept, bytes: some six million calls.
const MOST_BYTES: i64 = 64 << 20;
/// How many refusals of a tenant are kept.
const MOST_REFUSED: i64 = 100_000;
/// How much waits for a database that is away, bytes.
const MOST_WAITING: usize = 64 << 20;
/// How much is noted in memory, bytes, until its minute is over.
const NOTED: Bounds = Bounds { bytes: 256 << 10, total: 64 << 20, scopes: 10_000, texts: 10_000, text: 200 };
/// How much is read at once, bytes: some two million calls, for which a report takes some 300 MB.
const MOST_READ: i64 = 12 << 20;

/// Whose calls those are of which nobody is known.
pub(crate) const NOBODY: TenantId = TenantId(i64::MIN);

/// What was called.
pub(crate) struct Traffic {
    noted: Recorder,
    refusals: Mutex<Refusals>,
    /// Taken from the above and not written yet. Held while it is written: whoever reads sees each call once.
    waiting: RwLock<Waiting>,
    mint: Mutex<Mint>,
    operator: TenantId,
    hours: u32,
    turns: Turns,
}

#[derive(Default)]
struct Waiting {
    keep: Keep,
    bytes: usize,
    writings: u64,
    /// Whose calls were written since the last sweep.
    busy: BTreeSet<TenantId>,
}

/// An instant of the limits as the engine has it.
pub(crate) fn timestamp(at: At) -> Timestamp {
    Timestamp::from_micros(i64::try_from(at.micros()).unwrap_or(i64::MAX))
}

/// The other way round; what is before the epoch is the epoch.
pub(crate) fn instant(at: Timestamp) -> At {
    At::from_micros(u64::try_from(at.micros()).unwrap_or(0))
}

impl Traffic {
    /// Keeps what is called for so many hours; none: nothing is noted.
    ///
    /// # Errors
    /// If the operating system gives no randomness.
    pub(crate) fn new(operator: TenantId, hours: u32) -> anyhow::Result<Self> {
        Ok(Self {
            noted: Recorder::new(NOTED),
            refusals: Mutex::default(),
            waiting: RwLock::default(),
            mint: Mutex::new(Mint::from_os().context("the operating system gives no randomness")?),
            operator,
            hours,
            turns: Turns::default(),
        })
    }

    /// Whether anything is noted.
    pub(crate) fn is_kept(&self) -> bool {
        self.hours > 0
    }

    /// For how many hours.
    pub(crate) fn hours(&self) -> u32 {
        self.hours
    }

    /// Notes a call that has ended.
    pub(crate) fn note(&self, called: &Called<'_>) {
        if self.is_kept() {
            self.noted.record(called.caller.tenant.unwrap_or_default(), called);
        }
    }

    /// Notes a refusal.
    pub(crate) fn note_refused(&self, tenant: Option<TenantId>, at: At, refused: impl FnOnce() -> Refused, key: &str) {
        if self.is_kept() {
            let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            refusals.note(tenant.unwrap_or(NOBODY), at, key, refused);
        }
    }

    /// Writes what was noted of minutes that are over (or all of it, at the end), and now and then forgets what is old. What
    /// cannot be written waits for the next time.
    pub(crate) async fn keep(&self, desk: &dyn Desk, now: At, all: bool) -> Result<(), NotDone> {
        let mut waiting = self.waiting.write().await;
        let segments = if all { self.noted.all() } else { self.noted.finished(now) };
        let rows: Vec<TrafficRow> = segments.into_iter().map(|segment| self.row(segment, now)).collect();
        waiting.take(rows, self.refusals.lock().unwrap_or_else(PoisonError::into_inner).take());
        waiting.writings += 1;
        let Waiting { keep, busy, .. } = &mut *waiting;
        busy.extend(keep.calls.iter().map(|row| row.tenant));
        busy.extend(keep.refused.iter().map(|row| row.tenant));
        let sweeps = waiting.writings % SWEEP == 1 && !all;
        if sweeps {
            waiting.keep.beyond = std::mem::take(&mut waiting.busy).into_iter().collect();
            let kept = Span::from_secs(u64::from(self.hours) * 3_600);
            waiting.keep.before = Some(timestamp(now.minus(kept)));
        }
        (waiting.keep.most_bytes, waiting.keep.most_refused) = (MOST_BYTES, MOST_REFUSED);
        let is_empty = waiting.keep.calls.is_empty() && waiting.keep.refused.is_empty();
        if is_empty && waiting.keep.before.is_none() {
            return Ok(());
        }
        desk.keep(&waiting.keep).await?;
        (waiting.keep, waiting.bytes) = (Keep::default(), 0);
        Ok(())
    }

    fn row(&self, segment: Segment, now: At) -> TrafficRow {
        let part = self.mint.lock().unwrap_or_else(PoisonError::into_inner).uuid(timestamp(now));
        let (tenant, minute) = (tenant_of(&segment.scope), timestamp(segment.minute));
        TrafficRow { tenant, minute, part, calls: segment.bytes }
    }

    /// The turn to read much and to count on it.
    pub(crate) fn turns(&self) -> &Turns {
        &self.turns
    }

    /// What was called: what is kept, what waits, and the minute that is under way. The newest of it, where there is too much.
    pub(crate) async fn calls(&self, desk: &dyn Desk, asked: Stretch) -> Result<Kept, NotDone> {
        let waiting = self.waiting.read().await;
        let mut kept = read(desk, asked).await?;
        let asked = Stretch { from: kept.from, ..asked };
        let more = waiting.keep.calls.iter().filter(|row| asked.has(row.tenant, row.minute));
        kept.calls.extend(more.map(|row| row.calls.clone()));
        let noted = self.noted.peek_all().into_iter();
        let noted = noted.filter(|one| asked.has(tenant_of(&one.scope), timestamp(one.minute)));
        kept.calls.extend(noted.map(|segment| segment.bytes));
        Ok(kept)
    }

    /// Refusals, newest first.
    pub(crate) async fn refused(
        &self,
        desk: &dyn Desk,
        tenant: TenantId,
        asked: RefusedCalls,
    ) -> Result<Vec<RefusedCall>, NotDone> {
        let waiting = self.waiting.read().await;
        let limit = asked.limit;
        let fits = |row: &&RefusedCall| {
            (row.tenant == tenant || (row.tenant == NOBODY && tenant == self.operator)) && asked.fits(row)
        };
        let mut rows: Vec<RefusedCall> = waiting.keep.refused.iter().filter(fits).cloned().collect();
        {
            let noted = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            rows.extend(noted.rows().iter().filter(fits).cloned());
        }
        rows.extend(read_refused(desk, (tenant, self.operator), asked).await?);
        Ok(newest(rows, limit))
    }
}

/// Whose calls have this scope.
fn tenant_of(scope: &str) -> TenantId {
    scope.parse().map_or(NOBODY, TenantId)
}

/// Refusals that are kept, newest first: of a tenant; whoever runs the server also sees those of whom nobody is known.
pub(crate) async fn read_refused(
    desk: &dyn Desk,
    (tenant, operator): (TenantId, TenantId),
    asked: RefusedCalls,
) -> Result<Vec<RefusedCall>, NotDone> {
    let limit = asked.limit;
    let mut rows = desk.refused_calls(tenant, asked.clone()).await?;
    if tenant == operator {
        rows.extend(desk.refused_calls(NOBODY, asked).await?);
    }
    Ok(newest(rows, limit))
}

fn newest(mut rows: Vec<RefusedCall>, limit: i64) -> Vec<RefusedCall> {
    rows.sort_by(|one, other| (other.at, &other.request).cmp(&(one.at, &one.request)));
    rows.truncate(usize::try_from(limit).unwrap_or(0));
    rows
}

/// What is kept of it.
pub(crate) async fn read(desk: &dyn Desk, asked: Stretch) -> Result<Kept, NotDone> {
    desk.traffic(asked, MOST_READ).await
}

/// Why there may be fewer refusals than there were.
pub(crate) fn notes_on_refusals(hours: u32, none: bool) -> Vec<String> {
    match (hours, none) {
        (0, _) => vec!["It is not kept what is refused: `--traffic-hours` says for how long it is.".to_owned()],
        (_, false) => Vec::new(),
        (hours, true) => vec![format!(
            "Nothing is known. Refusals are kept for {hours} hours, of each key the first {} of a minute; those of another \
             server are here some ten seconds later. What is shed above `--max-in-flight` no limit has refused.",
            refusals::OF_KEY
        )],
    }
}

impl Waiting {
    /// More waits; the oldest is let go where that is too much.
    fn take(&mut self, calls: Vec<TrafficRow>, refused: Vec<RefusedCall>) {
        self.bytes += calls.iter().map(|row| row.calls.len()).sum::<usize>();
        self.bytes += refused.iter().map(|row| row.told.len()).sum::<usize>();
        self.keep.calls.extend(calls);
        self.keep.refused.extend(refused);
        let before = self.bytes;
        while self.bytes > MOST_WAITING && !self.keep.calls.is_empty() {
            self.bytes -= self.keep.calls.remove(0).calls.len();
        }
        if self.bytes > MOST_WAITING {
            self.bytes -= self.keep.refused.drain(..).map(|row| row.told.len()).sum::<usize>();
        }
        if self.bytes < before {
            let bytes = before - self.bytes;
            tracing::warn!(bytes, "what was called cannot be kept, and the oldest of it was let go: {bytes} bytes");
        }
    }
}
