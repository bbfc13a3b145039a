//! The page of a document and of a task about it, and what the forms of a task ask for.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use fluxor_engine::approval::Organisation;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::Answer;
use fluxor_engine::definition::chart::Definition;
use fluxor_engine::draw::{Dress, Format};
use fluxor_engine::ids::{InstanceId, PersonId, TaskId, TenantId};
use fluxor_engine::instance::{Instance, Status};
use serde::Deserialize;
use serde_json::Value;

use super::super::act::{Act, Decision};
use super::super::asked::Fields;
use super::super::extract::{Path, Query};
use super::super::problem::Problem;
use super::lines;
use super::meant;
use super::outcome::{after, came, told};
use super::past;
use super::since::seen;
use super::together::sent;
use super::{Visitor, html, onward, operations, refused, suppliers};
use crate::app::App;
use crate::desk::TaskView;
use crate::page::{self, Came, Document, Event, Next, Panel, Reader, Refused, Shown, Words};
use crate::secret;

/// Entries of the history that are shown.
pub(super) const ENTRIES: i64 = 100;

/// A form that was sent before and says something else now.
pub(super) const REUSED: &str = "request_reused";

/// What is refused since something was done after somebody had opened the page.
const MOVED_ON: [&str; 5] = ["review_ended", "step_decided", "step_waiting", "seat_taken", "not_approver"];

/// Whose page it is, and where its forms go.
pub(super) struct Place<'a> {
    pub(super) app: &'a App,
    pub(super) visitor: &'a Visitor,
    pub(super) reader: Reader,
    /// Where the forms go.
    pub(super) action: String,
    /// Whether it was opened by a link, which is good for one act.
    pub(super) by_link: bool,
}

/// What has just been done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    done: Option<String>,
    /// What came of it, where it did not end well.
    came: Option<String>,
    /// What became another since this entry is to be shown.
    since: Option<i64>,
}

/// A task, with the document that it is about.
pub(super) async fn task(
    State(app): State<App>,
    visitor: Visitor,
    Path((id,)): Path<(TaskId,)>,
    Query(said): Query<Said>,
) -> Result<Response, Problem> {
    let place = Place::of_session(&app, &visitor, format!("/tasks/{id}"));
    let changed = match said.since {
        Some(since) => Some(place.changed(id.instance, since).await?).filter(|changed| !changed.is_empty()),
        None => None,
    };
    let news = Refused { changed, ..Refused::default() };
    html(place.page(id.instance, Some(id), news, said).await?)
}

/// A document.
pub(super) async fn instance(
    State(app): State<App>,
    visitor: Visitor,
    Path((id,)): Path<(InstanceId,)>,
    Query(said): Query<Said>,
) -> Result<Response, Problem> {
    let place = Place::of_session(&app, &visitor, String::new());
    html(place.page(id, None, Refused::default(), said).await?)
}

/// What a form asks for.
pub(super) async fn act(
    State(app): State<App>,
    visitor: Visitor,
    Path((id,)): Path<(TaskId,)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let place = Place::of_session(&app, &visitor, format!("/tasks/{id}"));
    match place.done(id, &fields, None).await {
        Ok(done) => Ok(onward(&after(&format!("/tasks/{id}"), done.name, done.came))),
        Err(problem) => place.again(id, &fields, problem).await,
    }
}

/// What was done.
pub(super) struct DoneAct {
    pub(super) name: &'static str,
    pub(super) came: Option<Came>,
}

/// The forms' words, and what they mean.
const ACTS: &[(&str, Act, Option<&str>)] = &[
    ("approve", Act::Approve, None),
    ("reject", Act::Reject, None),
    ("abstain", Act::Abstain, None),
    ("request_changes", Act::RequestChanges, None),
    ("ask", Act::Ask, None),
    ("answer", Act::Answer, None),
    ("complete", Act::Complete, None),
    ("delegate", Act::Delegate, None),
    ("reassign", Act::Reassign, None),
    ("add_before", Act::AddApprover, Some("before")),
    ("add_after", Act::AddApprover, Some("after")),
    ("add_watcher", Act::AddWatcher, None),
    ("remind", Act::Remind, None),
];

