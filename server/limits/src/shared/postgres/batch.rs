//! A batch of questions, decided one after the other over the rows that are locked for it. Pure: what is read goes in,
//! what has changed comes out.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::text;
use crate::at::At;
use crate::decide::{Asked, Found, States, Weighs, weigh};
use crate::state::{Receipt, State};
use crate::store::{Settling, StoreAway};
use crate::strategy::Strategy;

/// A question that waits, and where its answer goes. One without a key asks only whether decisions get through.
pub(super) struct Job {
    pub(super) now: At,
    pub(super) question: Question,
    pub(super) reply: oneshot::Sender<Result<Answer, StoreAway>>,
}

/// What is to be done, in this order.
#[derive(Default)]
pub(super) struct Question {
    pub(super) back: Vec<Owed>,
    pub(super) asked: Vec<Ask>,
    pub(super) renew: Vec<Owed>,
}

pub(super) struct Answer {
    pub(super) at: At,
    pub(super) found: Vec<Found>,
    /// Whether all that was to be renewed was held.
    pub(super) held: bool,
}

/// [`Asked`], owned.
pub(super) struct Ask {
    key: Arc<str>,
    strategy: Strategy,
    shadow: bool,
    takes: u64,
    up_to: u64,
}

/// [`Settling`], owned.
pub(super) struct Owed {
    key: Arc<str>,
    strategy: Strategy,
    receipt: Receipt,
    real: u64,
}

impl Weighs for Ask {
    fn strategy(&self) -> &Strategy {
        &self.strategy
    }

    fn shadow(&self) -> bool {
        self.shadow
    }

    fn takes(&self) -> u64 {
        self.takes
    }

    fn up_to(&self) -> u64 {
        self.up_to
    }
}

impl Question {
    pub(super) fn of(asked: &[Asked<'_>], back: &[Settling<'_>], renew: &[Settling<'_>]) -> Question {
        let ask = |ask: &Asked<'_>| Ask {
            key: text::row(&ask.key),
            strategy: ask.strategy.clone(),
            shadow: ask.policy.shadow,
            takes: ask.takes,
            up_to: ask.up_to,
        };
        let owed = |one: &Settling<'_>| Owed {
            key: text::row_of(one.key),
            strategy: one.strategy.clone(),
            receipt: one.receipt,
            real: one.real,
        };
        Question {
            back: back.iter().map(owed).collect(),
            asked: asked.iter().map(ask).collect(),
            renew: renew.iter().map(owed).collect(),
        }
    }

    /// What gives back all that an answer has charged, if anything was: nobody took the answer.
    pub(super) fn undone(self, now: At, answer: &Answer) -> Option<Job> {
        let owed = self.asked.into_iter().zip(&answer.found).filter_map(|(ask, found)| {
            let Ask { key, strategy, .. } = ask;
            Some(Owed { key, strategy, receipt: found.receipt?, real: 0 })
        });
        let back: Vec<Owed> = owed.collect();
        let question = Question { back, ..Question::default() };
        (!question.back.is_empty()).then(|| Job { now, question, reply: oneshot::channel().0 })
    }

    /// Whether it only gives back: that is done although nobody waits for it.
    pub(super) fn undoes(&self) -> bool {
        !self.back.is_empty() && self.asked.is_empty() && self.renew.is_empty()
    }

    /// The keys, and whether they need a row: not for whoever only looks.
    fn keys(&self) -> impl Iterator<Item = (&Arc<str>, bool)> {
        let owed = self.back.iter().chain(&self.renew).map(|one| (&one.key, true));
        owed.chain(self.asked.iter().map(|ask| (&ask.key, !ask.is_never())))
    }
}

/// The rows of a batch, in the order of their keys (that of bytes, as in the table).
pub(super) struct Rows {
    rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) key: Arc<str>,
    /// Whether it is made if it is not there.
    needed: bool,
    /// Its text in the table; nothing as long as no row was read.
    text: Option<String>,
    state: Option<State>,
    touched: bool,
}

