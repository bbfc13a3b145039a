//! The rounds of a review, from the entries of its instance: who was asked, who did what by what right, what fell due, what
//! was changed. Nothing of an earlier round is forgotten, whatever the row still knows.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value as Json;

use super::fold::{Change, apply, problem, read};
use super::{Entry, Header};
use crate::approval::{Fired, State, Why, WhyAsked};
use crate::clock::Timestamp;
use crate::command::COMPLETE;
use crate::decide::Acted;
use crate::ids::{Digest, PersonId};
use crate::instance::Document;

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
    /// The state of the instance that the task was left for without an outcome, such as `cancelled`.
    pub left: Option<Arc<str>>,
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
    Asked {
        /// Who: a holder of the seat, or to whom the first holder delegated it.
        person: PersonId,
        /// In whose place, if by delegation.
        on_behalf_of: Option<PersonId>,
        /// The seat, and the rule behind it.
        seat: Box<WhyAsked>,
    },
    /// Somebody decided, or did something else about the task.
    Acted {
        /// Whose act it was, by what right, on what document.
        act: Box<Acted>,
        /// Why, in his words.
        reason: Option<Arc<str>>,
        /// What he gave, where the task asks for data.
        data: Document,
    },
    /// A rung fell due, or the round expired.
    Due(Fired),
    /// The review came to stand elsewhere within the round.
    Stood {
        /// Where.
        state: State,
        /// Why.
        why: Why,
        /// Whose doing it was; nobody's where time or the workflow brought it about.
        by: Option<PersonId>,
    },
    /// The instance went on without an outcome.
    Left {
        /// To this state.
        to: Option<Arc<str>>,
        /// Whose doing it was.
        by: Option<PersonId>,
    },
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
    fired: Vec<Fell>,
    reason: Option<Arc<str>>,
    request: Document,
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

#[derive(Deserialize)]
struct Fell {
    #[serde(default)]
    task: Option<u32>,
    #[serde(flatten)]
    fired: Fired,
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

/// Tells the rounds of a task from the entries of its instance, one by one.
#[derive(Debug)]
pub struct Telling {
    ordinal: u32,
    image: Json,
    all: Vec<Round>,
    /// Of the document.
    versions: usize,
    /// Who was asked after the last entry that said so: step, whom the rule named, who was asked.
    asked: BTreeSet<(Arc<str>, PersonId, PersonId)>,
    /// Whether the task was open after the last entry.
    open: bool,
}

impl Telling {
    /// Of the task `ordinal`; before the first entry.
    #[must_use]
    pub fn new(ordinal: u32) -> Self {
        Self { ordinal, image: Json::Null, all: Vec::new(), versions: 1, asked: BTreeSet::new(), open: false }
    }

    /// The next entry.
    ///
    /// # Errors
    /// A sentence: it does not fit, or its body was purged.
    pub fn take(&mut self, entry: &Entry) -> Result<(), String> {
        let (header, mut body): (Header, Body) = read(entry)?;
        apply(&mut self.image, &body.changes).map_err(|what| problem(entry, &what))?;
        let Some(task) = self.image.pointer(&format!("/tasks/{}", self.ordinal)) else { return Ok(()) };
        let seen = Seen::deserialize(&task["detail"]["review"]).map_err(|what| problem(entry, &what.to_string()))?;
        let open = task["status"] == "open";
        body.acted.retain(|act| act.task == self.ordinal);
        body.asked.retain(|one| one.task.is_none_or(|task| task == self.ordinal));
        body.fired.retain(|one| one.task.is_none_or(|task| task == self.ordinal));
        self.tell(&header, body, seen, open);
        Ok(())
    }

    /// The rounds, oldest first. Before the first submission there is none.
    #[must_use]
    pub fn finish(self) -> Vec<Round> {
        self.all
    }

    fn tell(&mut self, header: &Header, body: Body, seen: Seen, open: bool) {
        let happened = |what| Happened { entry: header.seq, at: header.at, what };
        let (reason, given) = (body.reason, body.request);
        let acts = body.acted.into_iter().map(|Act { act, .. }| {
            let reason = reason.clone().filter(|_| act.carried.is_none());
            let data = if act.act == COMPLETE { given.clone() } else { Document::new() };
            happened(What::Acted { act: Box::new(act), reason, data })
        });
        let mut events: Vec<Happened> = acts.collect();
        events.extend(body.fired.into_iter().map(|one| happened(What::Due(one.fired))));
        events.extend(self.edited(header, &seen).map(happened));
        if seen.round == 0 {
            return;
        }
        // What an act brought to its end, and what began the next round, belongs to the round before.
        let new = self.all.last().is_none_or(|last| last.number != seen.round);
        if new {
            if let Some(last) = self.all.last_mut() {
                last.events.append(&mut events);
            }
            let (number, began) = (seen.round, seen.round_began);
            self.asked.clear();
            self.all.push(Round {
                number,
                began,
                state: seen.state,
                why: seen.why.clone(),
                since: began,
                left: None,
                events: Vec::new(),
            });
        }
        events.extend(self.asked(body.asked).map(happened));
        let left = self.open && !open && seen.state.is_live();
        self.open = open;
        let Some(last) = self.all.last_mut() else { return };
        last.events.append(&mut events);
        if last.state != seen.state {
            let (state, why, by) = (seen.state, seen.why.clone(), header.actor.clone());
            last.events.push(happened(What::Stood { state, why, by }));
        }
        if (last.state, &last.why) != (seen.state, &seen.why) {
            (last.state, last.why, last.since) = (seen.state, seen.why, header.at);
        }
        if left {
            last.left.clone_from(&header.to);
            last.events.push(happened(What::Left { to: header.to.clone(), by: header.actor.clone() }));
        } else if open {
            last.left = None;
        }
    }

    /// Those of `asked` who were not asked before.
    fn asked(&mut self, asked: Vec<Asked>) -> impl Iterator<Item = What> + use<> {
        let mut now = BTreeSet::new();
        let mut new = Vec::new();
        for Asked { seat, .. } in asked {
            let first = seat.holders.first().cloned();
            let holders = seat.holders.iter().map(|holder| (holder, None));
            for (person, on_behalf_of) in holders.chain(seat.delegates.iter().map(|one| (one, first.clone()))) {
                let key = (seat.step.clone(), seat.stands_for.clone(), person.clone());
                if !self.asked.contains(&key) {
                    new.push(What::Asked { person: person.clone(), on_behalf_of, seat: Box::new(seat.clone()) });
                }
                now.insert(key);
            }
        }
        if !now.is_empty() {
            self.asked = now;
        }
        new.into_iter()
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