/// What a form asks for as a decision.
fn decision(fields: &Fields, form: Option<&TaskView>, speak: &Words) -> Result<(&'static str, Decision), Problem> {
    let named = fields.get("act").unwrap_or_default();
    let Some((name, act, position)) = ACTS.iter().find(|(name, ..)| *name == named) else {
        return Err(Problem::invalid(
            "/act",
            "this is no act of this page: load it again, then press one of its buttons",
        ));
    };
    let (step, behalf) = fields.get("seat").and_then(|seat| seat.split_once('@')).unwrap_or_default();
    let step = Some(step).filter(|step| !step.is_empty()).or_else(|| fields.get("step"));
    let behalf = Some(behalf).filter(|behalf| !behalf.is_empty()).map(PersonId::from);
    let to = meant::person(fields, "to", speak)?;
    if to.is_none() && matches!(act, Act::Delegate | Act::Reassign | Act::AddApprover | Act::AddWatcher) {
        return Err(Problem::invalid("/to", "say who it is, by id or full name"));
    }
    let reason = fields.get("reason").map(str::to_owned);
    let blank = Decision::of(*act);
    let step = step.map(Into::into);
    Ok((
        name,
        match act {
            Act::Complete => {
                let form = form.and_then(|task| task.form.as_deref());
                let types = form.into_iter().flatten().map(|field| (&*field.name, &*field.ty));
                let data = form.map(|_| page::data(types, &typed(fields), speak));
                Decision { on_behalf_of: behalf, data, ..blank }
            }
            Act::Delegate | Act::Reassign => Decision { step, to, ..blank },
            Act::AddApprover => {
                Decision { step, person: to, position: position.map(Into::into), on_behalf_of: behalf, ..blank }
            }
            Act::AddWatcher => Decision { person: to, ..blank },
            Act::Remind => Decision { step, ..blank },
            Act::Answer => {
                Decision { reason, question: fields.get("question").and_then(|id| id.parse().ok()), ..blank }
            }
            _ => Decision { step, reason, on_behalf_of: behalf, ..blank },
        },
    ))
}

/// Where it is not clear what was typed into the form of a task.
fn doubts(task: &TaskView, fields: &Fields, speak: &Words) -> Vec<(String, String)> {
    let form = task.form.iter().flatten().map(|field| (&*field.name, &*field.ty));
    page::unclear(form, &typed(fields), speak)
}

/// What came of a reminder: within an hour of another nobody is written to.
async fn reminded(app: &App, tenant: TenantId, answer: &Answer) -> Result<&'static str, Problem> {
    let Some(id) = answer.instance else { return Ok("remind") };
    let entries = app.desk().entries(tenant, id.into(), answer.seq - 1, 1).await?;
    let body = entries.first().and_then(|entry| serde_json::from_str::<Value>(&entry.body).ok()).unwrap_or_default();
    let told = body["notices"].as_array().is_some_and(|notices| !notices.is_empty());
    Ok(if told { "remind" } else { "remind_again" })
}

/// What was typed, by field.
pub(super) fn typed(fields: &Fields) -> HashMap<String, String> {
    fields.0.iter().cloned().collect()
}

impl<'a> Place<'a> {
    pub(super) fn of_session(app: &'a App, visitor: &'a Visitor, action: String) -> Self {
        Self { app, visitor, reader: visitor.reader(), action, by_link: false }
    }

    /// Of whoever has a link, which is the address of its page.
    pub(super) fn of_link(app: &'a App, visitor: &'a Visitor, link: &str) -> Self {
        Self { app, visitor, reader: visitor.guest(), action: format!("/go/{link}"), by_link: true }
    }

    /// Does what a form asks for. `request`: another id than the form's.
    pub(super) async fn done(&self, id: TaskId, fields: &Fields, request: Option<String>) -> Result<DoneAct, Problem> {
        let caller = &self.visitor.caller;
        let needs_form = fields.get("act") == Some("complete");
        let task = if needs_form { Some(self.app.desk().task(caller.tenant(), id).await?) } else { None };
        let (name, decision) = decision(fields, task.as_ref(), &self.visitor.words)?;
        // A mail that was passed on must not pass rights on.
        if self.by_link && !decision.act.by_link() {
            return Err(Problem::not_allowed("whoever is signed in: a link in a mail decides, asks and answers only"));
        }
        let etag = fields.get("etag").map(str::to_owned);
        let mut command = fields.command(caller, &format!("/tasks/{id}"), decision.verb(id, etag)?)?;
        if let Some(request) = request {
            command.request = request.as_str().into();
        }
        let doubts = task.as_ref().map_or_else(Vec::new, |task| doubts(task, fields, &self.visitor.words));
        let done = sent(self.app, command, doubts).await?;
        let name = if name == "remind" { reminded(self.app, caller.tenant(), &done.answer).await? } else { name };
        Ok(DoneAct { name, came: came(self.app, caller.tenant(), &done.answer).await? })
    }

