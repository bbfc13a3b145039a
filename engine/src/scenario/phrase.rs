//! The words of a step behind its verb: what must stand there, and what may.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::diagnostic::nearest;
use crate::ids::PersonId;
use crate::instance::Document;

use super::script::Wrong;
use super::step::Place;
use super::words::{Parts, Word};

/// What may stand behind the words that a verb needs, with how it is written.
const CLAUSES: [(&str, &str); 12] = [
    ("as", "as ann"),
    ("for", "for bob"),
    ("on", "on behalf of bob"),
    ("to", "to cyd"),
    ("from", "from bob"),
    ("key", "key K-1"),
    ("in", "in checks.tax"),
    ("at", "at 3"),
    ("etag", "etag \"...\""),
    ("before", "before STEP"),
    ("after", "after STEP"),
    ("mode", "mode replaces"),
];

/// A step's words, taken one after the other.
#[derive(Debug)]
pub(super) struct Phrase {
    pub(super) line: usize,
    pub(super) verb: String,
    words: VecDeque<Word>,
    reason: Option<Word>,
    data: Option<(Document, usize)>,
    /// The column past the last word.
    end: usize,
    clauses: Vec<(&'static str, Word)>,
}

impl Phrase {
    /// The words behind `verb`.
    pub(super) fn new(line: usize, verb: &str, parts: Parts) -> Self {
        let Parts { words, reason, data, end } = parts;
        Self { line, verb: verb.to_owned(), words: words.into(), reason, data, end, clauses: Vec::new() }
    }

    pub(super) fn wrong(&self, column: usize, message: impl Into<String>, help: impl Into<String>) -> Wrong {
        Wrong::new(self.line, column, message, help)
    }

    /// The next word, which is `what`.
    pub(super) fn need(&mut self, what: &str, example: &str) -> Result<Word, Wrong> {
        match self.words.pop_front() {
            Some(word) if word.quoted || !is_clause(&word.text) => Ok(word),
            found => {
                let column = found.map_or(self.end, |word| word.column);
                Err(self.wrong(column, format!("`{}` needs {what} here", self.verb), format!("write `{example}`")))
            }
        }
    }

    /// The next word, unless a clause begins there.
    pub(super) fn perhaps(&mut self) -> Option<Word> {
        self.words.pop_front_if(|word| word.quoted || !is_clause(&word.text))
    }

    /// The next word, if it is this one.
    pub(super) fn is_next(&mut self, word: &str) -> bool {
        self.words.pop_front_if(|next| !next.quoted && next.text == word).is_some()
    }

    /// All words that are left, as they are, and the column of the first.
    pub(super) fn rest(&mut self) -> (String, usize) {
        let column = self.words.front().map_or(self.end, |word| word.column);
        let all: Vec<String> = self.words.drain(..).map(|word| word.text).collect();
        (all.join(" "), column)
    }

    /// Takes the clauses, of which these may stand here, up to the end of the words.
    pub(super) fn clauses(&mut self, may: &[&'static str]) -> Result<(), Wrong> {
        while let Some(word) = self.words.pop_front() {
            let on = !word.quoted && word.text == "on";
            let name = if on { "for" } else { word.text.as_str() };
            let Some(clause) = may.iter().copied().find(|clause| *clause == name && !word.quoted) else {
                return Err(self.unexpected(&word, may));
            };
            if on && !(self.is_next("behalf") && self.is_next("of")) {
                return Err(self.wrong(word.column, "`on` begins `on behalf of`", "write `on behalf of bob`"));
            }
            if self.clauses.iter().any(|(known, _)| *known == clause) {
                return Err(self.wrong(word.column, format!("`{clause}` stands twice"), "leave one out"));
            }
            let Some(value) = self.words.pop_front() else {
                let written = CLAUSES.iter().find(|(name, _)| *name == clause).map_or(clause, |(_, written)| written);
                let help = format!("write such as `{written}`");
                return Err(self.wrong(word.column, format!("nothing stands behind `{}`", word.text), help));
            };
            self.clauses.push((clause, value));
        }
        Ok(())
    }

    fn unexpected(&self, word: &Word, may: &[&'static str]) -> Wrong {
        let message = format!("`{}` is not understood here", word.text);
        let near = nearest(&word.text, may.iter().copied().chain(["because"]));
        let near = near.map(|near| format!("a similar word exists: `{near}`; ")).unwrap_or_default();
        let written: Vec<String> =
            CLAUSES.iter().filter(|(name, _)| may.contains(name)).map(|(_, written)| format!("`{written}`")).collect();
        let help = match written.is_empty() {
            true => format!("{near}nothing more may stand behind `{}`", self.verb),
            false => format!("{near}here may stand {}; a name with blanks stands in quotes", written.join(", ")),
        };
        self.wrong(word.column, message, help)
    }

    /// What stands behind a clause.
    pub(super) fn clause(&mut self, name: &str) -> Option<Word> {
        let at = self.clauses.iter().position(|(clause, _)| *clause == name)?;
        Some(self.clauses.swap_remove(at).1)
    }

    pub(super) fn person(&mut self, clause: &str) -> Option<PersonId> {
        self.clause(clause).map(|word| PersonId::from(word.text.as_str()))
    }

    pub(super) fn place(&mut self, clause: &str) -> Option<Place> {
        self.clause(clause).map(|word| Place { path: word.text.into(), column: word.column })
    }

    /// Whom a verb needs behind `to`.
    pub(super) fn to(&mut self, example: &str) -> Result<PersonId, Wrong> {
        let missing = format!("`{}` needs a person behind `to`", self.verb);
        let to = self.person("to");
        to.ok_or_else(|| self.wrong(self.end, missing, format!("write `{example}`")))
    }

    pub(super) fn reason(&mut self) -> Option<Arc<str>> {
        self.reason.take().map(|word| word.text.into())
    }

    pub(super) fn data(&mut self) -> Document {
        self.data.take().map(|(data, _)| data).unwrap_or_default()
    }

    /// Whether there is data.
    pub(super) fn has_data(&self) -> bool {
        self.data.is_some()
    }

    /// Nothing may be left: what is not used would be lost without a word.
    pub(super) fn end(&self) -> Result<(), Wrong> {
        if let Some((_, column)) = &self.data {
            return Err(self.wrong(*column, format!("`{}` takes no data", self.verb), "leave it out"));
        }
        if let Some(reason) = &self.reason {
            return Err(self.wrong(reason.column, format!("`{}` takes no reason", self.verb), "leave it out"));
        }
        if let Some(word) = self.words.front() {
            return Err(self.unexpected(word, &[]));
        }
        Ok(())
    }
}

fn is_clause(word: &str) -> bool {
    CLAUSES.iter().any(|(name, _)| *name == word)
}
