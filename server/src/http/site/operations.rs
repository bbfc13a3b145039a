//! Instances by state, and their repairs, for those who run the server: each repair is previewed before it is done.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use fluxor_engine::command::{Answer, Command, Repair, Verb};
use fluxor_engine::decide::{Mending, Possible, is_own_matter};
use fluxor_engine::definition::chart::Definition;
use fluxor_engine::ids::{InstanceId, TaskId, TenantId};
use fluxor_engine::instance::{Document, Instance, Status};
use fluxor_engine::store::InstancePage;
use serde::Deserialize;
use serde_json::Value;

use super::super::act::{Act, Decision, bounded};
use super::super::asked::Fields;
use super::super::extract::{Path, Query};
use super::super::problem::Problem;
use super::document::people;
use super::meant::{self, clear};
use super::named;
use super::outcome::WAITS;
use super::{Visitor, html, onward, refused};
use crate::app::App;
use crate::desk::Paper;
use crate::page::{Operations, RefusedFile, Repairs, Tried, Words, data, nobody, plain, would};
use crate::repairs::{TO_BE_GIVEN, asking};
use crate::secret;

/// Rows of a page.
const ROWS: usize = 50;

/// Which instances.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    workflow: Option<String>,
    state: Option<String>,
    status: Option<String>,
    incident: Option<String>,
    key: Option<String>,
    after: Option<InstanceId>,
}

/// What has just been done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    done: Option<String>,
}

/// Nobody else sees what waits where.
fn administers(visitor: &Visitor) -> Result<(), Problem> {
    if visitor.administers {
        return Ok(());
    }
    Err(Problem::not_allowed("a session with administrator rights, or the role `administrator`"))
}

/// Instances by state.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    administers(&visitor)?;
    let tenant = visitor.caller.tenant();
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(Arc::from);
    let status = match given(&which.status) {
        None => None,
        Some(text) => Some(Status::parse(&text).ok_or_else(|| {
            Problem::new("invalid_query", format!("status: there is no `{text}`; write active, incident or final."))
        })?),
    };
    let counts = app.desk().counts(tenant).await?;
    let page = InstancePage {
        tenant,
        workflow: given(&which.workflow),
        state: given(&which.state),
        status,
        key: given(&which.key),
        incident: given(&which.incident),
        after: which.after,
        limit: i64::try_from(ROWS + 1).unwrap_or(51),
    };
    let mut rows = app.desk().instances(page.clone()).await?;
    if rows.is_empty() {
        rows = named::named(&app, &page).await?;
    }
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let versions = versions(&app, tenant, &rows).await?;
    let title = |workflow: &str| {
        let own: Vec<_> = versions.iter().filter(|version| *version.name == *workflow).cloned().collect();
        if own.is_empty() { app.desk().definition(workflow).into_iter().collect() } else { own }
    };
    // Definitions are the server's: who administers another tenant cannot mend them.
    let reloads = app.reloads().filter(|_| tenant == app.limits().operator());
    let refused = RefusedFile::of(&reloads.map_or_else(Default::default, |reloads| reloads.troubles()));
    let shown = Operations::new(&counts, (&rows, more), &page, refused, &title, &visitor.words);
    html(shown.page(&visitor.reader()))
}

/// The definitions that live instances have, and these.
async fn versions(app: &App, tenant: TenantId, rows: &[Instance]) -> Result<Vec<Arc<Definition>>, Problem> {
    let live = app.desk().pinned_counts(tenant).await?;
    let hashes = live.iter().map(|one| one.definition).chain(rows.iter().map(|row| row.definition));
    let mut found = Vec::new();
    for hash in hashes.collect::<BTreeSet<_>>() {
        found.extend(app.desk().definition_by(hash).await?);
    }
    found.sort_by_key(|version: &Arc<Definition>| version.version);
    Ok(found)
}

/// One instance, and how it can be repaired.
pub(super) async fn instance(
    State(app): State<App>,
    visitor: Visitor,
    Path((id,)): Path<(InstanceId,)>,
    Query(said): Query<Said>,
) -> Result<Response, Problem> {
    administers(&visitor)?;
    html(page(&app, &visitor, id, Tried { done: said.done, ..Tried::default() }).await?)
}

async fn page(app: &App, visitor: &Visitor, id: InstanceId, tried: Tried) -> Result<anyhow::Result<String>, Problem> {
    let possible = possible(app, visitor, id).await?;
    let paper = app.desk().paper(visitor.caller.tenant(), id).await?;
    let once = secret::public_id(&app.random());
    let known = people(&paper.organisation.organisation, paper.now);
    let people = (visitor.person(), known);
    Ok(Repairs::new((&paper, &possible), people, tried, once, &visitor.words).page(&visitor.reader()))
}

