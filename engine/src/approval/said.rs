//! A refusal with its sentence, in which people are called by their ids until somebody knows their names.

use std::sync::Arc;

use super::because::Called;
use super::refusal::Refusal;
use crate::diagnostic::nearest;
use crate::ids::PersonId;

/// How many people or steps are listed.
pub(super) const MOST: usize = 8;

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Person(PersonId),
}

/// A sentence in which people can be called by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said(Vec<Piece>);

impl Said {
    pub(super) fn text(mut self, text: impl AsRef<str>) -> Self {
        self.0.push(Piece::Text(text.as_ref().to_owned()));
        self
    }

    pub(super) fn who(mut self, person: &PersonId) -> Self {
        self.0.push(Piece::Person(person.clone()));
        self
    }

    /// `ann, bob or cyd`; `nobody` without people.
    pub(super) fn people<'p>(mut self, people: impl IntoIterator<Item = &'p PersonId>, and: &str) -> Self {
        let mut all: Vec<&PersonId> = Vec::new();
        for person in people {
            if !all.contains(&person) {
                all.push(person);
            }
        }
        if all.is_empty() {
            return self.text("nobody");
        }
        let more = all.len().saturating_sub(MOST);
        all.truncate(MOST);
        let last = all.len() - 1;
        for (at, person) in all.into_iter().enumerate() {
            let before = match at {
                0 => "",
                at if at == last && more == 0 => and,
                _ => ", ",
            };
            self = self.text(before).who(person);
        }
        if more > 0 { self.text(format!(" and {more} more")) } else { self }
    }

    fn told(&self, name: Called<'_>) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Person(person) => name(person),
        });
        pieces.collect()
    }
}

/// A refusal with what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declined {
    /// Which.
    pub refusal: Refusal,
    pub(super) said: Said,
}

impl From<Refusal> for Declined {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, said: Said::default() }
    }
}

impl Declined {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.refusal.code()
    }

    /// What is wrong and what to do, in one or two sentences.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.sentence_of(&ToString::to_string)
    }

    /// The same, with what people are called.
    #[must_use]
    pub fn sentence_of(&self, name: Called<'_>) -> String {
        if self.said.0.is_empty() { self.refusal.sentence().to_owned() } else { self.said.told(name) }
    }

    /// The same with people called so from now on.
    #[must_use]
    pub fn called(&self, name: Called<'_>) -> Self {
        let said = if self.names_somebody() { Said::default().text(self.said.told(name)) } else { self.said.clone() };
        Self { refusal: self.refusal, said }
    }

    /// Whether it names people.
    #[must_use]
    pub fn names_somebody(&self) -> bool {
        self.said.0.iter().any(|piece| matches!(piece, Piece::Person(_)))
    }

    /// No open task has a step of this name; `steps` are those that there are.
    #[must_use]
    pub fn no_step(name: &str, steps: &[Arc<str>]) -> Self {
        Self { refusal: Refusal::UnknownStep, said: Said::default().text(unknown_step(name, steps)) }
    }
}

pub(super) fn unknown_step(name: &str, steps: &[Arc<str>]) -> String {
    let near = nearest(name, steps.iter().map(AsRef::as_ref));
    let near = near.map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
    match steps {
        [] => format!("There is no step `{name}`: nothing is asked in steps now."),
        [only] => format!("There is no step `{name}`; the only one is `{only}`.{near}"),
        steps => format!("There is no step `{name}`; the steps are `{}`.{near}", steps.join("`, `")),
    }
}
