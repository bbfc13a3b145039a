//! Why a form was refused: what is said above it, at its fields, and of what was done meanwhile.

use std::collections::HashMap;

use fluxor_engine::decide::AskedFor;

use super::timeline::Change;
use super::words::{needed, place, plain};

/// Why it was not done, and what was typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refused {
    /// Why, in one sentence.
    pub sentence: String,
    /// What is wrong with a field: pointer and sentence.
    pub errors: Vec<(String, String)>,
    /// What was typed, by field.
    pub typed: HashMap<String, String>,
    /// Whether the document is another than the one that was seen; and what is other in it.
    pub changed: Option<Vec<Change>>,
    /// What was done since somebody opened it.
    pub meanwhile: Vec<String>,
    /// Whether the form was sent before and says something else now: where it stands still, it can be sent once more.
    pub resent: bool,
}

impl Refused {
    /// The sentence, beside the form that was refused.
    pub(super) fn at_form(&self) -> String {
        let again = if self.resent { " Press again to send it, too." } else { "" };
        format!("{}{again}", self.sentence)
    }

    /// The sentence, and what is wrong with fields.
    pub(super) fn told(&self) -> String {
        // What the sentence says already is not said twice.
        let unsaid = self.errors.iter().filter(|(_, why)| !self.sentence.contains(why));
        let errors = unsaid.map(|(at, why)| format!(" {}: {}.", place(at), needed(why)));
        errors.fold(plain(&self.at_form()), |told, one| told + &one)
    }
}

/// A refusal with the titles of the form in the place of where its fields are.
pub(super) fn by_titles(sentence: &str, form: Option<&[AskedFor]>) -> String {
    form.unwrap_or_default().iter().fold(sentence.to_owned(), |told, field| {
        let colon = if field.title.ends_with('?') { "" } else { ":" };
        told.replace(&format!("/data/{}: ", field.name), &format!("{}{colon} ", field.title))
    })
}