/// What somebody who runs the server may do about a document that is stuck, as the way there says: in a matter of his own he may only
/// have tried again what failed, where that helps.
pub(super) async fn mends(app: &App, visitor: &Visitor, paper: &Paper) -> Result<&'static str, Problem> {
    let at = (&*paper.organisation, paper.now);
    if !is_own_matter((&paper.definition, &paper.instance), at, visitor.person()) {
        return Ok("Repair it");
    }
    if paper.instance.status != Status::Incident {
        return Ok("");
    }
    let possible = possible(app, visitor, paper.instance.id).await?;
    let helps = possible.incidents.iter().any(|incident| incident.retry.possible);
    Ok(if helps { "Have it tried again" } else { "See what would help" })
}

async fn possible(app: &App, visitor: &Visitor, id: InstanceId) -> Result<Possible, Problem> {
    let verb = Verb::Repair { instance: id, repair: Repair::Cancel, reason: String::new(), state_revision: None };
    let command = asking(visitor.caller.tenant(), visitor.caller.actor(), verb);
    Ok(app.desk().repairs_possible(command).await?)
}

/// Previews a repair, or does it.
pub(super) async fn repair(
    State(app): State<App>,
    visitor: Visitor,
    Path((id,)): Path<(InstanceId,)>,
    fields: Fields,
) -> Result<Response, Problem> {
    administers(&visitor)?;
    let typed: HashMap<String, String> = fields.0.iter().cloned().collect();
    let shown = |would, failed| Tried { typed, would, failed, done: None };
    let possible = possible(&app, &visitor, id).await?;
    let asked = asked((&possible, id), &fields, &visitor.words);
    let does = fields.get("step") == Some("do");
    let failed = match asked {
        Ok(repair) if does => match done(&app, &visitor, (id, repair.clone()), &fields).await {
            Ok(answer) => {
                let before = &possible.incidents;
                let came = match repair {
                    Asked::Instance(Repair::Cancel) => "ended",
                    _ if same(&app, &visitor, before, (&answer, &repair)).await? => "same",
                    _ => "repaired",
                };
                return Ok(onward(&format!("/operations/{id}?done={came}")));
            }
            // What it would do stays, for whoever only forgot to say why.
            Err(problem) => (problem, preview(&app, &visitor, (id, repair), &fields).await.unwrap_or_default()),
        },
        Ok(repair) => match preview(&app, &visitor, (id, repair), &fields).await {
            Ok(lines) => return html(page(&app, &visitor, id, shown(lines, None)).await?),
            Err(problem) => (problem, Vec::new()),
        },
        Err(problem) => (problem, Vec::new()),
    };
    let (problem, lines) = failed;
    let told = problem.errors().unwrap_or_default();
    let told = told
        .into_iter()
        .filter(|(_, why)| !problem.detail().contains(why.as_str()))
        .fold(problem.detail().to_owned(), |told, (at, why)| format!("{told} {at}: {why}."));
    let told = nobody(&told, Some(&visitor.words));
    let text = page(&app, &visitor, id, shown(lines, Some(plain(&told)))).await?;
    refused(&problem, text)
}

/// What a repair would do.
async fn preview(
    app: &App,
    visitor: &Visitor,
    (instance, asked): (InstanceId, Asked),
    fields: &Fields,
) -> Result<Vec<String>, Problem> {
    let reason = fields.get("reason").unwrap_or(TO_BE_GIVEN).to_owned();
    let command = asking(visitor.caller.tenant(), visitor.caller.actor(), asked.verb(instance, reason, fields)?);
    let preview = app.desk().preview_repair(command).await?;
    let paper = app.desk().paper(visitor.caller.tenant(), instance).await?;
    let aim = fields.get("to").filter(|_| fields.get("repair") == Some("move"));
    Ok(would(&preview, aim, &paper, &visitor.words))
}

/// Does a repair.
async fn done(
    app: &App,
    visitor: &Visitor,
    (instance, asked): (InstanceId, Asked),
    fields: &Fields,
) -> Result<Answer, Problem> {
    if fields.get("state_revision").is_none() {
        return Err(Problem::invalid("/state_revision", "this form lacks what it was made for: load the page again"));
    }
    let reason = fields.get("reason").unwrap_or_default().to_owned();
    let verb = asked.verb(instance, reason, fields)?;
    let command: Command = fields.command(&visitor.caller, &format!("/operations/{instance}"), verb)?;
    Ok(app.submit(command).await?.answer)
}

