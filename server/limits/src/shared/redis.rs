//! States in Redis (7.0 or newer).
//!
//! What must hold: a script in Redis decides exactly as [`crate::decide::weigh`] and [`Strategy`] do, in one round trip
//! a decision whatever the number of policies, by Redis' own clock. It counts in doubles: what would pass 2^53 - 1 is
//! 2^53 - 1. Nothing that cannot be decided changes anything.
//!
//! All keys lie in one slot of a cluster. Each expires a minute after it is as if nobody had ever called; so nothing is
//! left behind. A key that Redis evicts is a fresh one.

mod link;
mod question;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use redis::Cmd;
use tokio::sync::oneshot;

use crate::at::{At, Span};
use crate::decide::{Asked, Weighs as _};
use crate::policy::bounds::LARGEST;
use crate::store::{Remote, Settling, Store, StoreAway, Weighed};
use crate::strategy::Strategy;
use link::Link;
use question::{Answer, Question};

/// How keys begin.
const PREFIX: &str = "fluxor:limits";

/// How often a question is put again because it lacked windows of the calendar. Once is enough, unless the clocks jump.
const AGAIN: usize = 2;

/// States in Redis, over one connection.
#[derive(Debug)]
pub struct Redis {
    link: Arc<Link>,
    prefix: String,
    callers_clock: bool,
    /// How far the server's clock is ahead of the caller's, in microseconds.
    ahead: AtomicI64,
    replicas: AtomicU64,
}

impl Redis {
    /// States in the Redis of that URL, such as `redis://user:password@host:6379/0`. Nothing is connected before
    /// [`Remote::reconnect`].
    ///
    /// # Errors
    /// Why the URL is none; its text is not repeated, because of the password in it.
    pub fn new(url: &str) -> Result<Redis, String> {
        let link = Link::new(url)?;
        let (ahead, replicas) = (AtomicI64::new(0), AtomicU64::new(1));
        Ok(Redis { link: Arc::new(link), prefix: tag(PREFIX), callers_clock: false, ahead, replicas })
    }

    /// Under keys that begin with something else than `fluxor:limits:`. Braces in it, and colons at its end, are
    /// dropped: it is written `{prefix}:`, so that all keys lie in one slot of a cluster.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = tag(prefix);
        self
    }

    /// By the caller's clock in place of Redis': for tests under a virtual clock, and for whoever runs on such a one.
    #[must_use]
    pub fn by_callers_clock(mut self) -> Self {
        self.callers_clock = true;
        self
    }

    /// The key in Redis under which a key's state is kept, as [`crate::State::from_text`] reads it.
    pub fn key(&self, key: &str) -> String {
        format!("{}:{key}", self.prefix)
    }

    /// What time it is by the clock that decides, as far as is known.
    fn estimate(&self, now: At) -> u64 {
        if self.callers_clock {
            return now.micros();
        }
        now.micros().saturating_add_signed(self.ahead.load(Ordering::Relaxed))
    }

    /// Takes note of what time it was by the clock that decides.
    fn note(&self, now: At, at: At) {
        if !self.callers_clock {
            // Both are at most 2^62.
            let ahead = at.micros().cast_signed() - now.micros().cast_signed();
            self.ahead.store(ahead, Ordering::Relaxed);
        }
    }

    async fn ask(&self, now: At, question: Question<'_>) -> Result<Answer, StoreAway> {
        let clock = self.callers_clock.then(|| now.micros().min(LARGEST));
        let mut around = question.around(self.estimate(now));
        for _ in 0..=AGAIN {
            let mut command = self.link.question(question.len());
            question.pack(&mut command, &self.prefix, clock, &around);
            let numbers = self.put(command, question, clock).await?;
            let answer = question.read(&numbers, &mut around).ok_or_else(malformed)?;
            self.note(now, answer.at());
            if let Answer::Again { .. } = answer {
                continue;
            }
            return Ok(answer);
        }
        Err(StoreAway("the clock of Redis jumps: no window of the calendar can be told".to_owned()))
    }
}

/// What a question charges, for the case that nobody takes the answer.
struct Undo {
    link: Arc<Link>,
    prefix: String,
    clock: Option<u64>,
    asked: Vec<(Arc<str>, Strategy)>,
}

