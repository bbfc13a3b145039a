//! The definitions that are in force, and loading them again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::definition::{Definition, Library};
use fluxor_engine::diagnostic;
use fluxor_engine::instance::Document;
use fluxor_engine::refusal::Refusal;
use fluxor_engine::store::PinnedCount;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::asked::{Asked, Asking, ChangeHeaders};
use super::auth::Caller;
use super::extract::Path;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::reload::{ACTION, Cause, RECORD, Reloaded, Trouble};

/// The definitions in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Definitions {
    /// By name.
    items: Vec<InForce>,
    /// What live instances are pinned to though no file defines their workflow any more.
    gone: Vec<Pinned>,
    /// What is refused on disk: what was in force before stays.
    refused: Vec<Trouble>,
}

/// A definition in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DefinitionInForce)]
pub(crate) struct InForce {
    name: String,
    title: String,
    /// For people; the hash is the identity.
    version: u32,
    /// What new instances are pinned to.
    hash: String,
    file: String,
    /// Since when this server has it in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// Its live instances, those that began with an older definition too.
    live: Vec<Pinned>,
    /// What is wrong with the file as it is on disk now, the first of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// How many live instances are pinned to a definition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PinnedInstances)]
pub(crate) struct Pinned {
    workflow: String,
    hash: String,
    /// Missing: this program cannot load it.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// Whether new instances are pinned to it.
    in_force: bool,
    count: i64,
}

/// A definition with its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DefinitionShown {
    #[serde(flatten)]
    told: InForce,
    /// The text of the file as it is in force.
    source: String,
    /// Why the file as it is on disk now is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Trouble>,
}

/// How definitions are loaded again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Again {
    /// Nothing is put in force: the answer says what would become of each file.
    #[serde(default)]
    dry_run: bool,
}

/// What is told beside the library.
struct Beside {
    library: Arc<Library>,
    counts: Vec<PinnedCount>,
    refused: Vec<Trouble>,
}

impl Beside {
    async fn new(app: &App, caller: &Caller) -> Result<Self, Problem> {
        let counts = app.desk().pinned_counts(caller.tenant()).await?;
        let refused = app.reloads().map_or_else(Default::default, |reloads| reloads.troubles());
        // What stands in a file that is refused is for those who mend it: it may be no definition at all.
        let refused = if caller.key().administrator { refused.to_vec() } else { Vec::new() };
        Ok(Self { library: app.desk().library(), counts, refused })
    }

    fn pinned(&self, of: impl Fn(&str) -> bool) -> Vec<Pinned> {
        let pinned = |count: &PinnedCount| Pinned {
            workflow: count.workflow.to_string(),
            hash: count.definition.to_string(),
            version: self.library.pinned(count.definition).map(|definition| definition.version),
            in_force: self.library.current(&count.workflow).is_some_and(|now| now.hash == count.definition),
            count: count.count,
        };
        self.counts.iter().filter(|count| of(&count.workflow)).map(pinned).collect()
    }

    fn told(&self, app: &App, definition: &Definition) -> InForce {
        let name = &definition.name;
        let file = self.library.path(name).map_or_else(String::new, |path| match app.reloads() {
            Some(reloads) => reloads.short(path),
            None => path.to_string(),
        });
        let since = self.library.since(name).or_else(|| app.reloads().map(|reloads| reloads.started()));
        InForce {
            name: name.to_string(),
            title: definition.title.to_string(),
            version: definition.version,
            hash: definition.hash.to_string(),
            since: since.map(|since| since.to_string()),
            live: self.pinned(|workflow| *workflow == **name),
            error: self.refused.iter().find(|trouble| trouble.file == file).map(|trouble| trouble.first().to_owned()),
            file,
        }
    }
}

/// List the definitions in force, and what is refused.
#[utoipa::path(get, path = "/v1/definitions", tag = "workflows",
    responses((status = 200, body = Definitions), Problems))]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Definitions>, Problem> {
    let beside = Beside::new(&app, &caller).await?;
    let library = &beside.library;
    let definitions = library.names().filter_map(|name| library.current(name));
    let items = definitions.map(|definition| beside.told(&app, definition)).collect();
    let gone = beside.pinned(|workflow| library.current(workflow).is_none());
    Ok(Json(Definitions { items, gone, refused: beside.refused }))
}

/// Show a definition in force with its text; its hash is the etag.
#[utoipa::path(get, path = "/v1/definitions/{name}", tag = "workflows", params(("name" = String, Path)),
    responses((status = 200, body = DefinitionShown), Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path((name,)): Path<(String,)>,
) -> Result<([(HeaderName, String); 1], Json<DefinitionShown>), Problem> {
    let mut beside = Beside::new(&app, &caller).await?;
    let Some(definition) = beside.library.current(&name).cloned() else {
        let near = diagnostic::nearest(&name, beside.library.names().map(AsRef::as_ref)).map(Into::into);
        return Err(Refusal::UnknownWorkflow(name.into(), near).into());
    };
    let told = beside.told(&app, &definition);
    let at = beside.refused.iter().position(|trouble| trouble.file == told.file);
    let refused = at.map(|at| beside.refused.swap_remove(at));
    let etag = format!("\"{}\"", told.hash);
    Ok(([(header::ETAG, etag)], Json(DefinitionShown { told, source: definition.source.to_string(), refused })))
}

/// Load the files of definitions again, each by itself or not at all. Administrators of the tenant that runs the server
/// only.
///
/// What is wrong stays as it was, and is told in `refused`. The server looks by itself, too, unless it was told not to.
#[utoipa::path(post, path = "/v1/definitions/reload", tag = "workflows", params(ChangeHeaders),
    request_body = Again, responses((status = 200, body = Reloaded), Problems))]
pub(crate) async fn reload(
    State(app): State<App>,
    Asked(asking, Again { dry_run }): Asked<Again>,
) -> Result<Json<Value>, Problem> {
    may(&app, &asking).await?;
    let Some(reloads) = app.reloads().filter(|reloads| reloads.has_folder()) else {
        let sentence = "This server has no folder of definitions: start it with --definitions DIR.";
        return Err(Problem::new("not_found", sentence));
    };
    let (reloads, cause) = (reloads.clone(), Cause::Asked(asking.caller.actor()));
    let again = async { Ok(reloads.reload(&cause, dry_run).await?) };
    app.answers().once(&asking, "reload", app.desk().now(), again).await
}

/// Definitions are the server's, whoever else uses it. The engine declines those who administer nothing, and writes it down.
async fn may(app: &App, asking: &Asking) -> Result<(), Problem> {
    if !asking.caller.key().administrator {
        let (kind, key, params) = (RECORD.into(), "all".into(), Document::new());
        let change = Change::Record { kind, key, action: ACTION.into(), params };
        app.submit(asking.command(Verb::Change(change))).await?;
    }
    let operator = app.limits().operator();
    if asking.caller.tenant() != operator {
        return Err(Problem::not_allowed(&format!("a key of the tenant that runs the server ({operator})")));
    }
    asking.caller.is_there(app).await
}