/// Whether what was tried again came to what it had come to before.
async fn same(
    app: &App,
    visitor: &Visitor,
    before: &[Mending],
    (answer, asked): (&Answer, &Asked),
) -> Result<bool, Problem> {
    let Some(id) = answer.instance.filter(|_| answer.status == Some(Status::Incident)) else { return Ok(false) };
    let meant = before.iter().filter(|incident| asked.tries_again(incident));
    let paper = app.desk().paper(visitor.caller.tenant(), id).await?;
    let after = || paper.instance.detail.incidents().map(|now| (&now.at, &now.code, &now.message));
    Ok(meant.map(|one| (&one.at, &one.code, &one.message)).any(|one| after().any(|now| now == one)))
}

/// What a form asks for.
#[derive(Clone, Debug)]
enum Asked {
    /// A repair of the instance.
    Instance(Repair),
    /// A repair of the review of a task.
    Review(TaskId, Box<Decision>),
}

impl Asked {
    /// Whether it does once more what made an incident.
    fn tries_again(&self, incident: &Mending) -> bool {
        match self {
            Self::Instance(Repair::Retry { at }) => at.is_none() || *at == incident.at,
            Self::Instance(_) => false,
            Self::Review(..) => *incident.code == *WAITS,
        }
    }

    /// As it is asked of the engine, for this reason.
    fn verb(self, instance: InstanceId, reason: String, fields: &Fields) -> Result<Verb, Problem> {
        match self {
            Self::Instance(repair) => {
                bounded("/reason", Some(reason.as_str()))?;
                let state_revision = fields.get("state_revision").and_then(|revision| revision.parse().ok());
                Ok(Verb::Repair { instance, repair, reason, state_revision })
            }
            Self::Review(task, decision) => {
                let etag = fields.get("etag").map(str::to_owned);
                Decision { reason: Some(reason), ..*decision }.verb(task, etag)
            }
        }
    }
}

/// What the form asks for.
fn asked((possible, instance): (&Possible, InstanceId), fields: &Fields, speak: &Words) -> Result<Asked, Problem> {
    let at: Option<Arc<str>> = fields.get("at").map(Arc::from);
    let typed: HashMap<String, String> = fields.0.iter().cloned().collect();
    Ok(Asked::Instance(match fields.get("repair").unwrap_or_default() {
        "retry" => Repair::Retry { at },
        "skip" => {
            let incident = possible.incidents.iter().find(|incident| incident.at == at);
            let asked = incident.map(|incident| &*incident.payload).unwrap_or_default();
            let types = || asked.iter().map(|(name, ty)| (&**name, &**ty));
            clear(types(), &typed, speak)?;
            Repair::Skip { at, payload: data(types(), &typed, speak) }
        }
        "move" => Repair::Move { to: fields.get("to").unwrap_or_default().into() },
        "set_data" => {
            let field = fields.get("field").unwrap_or_default();
            let Some(known) = possible.set_data.iter().find(|known| *known.field == *field) else {
                return Err(Problem::invalid("/field", "choose a field of the document"));
            };
            let typed = HashMap::from([(format!("data.{field}"), fields.get("value").unwrap_or_default().to_owned())]);
            clear([(field, &*known.ty)], &typed, speak)?;
            let mut set: Document = data([(field, &*known.ty)], &typed, speak);
            set.entry(field.to_owned()).or_insert(Value::Null);
            Repair::SetData { set }
        }
        "cancel" => Repair::Cancel,
        action @ ("assign" | "restart") => return review(action, instance, fields, speak),
        _ => return Err(Problem::invalid("/repair", "this is no repair: load the page again")),
    }))
}

/// A repair of a review.
fn review(action: &str, instance: InstanceId, fields: &Fields, speak: &Words) -> Result<Asked, Problem> {
    let task = fields.get("task").and_then(|task| task.parse::<TaskId>().ok());
    let Some(task) = task.filter(|task| task.instance == instance) else {
        return Err(Problem::invalid("/task", "this form lacks its task: load the page again"));
    };
    let decision = Decision { action: Some(action.into()), ..Decision::of(Act::Repair) };
    if action == "restart" {
        return Ok(Asked::Review(task, Box::new(decision)));
    }
    let Some(to) = meant::person(fields, "person", speak)? else {
        return Err(Problem::invalid("/person", "say who is to decide"));
    };
    let decision = Decision { step: fields.get("seat").map(Into::into), to: Some(to), ..decision };
    Ok(Asked::Review(task, Box::new(decision)))
}
