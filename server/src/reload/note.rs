//! The trail of definitions: one stream a workflow, an entry whenever another definition of it is in force.

use std::sync::{Arc, PoisonError};

use fluxor_engine::command::{Actor, Change, Command, Verb};
use fluxor_engine::definition::reload::Report;
use fluxor_engine::ids::Digest;
use fluxor_engine::instance::Document;
use serde_json::{Value, json};

use super::{Cause, Reloads, Turn};
use crate::desk::{Books, NotDone};
use crate::http::problem::chain;

/// The kind of record.
pub(crate) const RECORD: &str = "definition";

/// What is done to it.
pub(crate) const ACTION: &str = "note_definition";

/// Where what is noted stands, beside the settings.
pub(crate) const ROWS: &str = "definitions/";

impl Reloads {
    /// What the trail is to tell of these changes.
    pub(super) fn notes(&self, report: &Report, cause: &Cause) -> Vec<Command> {
        let note = |change: &fluxor_engine::definition::reload::Change| {
            let hash = |hash: Option<fluxor_engine::ids::DefinitionHash>| hash.map(|hash| hash.to_string());
            let params = json!({
                "hash": hash(change.after),
                "before": hash(change.before),
                "version": change.after.map(|_| change.version),
                "file": change.after.map(|_| self.short(&change.path)),
                "cause": cause.name(),
            });
            self.command(change.name.clone(), params, cause.actor())
        };
        report.changes.iter().map(note).collect()
    }

    fn command(&self, name: Arc<str>, params: Value, actor: Actor) -> Command {
        let number = u128::from_be_bytes(self.mint.lock().unwrap_or_else(PoisonError::into_inner).bytes());
        let request = format!("definition-{number:032x}");
        let params: Document = match params {
            Value::Object(params) => params.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            _ => Document::new(),
        };
        Command {
            tenant: self.operator,
            request_hash: Digest::of(&request),
            request: request.into(),
            actor,
            verb: Verb::Change(Change::Record { kind: RECORD.into(), key: name, action: ACTION.into(), params }),
        }
    }

    /// Writes what is not written yet. What cannot be written now is tried again with the next look.
    pub(super) async fn write_down(&self, turn: &mut Turn) {
        let mut left = std::mem::take(&mut turn.unwritten).into_iter();
        while let Some(command) = left.next() {
            match self.desk.submit(command.clone()).await {
                Ok(_) => {}
                Err(error @ NotDone::Refused(_)) => {
                    let error = chain(&error);
                    tracing::error!(error, "the trail does not tell of a definition that is in force: {error}");
                }
                Err(error) => {
                    let error = chain(&error);
                    tracing::warn!(error, "the trail does not tell yet which definitions are in force: {error}");
                    turn.unwritten.push(command);
                    turn.unwritten.extend(left);
                    return;
                }
            }
        }
    }

    /// Where the trail tells of a workflow already, it tells what a restart has put in force, too.
    pub(super) async fn note_start(&self) {
        let rows = match self.desk.books(self.operator, Books::Settings).await {
            Ok(rows) => rows,
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(error, "it cannot be asked which definitions were in force before: {error}");
                return;
            }
        };
        let library = self.desk.library();
        let mut turn = self.turn.lock().await;
        for row in rows.as_array().into_iter().flatten() {
            let Some(name) = row["code"].as_str().and_then(|code| code.strip_prefix(ROWS)) else { continue };
            let (before, now) = (row["document"]["hash"].as_str(), library.current(name));
            let hash = now.map(|now| now.hash.to_string());
            if hash.as_deref() == before {
                continue;
            }
            let params = json!({
                "hash": hash,
                "before": before,
                "version": now.map(|now| now.version),
                "file": library.path(name).map(|path| self.short(path)),
                "cause": "start",
            });
            turn.unwritten.push(self.command(name.into(), params, Actor::System));
        }
        self.write_down(&mut turn).await;
    }
}
