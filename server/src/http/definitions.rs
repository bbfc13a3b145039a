//! Definitions that somebody writes: looked at, never stored.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fluxor_engine::definition::chart::Definition;
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::asked::Yaml;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::found::{Found, Summary};

/// What the text is called in findings: a request names no file.
const NAME: &str = "definition.yaml";

/// How many definitions are looked at at a time.
static TURNS: Semaphore = Semaphore::const_new(2);

/// A definition without errors.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckedDefinition)]
pub(crate) struct Checked {
    /// Warnings, those that the file silences too.
    findings: Vec<Found>,
    /// How many of each kind.
    summary: Summary,
}

/// Check a definition: nothing is stored.
///
/// 422 `definition_refused` with the same `findings` and `summary`, and the text `rendered`, where there is an error.
#[utoipa::path(post, path = "/v1/definitions/check", tag = "workflows",
    request_body(content = String, content_type = "application/yaml", description = "The text of the file, at most 1 MiB"),
    responses((status = 200, body = Checked, description = "There is no error"), Problems))]
pub(crate) async fn check(State(app): State<App>, Yaml(text): Yaml) -> Result<Json<Checked>, Problem> {
    // A large file takes its time, and others wait for this thread. Few at a time: who gives up leaves the work behind.
    let turn = TURNS.acquire().await;
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        look(app.desk().check(NAME, &text))
    })
    .await;
    done.unwrap_or_else(|ended| std::panic::resume_unwind(Box::new(format!("a check did not end: {ended}"))))
}

/// The definition that a text is, beside those that run, where there is no error in it.
pub(super) async fn tried(app: App, text: String) -> Result<Option<Arc<Definition>>, Problem> {
    let turn = TURNS.acquire().await;
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let (checked, source) = app.desk().check(NAME, text.as_bytes());
        let definition = checked.definition.clone();
        look((checked, source)).map(|_| definition)
    })
    .await;
    done.unwrap_or_else(|ended| std::panic::resume_unwind(Box::new(format!("a check did not end: {ended}"))))
}

fn look((checked, source): (fluxor_engine::definition::Checked, String)) -> Result<Json<Checked>, Problem> {
    let (mut findings, mut summary) = (Vec::new(), Summary::default());
    for finding in checked.diagnostics.iter().chain(&checked.silenced) {
        summary.count(finding);
        findings.push(Found::of(NAME, &source, finding));
    }
    if !checked.is_refused() {
        return Ok(Json(Checked { findings, summary }));
    }
    let detail = format!("The definition cannot run: {}. `findings` has each with its place.", summary.words());
    Err(Problem::new("definition_refused", detail)
        .with("findings", json(&findings))
        .with("summary", json(&summary))
        .with("rendered", checked.render(NAME, &source)))
}

fn json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}
