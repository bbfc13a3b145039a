//! Out of office: somebody notes for himself, or for his people, who stands in and how long; and ends it.

use axum::extract::State;
use axum::response::Response;
use fluxor_engine::approval::Substitution;
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::ids::PersonId;
use jiff::civil::Date;
use serde::Deserialize;

use super::super::asked::Fields;
use super::super::extract::Query;
use super::super::problem::Problem;
use super::{Visitor, html, onward, refused};
use crate::absences::offered::{choices, people};
use crate::absences::{Asker, listed};
use crate::app::App;
use crate::page::{Away, done_in_words};
use crate::secret;

/// For whom the form is to be.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Whose {
    person: Option<String>,
    /// What has just been done.
    done: Option<String>,
}

/// What is noted, and the form.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(whose): Query<Whose>,
) -> Result<Response, Problem> {
    let typed = whose.person.map(|person| ("person".to_owned(), person));
    let said = Said { done: whose.done.as_deref().and_then(done_in_words), ..Said::default() };
    html(page(&app, &visitor, &Fields(typed.into_iter().collect()), said).await?)
}

/// What the page says first.
#[derive(Default)]
struct Said<'s> {
    done: Option<&'static str>,
    failed: Option<&'s str>,
    /// What may surprise in what was noted.
    warned: Vec<String>,
}

async fn page(app: &App, visitor: &Visitor, typed: &Fields, said: Said<'_>) -> Result<anyhow::Result<String>, Problem> {
    let company = app.desk().company(visitor.caller.tenant()).await?;
    let person = visitor.person();
    let asker =
        if visitor.caller.key().administrator { Asker::Administrator(Some(person)) } else { Asker::Person(person) };
    let today = company.today();
    let active = company.organisation().parts().people.iter().map(|one| &one.id);
    let active = active.filter(|id| company.organisation().active(id, today)).cloned().collect();
    let once = secret::public_id(&app.random());
    let page = Away::new(
        &listed(&company, asker, false),
        &people(&company, asker),
        (&choices(today), today),
        active,
        (typed, said.failed, once),
        &visitor.words,
    );
    Ok(page.saying(said.done, said.warned).page(&visitor.reader()))
}

/// Notes one, or ends one.
pub(super) async fn note(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Problem> {
    let change = match fields.get("end") {
        Some(id) => Ok(Change::Return { id: id.into() }),
        None => absence(&app, &visitor, &fields).await?.map(Change::Absence),
    };
    let done = match change {
        Ok(change) => {
            let command = fields.command(&visitor.caller, "/away", Verb::Change(change))?;
            app.submit(command).await.map_err(Problem::from)
        }
        Err(why) => Err(Problem::invalid("", why)),
    };
    match done {
        Ok(done) => {
            let warned = done.answer.record["warnings"].as_array();
            let warned: Vec<String> =
                warned.into_iter().flatten().filter_map(|one| Some(one.as_str()?.to_owned())).collect();
            if warned.is_empty() {
                return Ok(onward("/away?done=saved"));
            }
            let said = Said { done: done_in_words("saved"), warned, ..Said::default() };
            html(page(&app, &visitor, &Fields(Vec::new()), said).await?)
        }
        Err(problem) => {
            let text =
                page(&app, &visitor, &fields, Said { failed: Some(problem.detail()), ..Said::default() }).await?;
            refused(&problem, text)
        }
    }
}

/// What the form says.
async fn absence(app: &App, visitor: &Visitor, fields: &Fields) -> Result<Result<Substitution, String>, Problem> {
    let today = app.desk().company(visitor.caller.tenant()).await?.today();
    let Some(substitute) = fields.get("substitute").map(|typed| visitor.words.person(typed)) else {
        return Ok(Err("Say who stands in.".to_owned()));
    };
    let chosen = choices(today).into_iter().find(|choice| Some(choice.name) == fields.get("when"));
    let Some(choice) = chosen else { return Ok(Err("Say how long.".to_owned())) };
    let until = match (choice.until, fields.get("back").map(str::parse::<Date>)) {
        (Some(until), _) => Some(until),
        (None, Some(Ok(back))) => Some(back),
        (None, Some(Err(_))) => return Ok(Err("The first day back is a date such as 2026-03-09.".to_owned())),
        (None, None) => None,
    };
    Ok(Ok(Substitution {
        person: fields.get("person").map_or_else(|| visitor.person().clone(), PersonId::from),
        substitute,
        from: Some(choice.from),
        until,
        workflow: None,
        category: None,
        max_amount: None,
        note: fields.get("note").map(Into::into),
        noted_by: None,
    }))
}
