//! `fluxor organisation`: people, roles, limits, substitutes.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::instance::Document;
use reqwest::Method;
use serde_json::{Value, json};

use super::out::Out;
use super::writing::{Place, place};
use super::{End, Failure};
use crate::config::Config;
use crate::open::{Purpose, open};

#[derive(Debug, Subcommand)]
pub(super) enum Organisation {
    /// Merge a YAML or JSON file: people by id, other lists replaced
    Load {
        /// `people`, `units`, `substitutes`, `zone`, `rates`, all optional
        file: PathBuf,
    },
    /// Show what is known
    Show,
}

impl Organisation {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::Load { file } => {
                let patch: Document = super::file::read(&file)?;
                let asked = Value::Object(patch.clone());
                let record = match place(config).await? {
                    Place::Here(mut here) => {
                        let (request, verb) = (here.request(), Verb::Change(Change::Organisation { patch }));
                        here.submit(config, request, &asked, verb).await?.record
                    }
                    Place::There(there) => {
                        there.send(Method::PATCH, "/v1/organisation", &asked).await?["record"].take()
                    }
                };
                out.result(&record, || format!("The organisation is at revision {}.", record["revision"]));
            }
            Self::Show => {
                let desk = open(config, Purpose::Read).await?;
                let row = desk.organisation(config.tenant()).await?;
                let document: Value = match &row {
                    Some(row) => serde_json::from_str(&row.document).context("the stored organisation is not JSON")?,
                    None => Value::Null,
                };
                let revision = row.as_ref().map_or(0, |row| row.revision);
                let machine = json!({ "revision": revision, "organisation": document });
                out.result(&machine, || match row {
                    Some(row) => format!("Revision {revision}, since {}\n{document:#}", row.at),
                    None => "There is no organisation yet: `fluxor organisation load FILE`.".to_owned(),
                });
            }
        }
        Ok(End::Done)
    }
}
