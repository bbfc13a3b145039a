//! Starting something: the list of what somebody may start, and the form of one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use fluxor_engine::command::Verb;
use fluxor_engine::decide::{AtStart, may_start};
use fluxor_engine::definition::chart::{Definition, StateKind};
use fluxor_engine::diagnostic::nearest;
use fluxor_engine::refusal::Refusal;
use fluxor_workflows::{supplier_fields, unit_fields, unknown_unit};
use serde_json::Value;

use super::super::asked::Fields;
use super::super::extract::Path;
use super::super::problem::Problem;
use super::document::people;
use super::outcome::{after, came, told};
use super::together::sent;
use super::{Visitor, html, onward, refused, suppliers};
use crate::app::App;
use crate::desk::Company;
use crate::page::{Already, Beginning, Beginnings, Named, Refused, Supplier, fits, mistaken, unclear, unclear_lines};
use crate::secret;

/// What somebody may start.
pub(super) async fn list(State(app): State<App>, visitor: Visitor) -> Result<Response, Problem> {
    let company = app.desk().company(visitor.caller.tenant()).await?;
    let library = app.desk().library();
    let all: Vec<&Arc<Definition>> = library.names().filter_map(|name| library.current(name)).collect();
    let mut callers: BTreeMap<&str, String> = BTreeMap::new();
    for definition in &all {
        for state in &definition.states {
            if let StateKind::Call(call) = &state.kind {
                callers.entry(&call.workflow.name).or_insert_with(|| definition.title.to_string());
            }
        }
    }
    let may = all.iter().filter(|definition| may_start(definition, &company.at, (visitor.person(), company.now)));
    let ways = may
        .map(|definition| (&***definition, app.desk().at_start(definition), callers.get(&*definition.name).cloned()));
    html(Beginnings::new(ways).page(&visitor.reader()))
}

/// What one is started with.
struct Place<'a> {
    app: &'a App,
    visitor: &'a Visitor,
    company: Company,
    definition: Arc<Definition>,
    asked: AtStart,
    /// The suppliers that its form lists, where it asks for one of the books.
    suppliers: Vec<Supplier>,
}

impl<'a> Place<'a> {
    /// # Errors
    /// There is no such workflow; no form can ask for what it takes; he may not start it.
    async fn of(app: &'a App, visitor: &'a Visitor, workflow: &str) -> Result<Self, Problem> {
        let Some(definition) = app.desk().definition(workflow) else {
            let all = app.desk().workflows();
            let near = nearest(workflow, all.iter().map(|known| &*known.name)).map(Arc::from);
            return Err(Refusal::UnknownWorkflow(workflow.into(), near).into());
        };
        let company = app.desk().company(visitor.caller.tenant()).await?;
        let asked = app.desk().at_start(&definition);
        if !may_start(&definition, &company.at, (visitor.person(), company.now)) {
            return Err(Problem::not_allowed(
                "the role that its definition names: what you may start is listed under New request",
            ));
        }
        if !fits(&asked) {
            let why = format!("No form can ask for what `{workflow}` starts with: a program starts it, over HTTP.");
            return Err(Problem::new("not_found", why));
        }
        let suppliers = match supplier_fields(&definition).as_slice() {
            [] => Vec::new(),
            _ => suppliers::listed(app, visitor.caller.tenant()).await?,
        };
        Ok(Self { app, visitor, company, definition, asked, suppliers })
    }

    /// Fields are looked at first, and where one is wrong nobody comes to the lines, nor to what there must be: what is wrong with
    /// these is told with it.
    fn with_others(&self, mut why: Refused, lines: Option<&Value>) -> Refused {
        for field in unit_fields(&self.definition) {
            let typed = why.typed.get(&format!("data.{field}")).map_or("", |typed| typed.trim());
            let unknown = unknown_unit(self.company.organisation(), typed).filter(|_| !typed.is_empty());
            why.errors.extend(unknown.map(|wrong| (format!("/{field}"), wrong)));
        }
        why.and(lines.and_then(mistaken))
    }

    fn page(&self, why: Refused, already: Option<Already>) -> anyhow::Result<String> {
        let organisation = self.company.organisation();
        let all = &organisation.parts().units;
        let own = all.iter().filter(|unit| unit.roles.values().flatten().any(|one| one == self.visitor.person()));
        let own: Vec<String> = own.map(|unit| unit.id.to_string()).collect();
        let known = people(organisation, self.company.now);
        let once = secret::public_id(&self.app.random());
        let units = all.iter().map(|unit| unit.id.to_string()).collect();
        let of = (&*self.definition, &self.asked);
        let named = Named { people: known, units, own: &own, suppliers: &self.suppliers };
        let words = &self.visitor.words;
        let form = Beginning::new(of, once, named, why.naming(Some(words)), words);
        form.after(already).page(&self.visitor.reader())
    }
}

/// The form of one.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path((workflow,)): Path<(String,)>,
) -> Result<Response, Problem> {
    html(Place::of(&app, &visitor, &workflow).await?.page(Refused::default(), None))
}

/// Starts it, and leads on to it.
pub(super) async fn start(
    State(app): State<App>,
    visitor: Visitor,
    Path((workflow,)): Path<(String,)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let place = Place::of(&app, &visitor, &workflow).await?;
    let typed: HashMap<String, String> = fields.0.iter().cloned().collect();
    if typed.contains_key("more") {
        return html(place.page(Refused { typed, ..Refused::default() }, None));
    }
    let (mut input, rows) = Beginning::input(&place.asked, &typed, &visitor.words);
    let named = supplier_fields(&place.definition);
    let unknown = suppliers::named(&app, visitor.caller.tenant(), &named, &mut input).await?;
    let lines = input.get("lines").filter(|_| place.asked.own.iter().any(|own| **own == *"lines")).cloned();
    let verb = Verb::Start { workflow: workflow.as_str().into(), key: None, input };
    let command = fields.command(&visitor.caller, &format!("/new/{workflow}"), verb)?;
    let types: Vec<(&str, String)> = place.asked.fields.iter().map(|(name, one)| (&**name, one.ty.name())).collect();
    let mut doubts = unclear(types.iter().map(|(name, ty)| (*name, ty.as_str())), &typed, &visitor.words);
    doubts.extend(lines.as_ref().map(|lines| unclear_lines(lines, &Value::Null)).unwrap_or_default());
    let problem = match sent(&app, command, doubts).await {
        Ok(done) => match done.answer.instance {
            Some(id) => {
                let came = came(&app, visitor.caller.tenant(), &done.answer).await?;
                return Ok(onward(&after(&format!("/instances/{id}"), "started", came)));
            }
            None => return Err(Problem::internal()),
        },
        Err(problem) => problem,
    };
    let why =
        Refused { sentence: told(&problem), errors: problem.errors().unwrap_or_default(), typed, ..Refused::default() };
    let why = suppliers::told(why, &unknown);
    let why = if problem.errors().is_some() { place.with_others(why, lines.as_ref()) } else { why };
    let already = match (problem.code(), problem.existing()) {
        (code @ ("request_reused" | "key_reused" | "key_taken"), Some(id)) => {
            let paper = app.desk().paper(visitor.caller.tenant(), id).await?;
            let already = Already::of(&paper, &visitor.words);
            Some(if code == "request_reused" { already } else { already.by_key(&paper) })
        }
        _ => None,
    };
    refused(&problem, place.page(why.in_rows(&rows), already))
}
