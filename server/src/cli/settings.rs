//! `fluxor settings`: what a tenant has set, such as its limits.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::refusal::Refusal;
use reqwest::Method;
use serde_json::{Value, json};

use super::out::{Out, table};
use super::writing::{Place, place};
use super::{End, Failure, file};
use crate::config::Config;
use crate::desk::Books;
use crate::mail;
use crate::open::{Purpose, fields, open};
use crate::settings::{self, Beside, KINDS, Kind};

#[derive(Debug, Subcommand)]
pub(super) enum Settings {
    /// List the settings that there are
    List,
    /// Show a setting: what is set, or what holds where nobody has set it
    Show {
        /// Its name
        name: String,
    },
    /// Check a file and write nothing
    Check {
        /// Which setting it is for
        name: String,
        /// YAML or JSON
        file: PathBuf,
    },
    /// Replace a setting; in force without a restart
    Set {
        /// Its name
        name: String,
        /// YAML or JSON
        file: PathBuf,
    },
    /// Put back what holds where nobody has set anything
    Reset {
        /// Its name
        name: String,
    },
}

impl Settings {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::List => list(config, out).await?,
            Self::Show { name } => {
                let kind = kind(&name)?;
                let row = open(config, Purpose::Read).await?.books(config.tenant(), Books::Setting { name }).await?;
                let (version, document) = settings::in_force(&row, kind.usual);
                let machine = json!({ "name": kind.name, "version": version, "document": document });
                out.result(&machine, || format!("{document:#}"));
                out.aside(&match version {
                    0 => "Nobody has set it: this is what holds then.".to_owned(),
                    version => format!("Version {version}."),
                });
            }
            Self::Check { name, file } => {
                change(config, kind(&name)?, &file)?;
                out.result(&json!({ "ok": true }), || format!("{} can be set as `{name}`.", file.display()));
            }
            Self::Set { name, file } => {
                let kind = kind(&name)?;
                let (change, document) = change(config, kind, &file)?;
                write(config, out, kind, change, document).await?;
            }
            Self::Reset { name } => {
                let kind = kind(&name)?;
                let document = (kind.usual)();
                let change = checked(config, kind, document.clone(), "")?;
                write(config, out, kind, change, document).await?;
            }
        }
        Ok(End::Done)
    }
}

/// Writes it here, or sends it to the server that has the file.
async fn write(config: &Config, out: &Out, kind: &Kind, change: Change, document: Value) -> Result<(), Failure> {
    let name = kind.name;
    let record = match place(config).await? {
        Place::Here(mut here) => {
            let request = here.request();
            here.submit(config, request, &document, Verb::Change(change)).await?.record
        }
        Place::There(there) => {
            // Whoever writes a file over a setting means it, whatever was there.
            let asked = Books::Setting { name: name.to_owned() };
            let row = open(config, Purpose::Read).await?.books(config.tenant(), asked).await?;
            let sent = json!({ "version": row["version"].as_i64().unwrap_or(0), "document": document });
            there.send(Method::PUT, &format!("/v1/settings/{name}"), &sent).await?["record"].take()
        }
    };
    out.result(&record, || format!("`{name}` is at version {}.", record["version"]));
    if document["policies"].as_array().is_some_and(Vec::is_empty) {
        out.aside("It has no policies: nothing is limited by it now.");
    }
    Ok(())
}

fn declined(refusal: &Refusal, place: &str) -> Failure {
    Failure::Declined(refusal.code().to_owned(), format!("{place}{}", refusal.sentence()))
}

async fn list(config: &Config, out: &Out) -> Result<(), Failure> {
    let desk = open(config, Purpose::Read).await?;
    let rows = desk.books(config.tenant(), Books::Settings).await?;
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    let version =
        |kind: &Kind| rows.iter().find(|row| row["code"] == kind.name).and_then(|row| row["version"].as_i64());
    let machine: Vec<Value> = KINDS
        .iter()
        .map(|kind| json!({ "name": kind.name, "version": version(kind).unwrap_or(0), "about": kind.about }))
        .collect();
    let cells = |kind: &Kind| {
        let version = version(kind).map_or_else(|| "not set".to_owned(), |version| version.to_string());
        vec![kind.name.to_owned(), version, kind.about.to_owned()]
    };
    out.result(&machine, || table(&["NAME", "VERSION", "ABOUT"], &KINDS.iter().map(cells).collect::<Vec<_>>()));
    Ok(())
}

fn kind(name: &str) -> Result<&'static Kind, Failure> {
    settings::kind(name).ok_or_else(|| Failure::Usage(settings::unknown(name)))
}

/// The change that a file asks for, checked.
fn change(config: &Config, kind: &Kind, file: &Path) -> Result<(Change, Value), Failure> {
    let document: Value = file::read(file)?;
    Ok((checked(config, kind, document.clone(), &format!("{}: ", file.display()))?, document))
}

fn checked(config: &Config, kind: &Kind, document: Value, place: &str) -> Result<Change, Failure> {
    let fields = if kind.name == mail::TEMPLATES { fields(config)? } else { BTreeSet::new() };
    let (allowed, longest) = (&config.webhook_allowed(), config.request_timeout());
    let beside = Beside { fields: &fields, allowed, longest };
    // At the console of the machine one is the operator.
    let change = kind.change(config.tenant(), config.tenant(), document, None, beside);
    change.map_err(|refusal| declined(&refusal, place))
}