/// What a row is to be.
pub(super) struct Changed<'a> {
    pub(super) key: &'a str,
    pub(super) state: String,
    pub(super) untouched: At,
}

impl Rows {
    /// The rows that the questions need.
    pub(super) fn of(jobs: &[Job]) -> Rows {
        let mut keys: Vec<(&Arc<str>, bool)> = jobs.iter().flat_map(|job| job.question.keys()).collect();
        // Who needs a row comes first, and stays.
        keys.sort_unstable_by_key(|&(key, needed)| (key, !needed));
        keys.dedup_by_key(|(key, _)| *key);
        let row = |(key, needed): (&Arc<str>, bool)| Row {
            key: Arc::clone(key),
            needed,
            text: None,
            state: None,
            touched: false,
        };
        Rows { rows: keys.into_iter().map(row).collect() }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| &*row.key)
    }

    /// Forgets what was read.
    pub(super) fn clear(&mut self) {
        for row in &mut self.rows {
            (row.text, row.state, row.touched) = (None, None, false);
        }
    }

    /// A row was read. A text that is no state counts as none: another version may have written it.
    pub(super) fn read(&mut self, key: &str, text: String) {
        if let Some(place) = self.place(key) {
            let row = &mut self.rows[place];
            row.state = State::from_text(&text);
            row.text = Some(text);
        }
    }

    /// The keys that have no row and need one.
    pub(super) fn missing(&self) -> Vec<&str> {
        self.rows.iter().filter(|row| row.needed && row.text.is_none()).map(|row| &*row.key).collect()
    }

    /// What must be written.
    pub(super) fn changed(&self) -> Vec<Changed<'_>> {
        let changed = |row: &'_ Row| {
            let state = row.state.as_ref().filter(|_| row.touched)?;
            let text = state.to_text();
            (row.text.as_ref() != Some(&text)).then(|| (text, state.untouched_at()))
        };
        let named = |row| changed(row).map(|(state, untouched)| Changed { key: &row.key, state, untouched });
        self.rows.iter().filter_map(named).collect()
    }

    fn place(&self, key: &str) -> Option<usize> {
        self.rows.binary_search_by(|row| (*row.key).cmp(key)).ok()
    }

    fn row(&mut self, key: &str) -> Option<&mut Row> {
        let place = self.place(key)?;
        Some(&mut self.rows[place])
    }

    fn state(&mut self, key: &str) -> Option<&mut State> {
        let row = self.row(key)?;
        row.touched = true;
        row.state.as_mut()
    }

    fn put(&mut self, key: &str, state: State) {
        if let Some(row) = self.row(key) {
            row.touched = true;
            row.state = Some(state);
        }
    }

    /// Does what a question says, at an instant.
    pub(super) fn decide(&mut self, question: &Question, at: At) -> Answer {
        for one in &question.back {
            self.settle(one, at);
        }
        let found = weigh(&question.asked, at, &mut Places { rows: self, asked: &question.asked });
        let mut held = true;
        for one in &question.renew {
            // All are renewed, also after one that is lost.
            held &= self.state(&one.key).is_some_and(|state| one.strategy.renew(state, at, &one.receipt));
        }
        Answer { at, found, held }
    }

    fn settle(&mut self, one: &Owed, at: At) {
        if let Some(state) = self.state(&one.key) {
            one.strategy.settle(state, at, &one.receipt, one.real);
            return;
        }
        // It was forgotten. Nothing is given back, but what is owed is owed.
        let mut state = one.strategy.fresh(at);
        one.strategy.settle(&mut state, at, &one.receipt, one.real);
        if state.used(at) > 0 {
            self.put(&one.key, state);
        }
    }
}

/// The states of one question.
struct Places<'a> {
    rows: &'a mut Rows,
    asked: &'a [Ask],
}

impl States for Places<'_> {
    fn get(&mut self, place: usize) -> Option<&mut State> {
        self.rows.state(&self.asked[place].key)
    }

    fn put(&mut self, place: usize, state: State) {
        self.rows.put(&self.asked[place].key, state);
    }
}
