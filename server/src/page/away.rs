//! The page about being out of office.

use std::sync::Arc;

use fluxor_engine::ids::PersonId;
use jiff::civil::Date;
use serde::Serialize;

use super::words::{Words, plain, words};
use super::{Here, Reader, render};
use crate::absences::offered::{Choice, Relation, Whom};
use crate::absences::{Listed, State};
use crate::http::asked::Fields;

/// Workflows by name, with their titles.
type Titles = [(Arc<str>, Arc<str>)];

/// An absence that is noted.
#[derive(Debug, Serialize)]
struct Noted {
    id: String,
    who: String,
    substitute: String,
    when: String,
    state: &'static str,
    limits: Option<String>,
    note: Option<String>,
    by: Option<String>,
    once: String,
}

/// Something to choose.
#[derive(Debug, Serialize)]
struct Choose {
    value: String,
    label: String,
    chosen: bool,
    /// What goes with it: who stands in for a person, usually.
    usual: String,
}

impl Choose {
    const fn plain(value: String, label: String, chosen: bool) -> Self {
        Self { value, label, chosen, usual: String::new() }
    }
}

/// The page.
#[derive(Debug, Serialize)]
pub(crate) struct Away {
    noted: Vec<Noted>,
    whom: Vec<Choose>,
    when: Vec<Choose>,
    people: Vec<Choose>,
    workflows: Vec<Choose>,
    category: String,
    max_amount: String,
    /// Whether it was limited to a part of what is asked.
    is_limited: bool,
    substitute: String,
    from: String,
    back: String,
    note: String,
    failed: Option<String>,
    once: String,
    today: String,
    /// A word on what has just been done.
    done: Option<&'static str>,
    warned: Vec<String>,
}

impl Away {
    pub(crate) fn new(
        listed: &[Listed],
        whom: &[Whom],
        (choices, today): (&[Choice], Date),
        (active, workflows): (Vec<PersonId>, &Titles),
        (typed, failed, once): (&Fields, Option<&str>, String),
        speak: &Words,
    ) -> Self {
        let typed_or = |name: &str, usual: &str| typed.get(name).unwrap_or(usual).to_owned();
        let own = whom.iter().find(|one| one.relation == Relation::Oneself).map_or("", |one| one.person.as_str());
        let chosen = typed_or("person", own);
        let usual = |one: &Whom| one.substitute.as_ref().map_or(String::new(), ToString::to_string);
        let substitute = whom.iter().find(|one| one.person.as_str() == chosen).map_or(String::new(), usual);
        let when = typed_or("when", choices.first().map_or("", |choice| choice.name));
        let [workflow, category, max_amount] = ["workflow", "category", "max_amount"].map(|name| typed_or(name, ""));
        let noted = |(at, one): (usize, &Listed)| Noted::of(one, format!("{once}-{at}"), (workflows, speak));
        let all = std::iter::once((String::new(), "Everything".to_owned()));
        let each = workflows.iter().map(|(name, title)| (name.to_string(), title.to_string()));
        Self {
            noted: listed.iter().enumerate().map(noted).collect(),
            is_limited: [&workflow, &category, &max_amount].iter().any(|text| !text.is_empty()),
            workflows: all
                .chain(each)
                .map(|(name, title)| {
                    let chosen = name == workflow;
                    Choose::plain(name, title, chosen)
                })
                .collect(),
            category,
            max_amount,
            whom: whom
                .iter()
                .map(|one| Choose {
                    label: match one.relation {
                        Relation::Oneself => format!("{} (me)", one.name),
                        Relation::Report | Relation::Other => one.name.clone(),
                    },
                    chosen: one.person.as_str() == chosen,
                    value: one.person.to_string(),
                    usual: usual(one),
                })
                .collect(),
            when: choices
                .iter()
                .map(|choice| {
                    let label = match choice.until {
                        Some(until) => format!("{} (back on {})", choice.title, day(until)),
                        None => choice.title.to_owned(),
                    };
                    Choose::plain(choice.name.to_owned(), label, choice.name == when)
                })
                .collect(),
            people: active.iter().map(|id| Choose::plain(id.to_string(), speak.name(id), false)).collect(),
            // What was sent empty is shown empty.
            substitute: if typed.0.iter().any(|(name, _)| name == "substitute") {
                typed_or("substitute", "")
            } else {
                substitute
            },
            from: typed_or("from", &today.to_string()),
            back: typed_or("back", ""),
            note: typed_or("note", ""),
            failed: failed.map(plain),
            once,
            today: day(today),
            done: None,
            warned: Vec::new(),
        }
    }

    /// With a word on what has just been done, and what may surprise in it.
    pub(crate) fn saying(self, done: Option<&'static str>, warned: &[String], speak: &Words) -> Self {
        let warned = warned.iter().map(|warning| plain(&speak.named(&with_days(warning)))).collect();
        Self { done, warned, ..self }
    }

    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, reader: &Reader) -> anyhow::Result<String> {
        render("away", "Out of office", Here::Elsewhere, reader, self)
    }
}

impl Noted {
    fn of(one: &Listed, once: String, (workflows, speak): (&Titles, &Words)) -> Self {
        let when = match (one.from, one.until) {
            (Some(from), Some(until)) => format!("from {}, back on {}", day(from), day(until)),
            (Some(from), None) => format!("from {} until it is ended", day(from)),
            (None, Some(until)) => format!("back on {}", day(until)),
            (None, None) => "until it is ended".to_owned(),
        };
        let titled = |name: &Arc<str>| {
            let known = workflows.iter().find(|(known, _)| known == name);
            known.map_or_else(|| words(name), |(_, title)| title.to_string())
        };
        let limits = [
            one.workflow.as_ref().map(|workflow| format!("only in “{}”", titled(workflow))),
            one.category.as_ref().map(|category| format!("only in the category {category}")),
            one.max_amount.map(|most| format!("only up to {}", speak.value(&most.to_string().into()))),
        ];
        let limits: Vec<String> = limits.into_iter().flatten().collect();
        Self {
            id: one.id.to_string(),
            who: speak.name(&one.person),
            substitute: speak.name(&one.substitute),
            when,
            state: match one.state {
                State::ToCome => "to come",
                State::Current => "now",
                State::Over => "over",
            },
            limits: Some(limits.join(", ")).filter(|limits| !limits.is_empty()),
            note: one.note.as_ref().map(ToString::to_string),
            by: one.noted_by.as_ref().map(|by| speak.name(by)),
            once,
        }
    }
}

/// `Mon, 9 Mar 2026`.
pub(crate) fn day(date: Date) -> String {
    date.strftime("%a, %-d %b %Y").to_string()
}

/// A sentence with the days in it as this page writes them.
fn with_days(sentence: &str) -> String {
    let word = |word: &str| {
        let date = word.trim_end_matches([':', ',', '.', ';']);
        let known = date.parse::<Date>().ok().filter(|_| date.len() == "2026-03-09".len());
        known.map_or_else(|| word.to_owned(), |known| word.replacen(date, &day(known), 1))
    };
    sentence.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_sentences_are_those_of_the_page() {
        let told = with_days("`dan` is away as well from 2026-03-12 to 2026-03-13: then `bob` stands in, 2026-3 x.");
        assert_eq!(
            told,
            "`dan` is away as well from Thu, 12 Mar 2026 to Fri, 13 Mar 2026: then `bob` stands in, 2026-3 x."
        );
    }
}
