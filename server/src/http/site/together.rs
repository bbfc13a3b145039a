//! A form of which it is not clear what is meant, a name that several have, entries that are none: the engine says what else is wrong
//! with it, so that all is told at once.

use fluxor_engine::command::{Command, Verb};
use fluxor_engine::instance::Document;
use fluxor_engine::refusal::Refusal;
use serde_json::Value;

use super::super::problem::Problem;
use crate::app::App;
use crate::desk::{NotDone, Submitted};

/// A field that no workflow has: with it nothing is ever taken.
const STRAY: &str = "\u{1}";

/// Does what a form asks for, unless it is not clear what is meant. `doubts`: where that is, and why.
///
/// # Errors
/// All that is wrong with it.
pub(super) async fn sent(app: &App, mut command: Command, doubts: Vec<(String, String)>) -> Result<Submitted, Problem> {
    if doubts.is_empty() {
        return Ok(app.submit(command).await?);
    }
    let Some(document) = document(&mut command.verb) else { return Err(Refusal::Invalid(doubts).into()) };
    document.insert(STRAY.to_owned(), Value::Null);
    match app.submit(command).await {
        Err(NotDone::Refused(Refusal::Invalid(wrong))) => Err(Refusal::Invalid(together(doubts, wrong)).into()),
        // He may not do it at all, or it was done before.
        other => Ok(other?),
    }
}

/// What a form says, in a command.
const fn document(verb: &mut Verb) -> Option<&mut Document> {
    match verb {
        Verb::Start { input: document, .. }
        | Verb::Signal { payload: document, .. }
        | Verb::Complete { data: document, .. } => Some(document),
        _ => None,
    }
}

/// What is not clear, and what else is wrong: of a field that is not clear nothing else is told.
fn together(doubts: Vec<(String, String)>, wrong: Vec<(String, String)>) -> Vec<(String, String)> {
    let field = |at: &str| at.strip_prefix("/data").unwrap_or(at).to_owned();
    let is_of = |at: &str, doubt: &str| at == doubt || at.strip_prefix(doubt).is_some_and(|rest| rest.starts_with('/'));
    let is_doubtful = |at: &str| doubts.iter().any(|(doubt, _)| is_of(&field(at), &field(doubt)));
    let others = wrong.into_iter().filter(|(at, _)| !at.ends_with(STRAY) && !is_doubtful(at));
    let others: Vec<_> = others.collect();
    doubts.into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_told_once() {
        let told = |all: &[(&str, &str)]| -> Vec<(String, String)> {
            all.iter().map(|(at, why)| ((*at).to_owned(), (*why).to_owned())).collect()
        };
        let doubts = told(&[("/data/seats", "“back” has no name and value")]);
        let wrong = [
            ("/\u{1}", "there is no field"),
            ("/seats", "this is text"),
            ("/seats/front", "this is text"),
            ("/seats_left", "it is missing"),
            ("/data/begins", "it is no instant"),
        ];
        assert_eq!(
            together(doubts.clone(), told(&wrong)),
            told(&[
                ("/data/seats", "“back” has no name and value"),
                ("/seats_left", "it is missing"),
                ("/data/begins", "it is no instant"),
            ])
        );
        assert_eq!(together(doubts.clone(), told(&wrong[..3])), doubts);
    }
}