impl Redis {
    /// Puts a question. Whoever asks may go away meanwhile: what was sent cannot be called back, and Redis may do it much
    /// later, if it stands still. Where it charges more than one call (a place that is held, tokens that are taken ahead)
    /// its answer is waited for all the same, and what it has charged is given back.
    async fn put(&self, command: Cmd, question: Question<'_>, clock: Option<u64>) -> Result<Vec<i64>, StoreAway> {
        let matters =
            |ask: &Asked<'_>| !ask.is_never() && (matches!(ask.strategy, Strategy::Leases(_)) || ask.up_to > ask.takes);
        if !question.asked.iter().any(matters) {
            return self.link.decide(&command).await;
        }
        let asked = question.asked.iter().map(|ask| (Arc::clone(&ask.key), ask.strategy.clone())).collect();
        let (link, prefix) = (Arc::clone(&self.link), self.prefix.clone());
        let undo = Undo { link, prefix, clock, asked };
        let (reply, answer) = oneshot::channel();
        tokio::spawn(async move {
            let numbers = undo.link.decide(&command).await;
            if let Err(Ok(numbers)) = reply.send(numbers) {
                undo.charged(&numbers).await;
            }
        });
        answer.await.unwrap_or_else(|_| Err(StoreAway("the question was given up".to_owned())))
    }
}

impl Undo {
    /// Gives back what an answer has charged that nobody took.
    async fn charged(self, numbers: &[i64]) {
        let receipts = question::receipts(numbers);
        let settling: Vec<Settling<'_>> = self
            .asked
            .iter()
            .zip(receipts)
            .filter_map(|((key, strategy), receipt)| {
                Some(Settling { key, strategy, shadow: false, receipt: receipt?, real: 0 })
            })
            .collect();
        if settling.is_empty() {
            return;
        }
        let question = Question { settling: &settling, renewing: &[], asked: &[] };
        let now = numbers.get(1).map_or(0, |&at| at.unsigned_abs());
        let mut command = self.link.question(question.len());
        question.pack(&mut command, &self.prefix, self.clock, &question.around(now));
        // If that fails too, it stays charged.
        drop(self.link.decide(&command).await);
    }
}

/// A hash tag of what keys begin with. An empty tag would be none.
fn tag(prefix: &str) -> String {
    let plain = prefix.replace(['{', '}'], "");
    let plain = plain.trim_end_matches(':');
    format!("{{{}}}", if plain.is_empty() { PREFIX } else { plain })
}

fn malformed() -> StoreAway {
    StoreAway("Redis answered something that is no answer".to_owned())
}

impl Store for Redis {
    async fn weigh<'a>(
        &'a self,
        now: At,
        asked: &'a [Asked<'a>],
        back: &'a [Settling<'a>],
    ) -> Result<Weighed, StoreAway> {
        if asked.is_empty() && back.is_empty() {
            return Ok(Weighed { at: At::from_micros(self.estimate(now)), found: Vec::new() });
        }
        match self.ask(now, Question { settling: back, renewing: &[], asked }).await? {
            Answer::Done { at, found, .. } => Ok(Weighed { at, found }),
            Answer::Again { .. } => Err(malformed()),
        }
    }

    async fn settle<'a>(&'a self, now: At, settling: &'a [Settling<'a>]) -> Result<(), StoreAway> {
        if !settling.is_empty() {
            self.ask(now, Question { settling, renewing: &[], asked: &[] }).await?;
        }
        Ok(())
    }

    async fn renew<'a>(&'a self, now: At, renewing: &'a [Settling<'a>]) -> Result<bool, StoreAway> {
        if renewing.is_empty() {
            return Ok(true);
        }
        let answer = self.ask(now, Question { settling: &[], renewing, asked: &[] }).await?;
        Ok(matches!(answer, Answer::Done { held: true, .. }))
    }

    fn replicas(&self) -> u64 {
        self.replicas.load(Ordering::Relaxed)
    }
}

impl Remote for Redis {
    async fn ping(&self) -> Result<(), StoreAway> {
        self.link.ping().await
    }

    fn is_loss(&self, why: &StoreAway) -> bool {
        why.0 != link::BUSY
    }

    async fn reconnect(&self) -> Result<(), StoreAway> {
        self.link.reconnect().await
    }

    async fn enlist(&self, name: &str, keeps: Span) -> Result<u64, StoreAway> {
        let millis = keeps.micros().div_ceil(1_000).max(1);
        // Not the key of any state: there a colon follows the tag.
        let count = self.link.enlist(&format!("{}/names", self.prefix), name, millis).await?.max(1);
        self.replicas.store(count, Ordering::Relaxed);
        Ok(count)
    }
}