    /// The page once more, with why it was not done and what was typed.
    pub(super) async fn again(&self, id: TaskId, fields: &Fields, problem: Problem) -> Result<Response, Problem> {
        let code = problem.code();
        let is_stale = matches!(code, "stale_task" | "document_changed" | "task_closed" | "not_submitted");
        let seq = seen(fields);
        let changed = if is_stale { Some(self.changed(id.instance, seq).await?) } else { None };
        let resent = code == REUSED;
        let meanwhile = match is_stale || resent || MOVED_ON.contains(&code) {
            true => self.meanwhile(id.instance, seq).await?,
            false => Vec::new(),
        };
        let why = Refused {
            // Whoever asks gives no reason.
            sentence: match (code, fields.get("act")) {
                ("reason_required", Some("ask")) => "Write what you ask.".to_owned(),
                ("reason_required", Some("answer")) => "Write what you answer.".to_owned(),
                _ => told(&problem),
            },
            errors: problem.errors().unwrap_or_default(),
            typed: typed(fields),
            changed,
            meanwhile,
            resent,
        };
        let text = self.page(id.instance, Some(id), why, Said::default()).await?;
        refused(&problem, text)
    }

    /// What else waits for him.
    async fn next(&self, done: TaskId) -> Result<Option<Next>, Problem> {
        let (desk, caller) = (self.app.desk(), &self.visitor.caller);
        let all = desk.tasks_of(caller.tenant(), caller.person().clone(), None, None, 2).await?;
        let next = all.iter().find(|task| task.id != done);
        Ok(next.map(Next::of))
    }

    /// The page, or what the template says is wrong with it.
    pub(super) async fn page(
        &self,
        id: InstanceId,
        task: Option<TaskId>,
        why: Refused,
        said: Said,
    ) -> Result<anyhow::Result<String>, Problem> {
        let (app, visitor) = (self.app, self.visitor);
        let tenant = visitor.caller.tenant();
        let paper = app.desk().paper(tenant, id).await?;
        let task = match task {
            Some(task) => Some(app.desk().task(tenant, task).await?),
            None => None,
        };
        let order = lines::around(app, tenant, id).await?;
        let lines = order.get("line_items").cloned().unwrap_or(Value::Null);
        let why = why.naming(Some(&visitor.words).filter(|_| !self.by_link));
        let after = (paper.instance.seq - ENTRIES).max(0);
        let entries = app.desk().entries(tenant, id.into(), after, ENTRIES).await?;
        let operator = visitor.administers && !self.by_link;
        let past = page::Past { operator, ..past::past(app, &paper.instance, &entries, after).await? };
        let shown = Shown {
            paper: &paper,
            suppliers: &suppliers::called(app, tenant, &paper).await?,
            order: &order,
            decides: task.as_ref().is_some_and(|task| lines::decides(task, visitor.person())),
            entries: &entries,
            cut: after > 0,
            past: &past,
            beside: past::beside(app, &paper.instance).await,
            picture: picture(app, (paper.instance.as_ref().clone(), paper.definition.clone())).await,
            reader: visitor.person(),
            operator,
            task: task.as_ref(),
        };
        let known = people(&paper.organisation.organisation, paper.now);
        let form = (self.action.clone(), secret::public_id(&app.random()), paper.instance.seq);
        let (sentence, wrote) = (why.sentence.clone(), why.typed.get("reason").cloned());
        let meanwhile = why.meanwhile.clone();
        let events = if self.by_link {
            Vec::new()
        } else {
            Event::all((&paper, &lines), (visitor.person(), &visitor.words), &form.1, &why)
        };
        let panel = task.as_ref().and_then(|task| {
            let panel = Panel::of(task, visitor.person(), form, why, &visitor.words)?;
            let panel = panel.abstaining(page::may_abstain(&paper, task, visitor.person()));
            if self.by_link { panel.by_link() } else { Some(panel) }
        });
        let note = said.done.as_deref().and_then(page::done_in_words);
        let broken = paper.instance.status == Status::Incident;
        let came = said.came.as_deref().and_then(Came::read).filter(|_| broken).map(|came| came.in_words(note));
        let document = Document::new(&shown, panel, &visitor.words);
        let document = match (self.by_link, visitor.administers) {
            (true, _) => document.by_link(task.as_ref()),
            (false, true) => document.with_repairs(operations::mends(app, visitor, &paper).await?),
            (false, false) => document,
        };
        let document = document.offering(events).knowing(known, &visitor.words);
        let document = match (&task, said.done.as_deref()) {
            (Some(task), Some(_)) if !self.by_link => document.going_on(self.next(task.id).await?),
            _ => document,
        };
        Ok(document.failing(sentence, wrote, meanwhile).saying(note, came).page(&self.reader))
    }
}

/// Those who are active.
pub(super) fn people(organisation: &Organisation, now: Timestamp) -> impl Iterator<Item = PersonId> {
    let date = organisation.date(now);
    organisation.parts().people.iter().map(|one| one.id.clone()).filter(move |id| organisation.active(id, date))
}

/// The picture; a page is better without it than not at all.
async fn picture(app: &App, found: (Instance, std::sync::Arc<Definition>)) -> Option<String> {
    let drawn = app.pictures().instance(app.desk(), found, Format::Svg, Dress::Bare).await;
    drawn.map(|picture| picture.to_string()).ok()
}
