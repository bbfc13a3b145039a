//! The rounds of a review, from the entries of its instance: who was asked, who did what by what right, what fell due, what
//! was changed. Nothing of an earlier round is forgotten, whatever the row still knows.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value as Json;

use super::fold::{Change, apply};
use super::{Entry, Header};
use crate::approval::{Fired, State, Why, WhyAsked};
use crate::clock::Timestamp;
use crate::decide::Acted;
use crate::ids::{Digest, PersonId};

/// One round of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// From 1.
    pub number: u32,
    /// When it began.
    pub began: Timestamp,
    /// Where it stands, or stood when the next one began.
    pub state: State,
    /// Why.
    pub why: Why,
    /// Since when it stands there.
    pub since: Timestamp,
    /// What happened, in the order of the entries.
    pub events: Vec<Happened>,
}

/// Something that happened in a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// The number of the entry.
    pub entry: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// The kinds of [`Happened`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody was asked who was not asked just before.
    Asked(Box<WhyAsked>),
    /// Somebody decided, or did something else about the task.
    Acted {
        /// Whose act it was, by what right, on what document.
        act: Box<Acted>,
        /// Why, in his words.
        reason: Option<Arc<str>>,
    },
    /// A rung fell due, or the round expired.
    Due(Fired),
    /// The document was changed.
    Edited {
        /// By whom; by the workflow itself without anybody.
        by: Option<PersonId>,
        /// The version that it made.
        version: u32,
        /// The digest of the document as it became.
        document: Option<Digest>,
        /// The names of the fields that changed.
        fields: Vec<Arc<str>>,
    },
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    changes: Vec<Change>,
    acted: Vec<Act>,
    asked: Vec<Asked>,
    fired: Vec<Fired>,
    reason: Option<Arc<str>>,
}

#[derive(Deserialize)]
struct Act {
    task: u32,
    #[serde(flatten)]
    act: Acted,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    task: Option<u32>,
    #[serde(flatten)]
    seat: WhyAsked,
}

/// What the image of a task says of its review.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Seen {
    state: State,
    why: Why,
    round: u32,
    round_began: Timestamp,
    subject: Versions,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Versions {
    earlier: Vec<serde_json::Map<String, Json>>,
}

/// The rounds of the task `ordinal`, oldest first. Before the first submission there is none.
///
/// # Errors
/// A sentence naming the entry that does not fit, or whose body was purged.
pub fn rounds(entries: &[Entry], ordinal: u32) -> Result<Vec<Round>, String> {
    let mut telling = Telling { all: Vec::new(), versions: 1, asked: BTreeSet::new() };
    let mut image = Json::Null;
    let at_review = format!("/tasks/{ordinal}/detail/review");
    for entry in entries {
        let problem = |what: String| format!("entry {} of stream {}: {what}", entry.seq, entry.stream);
        if entry.body.is_empty() {
            return Err(problem("its body was purged".to_owned()));
        }
        let header: Header = entry.parsed().map_err(problem)?;
        let mut body: Body = serde_json::from_str(&entry.body).map_err(|e| problem(e.to_string()))?;
        apply(&mut image, &body.changes).map_err(problem)?;
        let Some(review) = image.pointer(&at_review) else { continue };
        let seen = Seen::deserialize(review).map_err(|e| problem(e.to_string()))?;
        body.acted.retain(|act| act.task == ordinal);
        body.asked.retain(|one| one.task.is_none_or(|task| task == ordinal));
        telling.take(&header, body, seen);
    }
    Ok(telling.all)
}

/// What was told so far.
struct Telling {
    all: Vec<Round>,
    /// Of the document.
    versions: usize,
    /// Who was asked after the last entry that said so: step, person, holders.
    asked: BTreeSet<(Arc<str>, PersonId, Vec<PersonId>)>,
}

impl Telling {
    fn take(&mut self, header: &Header, body: Body, seen: Seen) {
        let happened = |what| Happened { entry: header.seq, at: header.at, what };
        let reason = body.reason;
        let acts = body.acted.into_iter().map(|Act { act, .. }| {
            let reason = reason.clone().filter(|_| act.carried.is_none());
            happened(What::Acted { act: Box::new(act), reason })
        });
        let mut events: Vec<Happened> = acts.collect();
        events.extend(body.fired.into_iter().map(|fired| happened(What::Due(fired))));
        events.extend(self.edited(header, &seen).map(happened));
        if seen.round == 0 {
            return;
        }
        // What an act brought to its end, and what began the next round, belongs to the round before.
        if self.all.last().is_none_or(|last| last.number != seen.round) {
            if let Some(last) = self.all.last_mut() {
                last.events.append(&mut events);
            }
            let (number, began) = (seen.round, seen.round_began);
            self.asked.clear();
            self.all.push(Round {
                number,
                began,
                state: State::Draft,
                why: Why::NotSubmitted,
                since: began,
                events: Vec::new(),
            });
        }
        let key = |one: &Asked| (one.seat.step.clone(), one.seat.stands_for.clone(), one.seat.holders.clone());
        let now: BTreeSet<_> = body.asked.iter().map(key).collect();
        let new = body.asked.into_iter().filter(|one| !self.asked.contains(&key(one)));
        events.extend(new.map(|one| happened(What::Asked(Box::new(one.seat)))));
        if !now.is_empty() {
            self.asked = now;
        }
        if let Some(last) = self.all.last_mut() {
            last.events.append(&mut events);
            if (last.state, &last.why) != (seen.state, &seen.why) {
                (last.state, last.why, last.since) = (seen.state, seen.why, header.at);
            }
        }
    }

    fn edited(&mut self, header: &Header, seen: &Seen) -> Option<What> {
        let edits = &seen.subject.earlier;
        let new = edits.get(self.versions - 1..).filter(|new| !new.is_empty())?;
        let fields: BTreeSet<&String> = new.iter().flat_map(|edit| edit.keys()).collect();
        self.versions = edits.len() + 1;
        Some(What::Edited {
            by: header.actor.clone(),
            version: u32::try_from(self.versions).unwrap_or(u32::MAX),
            document: header.document,
            fields: fields.into_iter().map(|field| field.as_str().into()).collect(),
        })
    }
}
