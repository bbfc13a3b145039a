//! Something is said to a document on its page: an event that it takes, and what its form asks for.
//!
//! What must hold: the page of a refusal can be sent again. What its form shows is what stands there now, but for what somebody
//! typed; and what has become another since he opened it is said.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use fluxor_engine::command::Verb;
use fluxor_engine::ids::InstanceId;
use serde_json::{Map, Value};

use super::super::asked::Fields;
use super::super::extract::Path;
use super::super::problem::Problem;
use super::document::{Place, REUSED, Said, typed};
use super::lines;
use super::outcome::{after, came, told};
use super::since::seen;
use super::together::sent;
use super::{Visitor, onward, refused};
use crate::app::App;
use crate::desk::Paper;
use crate::page::{Event, MOVED_ON, Refused, Words, WrongForm, mistaken, unclear, unclear_lines};

const NEEDED: &str = "Something was emptied that must be said.";

/// Tells a document of an event.
pub(super) async fn event(
    State(app): State<App>,
    visitor: Visitor,
    Path((id,)): Path<(InstanceId,)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let place = Place::of_session(&app, &visitor, String::new());
    let tenant = visitor.caller.tenant();
    let paper = app.desk().paper(tenant, id).await?;
    let lines = lines::of(&app, tenant, id).await?;
    let event = fields.get("event").unwrap_or_default();
    let typed = typed(&fields);
    let (payload, rows) = match Event::payload((&paper, &lines), event, (&typed, &visitor.words)) {
        Ok(payload) => payload,
        Err(wrong) => return place.malformed(id, &fields, wrong).await,
    };
    // Where a field is wrong nobody comes to the lines: what is wrong with these is told with it.
    let wrong_lines = payload.get("lines").and_then(mistaken);
    let doubts = doubts((&paper, &lines), event, (&typed, &payload), &visitor.words);
    let verb = Verb::Signal {
        instance: id,
        event: event.into(),
        payload,
        reason: fields.get("reason").map(str::to_owned),
        state_revision: fields.get("state_revision").and_then(|revision| revision.parse().ok()),
    };
    let command = fields.command(&visitor.caller, &format!("/instances/{id}"), verb)?;
    match sent(&app, command, doubts).await {
        Ok(done) => {
            let came = came(&app, tenant, &done.answer).await?;
            Ok(onward(&after(&format!("/instances/{id}"), "said", came)))
        }
        Err(problem) => place.declined(id, &fields, &problem, (&rows, wrong_lines)).await,
    }
}

/// Where it is not clear what was typed for an event: which person is meant, which amount, how many.
fn doubts(
    (paper, lines): (&Paper, &Value),
    event: &str,
    (typed, payload): (&HashMap<String, String>, &Map<String, Value>),
    speak: &Words,
) -> Vec<(String, String)> {
    let Some(declared) = paper.definition.events.get(event) else { return Vec::new() };
    let types = declared.payload.fields.iter().map(|(name, field)| (name.as_str(), field.ty.name()));
    let types: Vec<(&str, String)> = types.collect();
    let mut wrong = unclear(types.iter().map(|(name, ty)| (*name, ty.as_str())), typed, speak);
    wrong.extend(payload.get("lines").map(|sent| unclear_lines(sent, lines)).unwrap_or_default());
    wrong
}

impl Place<'_> {
    /// The page once more, with what is wrong with the form.
    async fn malformed(&self, id: InstanceId, fields: &Fields, wrong: WrongForm) -> Result<Response, Problem> {
        let (problem, needed) = match wrong {
            WrongForm::Stale(why) => (Problem::new("document_changed", why), Vec::new()),
            WrongForm::Empty(why) => (Problem::new("invalid_input", why), Vec::new()),
            WrongForm::Needed(names) => (Problem::new("invalid_input", NEEDED), names),
        };
        let at = |name: String| (format!("/data/{name}"), "it cannot be empty".to_owned());
        let errors = needed.into_iter().map(at).collect();
        let sentence = problem.detail().to_owned();
        let mut why = Refused { sentence, errors, typed: typed(fields), ..Refused::default() };
        self.renewed(id, fields, &mut why).await?;
        refused(&problem, self.page(id, None, why, Said::default()).await?)
    }

    /// The page once more, with why it was not done. `rows`: those of the form that the lines were sent from; and what is wrong with
    /// these by itself.
    async fn declined(
        &self,
        id: InstanceId,
        fields: &Fields,
        problem: &Problem,
        (rows, wrong_lines): (&[usize], Option<String>),
    ) -> Result<Response, Problem> {
        let mut why = Refused {
            sentence: told(problem),
            errors: problem.errors().unwrap_or_default(),
            typed: typed(fields),
            ..Refused::default()
        }
        .and(wrong_lines.filter(|_| problem.errors().is_some()))
        .in_rows(rows);
        match problem.code() {
            // What was done since is his own.
            REUSED => (why.resent, why.meanwhile) = (true, self.meanwhile(id, seen(fields)).await?),
            code => {
                self.renewed(id, fields, &mut why).await?;
                if code == "stale_state" {
                    MOVED_ON.clone_into(&mut why.sentence);
                }
            }
        }
        refused(problem, self.page(id, None, why, Said::default()).await?)
    }
}
