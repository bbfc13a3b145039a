//! Why a form was refused: what is said above it, at its fields, and of what was done meanwhile.

use std::collections::HashMap;

use fluxor_engine::decide::AskedFor;

use super::nobody::nobody;
use super::rows::placed;
use super::timeline::Change;
use super::words::{Words, place, plain};

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

    /// With what an action said of places of the form beside the other mistakes; what its sentence says of none stays there. Of a
    /// place of which something is wrong already nothing else is told.
    pub(super) fn sorted(self) -> Self {
        let of = |at: &str| at.strip_prefix("/data").unwrap_or(at).to_owned();
        let is_known = |at: &str| self.errors.iter().any(|(known, _)| of(known) == of(at));
        let (mut errors, mut rest) = (Vec::new(), Vec::new());
        for part in parts(&self.sentence) {
            match part.split_once(": ").filter(|(at, _)| at.starts_with('/') && !at.contains(' ')) {
                Some((at, _)) if is_known(at) => {}
                Some((at, why)) => errors.push((at.to_owned(), why.to_owned())),
                None => rest.push(part),
            }
        }
        Self { sentence: rest.join("; "), errors: [self.errors, errors].concat(), ..self }
    }

    /// With what else is wrong, if it is: a sentence that begins with a place.
    pub(crate) fn and(self, wrong: Option<String>) -> Self {
        let Some(wrong) = wrong else { return self };
        Self { sentence: format!("{}; {wrong}", self.sentence.trim_end_matches('.')), ..self }
    }

    /// With the rows of the form in the place of the lines that were sent.
    pub(crate) fn in_rows(self, rows: &[usize]) -> Self {
        let errors = self.errors.iter().map(|(at, why)| (placed(at, rows), placed(why, rows))).collect();
        Self { sentence: placed(&self.sentence, rows), errors, ..self }
    }

    /// The sentence, and what is wrong with each place. `called`: what the form calls a place, if it has a name of its own for it.
    pub(super) fn told(&self, called: impl Fn(&str) -> Option<String>) -> String {
        // What the sentence says already is not said twice.
        let unsaid = self.errors.iter().filter(|(_, why)| !self.sentence.contains(why));
        let errors = unsaid.map(|(at, why)| {
            let name = called(at).unwrap_or_else(|| place(at));
            let colon = if name.ends_with('?') { "" } else { ":" };
            ended(&format!("{name}{colon} {}", plain(why)))
        });
        let first = Some(ended(&plain(&self.at_form()))).filter(|said| !said.is_empty());
        first.into_iter().chain(errors).collect::<Vec<_>>().join(" ")
    }
}

/// A sentence with its end.
fn ended(sentence: &str) -> String {
    let end = if sentence.is_empty() || sentence.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{sentence}{end}")
}

/// What a sentence says of one place after another. What follows a semicolon within is of the same: `; did you mean ...`.
fn parts(sentence: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in sentence.split("; ") {
        match parts.last_mut().filter(|_| !part.starts_with('/')) {
            Some(last) => last.extend(["; ", part]),
            None => parts.push(part.to_owned()),
        }
    }
    parts
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(sentence: &str, errors: &[(&str, &str)]) -> Refused {
        let errors = errors.iter().map(|(at, why)| ((*at).to_owned(), (*why).to_owned())).collect();
        Refused { sentence: sentence.to_owned(), errors, ..Refused::default() }
    }

    #[test]
    fn mistakes_stand_at_their_places() {
        let why = |sentence: &str, errors: &[(&str, &str)]| {
            let Refused { sentence, errors, .. } = refused(sentence, errors).sorted();
            (sentence, errors)
        };
        let told = |all: &[(&str, &str)]| refused("", all).errors;
        let both = told(&[("/note", "the text is empty"), ("/lines/0/unit", "what")]);
        assert_eq!(why("/note: the text is empty; /lines/0/unit: what", &[]), (String::new(), both));
        let hint = [("/note", "no unit `IT`; did you mean `it`?")];
        assert_eq!(why("/note: no unit `IT`; did you mean `it`?", &[]), (String::new(), told(&hint)));
        let known = [("/data/note", "it is missing"), ("/key", "it is missing")];
        assert_eq!(why("Wrong.", &known), ("Wrong.".to_owned(), told(&known)));
        assert_eq!(why("/note: `note` is missing; /key: it is missing", &known), (String::new(), told(&known)));
    }

    #[test]
    fn each_sentence_has_its_place_and_its_end() {
        let all = [
            ("/supplier", "`supplier` is missing: it takes a value of type text"),
            ("/lines/1/price", "“4.000 EUR” may mean two amounts: write “4000 EUR” or “4.00 EUR”"),
            ("/data/unit", "the organisation has no unit `ti`; did you mean `it`?"),
        ];
        let called = |at: &str| (at == "/lines/1/price").then(|| "First new line, price".to_owned());
        assert_eq!(
            refused("Something else", &all).told(called),
            "Something else. Supplier: it must be given. First new line, price: “4.000 EUR” may mean two amounts: write “4000 EUR” \
             or “4.00 EUR”. Unit: the organisation has no unit `ti`; did you mean `it`?"
        );
        assert_eq!(refused("", &[]).told(called), "");
    }

    #[test]
    fn lines_that_were_sent_are_those_of_the_form() {
        let Refused { sentence, errors, .. } =
            refused("/lines/1/unit: what; /lines/7", &[("/lines/0/price", "it is none")]).in_rows(&[1, 3]);
        assert_eq!(sentence, "/lines/3/unit: what; /lines/7");
        assert_eq!(errors, refused("", &[("/lines/1/price", "it is none")]).errors);
    }
}
