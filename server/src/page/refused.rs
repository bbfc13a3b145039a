//! Why a form was refused: what is said above it, at its fields, and of what was done meanwhile.

use std::collections::HashMap;

use fluxor_engine::decide::AskedFor;

use super::nobody::nobody;
use super::timeline::Change;
use super::words::{Words, needed, place, plain};

/// Why an event was not taken that was sent from a page which is older than what stands there now.
pub(crate) const MOVED_ON: &str = "It has changed since you opened it, and nothing was done. Look at what is new.";

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
    /// The same to whoever may name people by what they are called. `speak`: nothing, where he may learn of nobody.
    pub(crate) fn naming(self, speak: Option<&Words>) -> Self {
        let errors = self.errors.into_iter().map(|(at, why)| (at, nobody(&why, speak)));
        Self { sentence: nobody(&self.sentence, speak), errors: errors.collect(), ..self }
    }

    /// The sentence, beside the form that was refused.
    pub(super) fn at_form(&self) -> String {
        let again = match self.resent {
            true => " Press again to send it, too.",
            // Where there is no form any more, nothing is to be pressed.
            false if self.sentence == MOVED_ON => " Pressing again sends what stands here now.",
            false => "",
        };
        format!("{}{again}", self.sentence)
    }

    /// The sentence, and what is wrong with fields.
    pub(super) fn told(&self) -> String {
        // What the sentence says already is not said twice.
        let unsaid = self.errors.iter().filter(|(_, why)| !self.sentence.contains(why));
        let end = |why: &str| if why.ends_with('?') { "" } else { "." };
        let errors = unsaid.map(|(at, why)| format!(" {}: {}{}", place(at), needed(why), end(why)));
        errors.fold(plain(&self.at_form()), |told, one| told + &one)
    }
}

/// The sentence where the form that was sent stands on the page no more.
pub(super) fn without_form(sentence: &str) -> String {
    let gone = if sentence == MOVED_ON { " Where it stands now, it does not take what you sent." } else { "" };
    format!("{sentence}{gone}")
}

/// A refusal with the titles of the form in the place of where its fields are.
pub(super) fn by_titles(sentence: &str, form: Option<&[AskedFor]>) -> String {
    form.unwrap_or_default().iter().fold(sentence.to_owned(), |told, field| {
        let colon = if field.title.ends_with('?') { "" } else { ":" };
        told.replace(&format!("/data/{}: ", field.name), &format!("{}{colon} ", field.title))
    })
}
