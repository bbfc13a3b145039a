//! `fluxor organisation`: people, roles, limits, substitutes.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use fluxor_engine::command::{Basis, Change, Verb};
use fluxor_engine::decide::NEEDS_APPROVAL;
use fluxor_engine::instance::Document;
use reqwest::Method;
use serde_json::{Value, json};

use super::out::Out;
use super::remote::Remote;
use super::writing::{Place, place};
use super::{End, Failure};
use crate::config::Config;
use crate::open::{Purpose, open};

#[derive(Debug, Subcommand)]
pub(super) enum Organisation {
    /// Merge a YAML or JSON file: people by id, other lists replaced
    Load {
        /// `people`, `units`, `substitutes`, `zone`, `rates`, `contacts`, `approval`, all optional
        file: PathBuf,
        /// At the machine's own console: go past the workflow that approves changes, for a reason that is written down
        #[arg(long, value_name = "REASON")]
        without_approval: Option<String>,
    },
    /// Show what is known
    Show,
}

impl Organisation {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::Load { file, without_approval } => load(config, out, &file, without_approval).await?,
            Self::Show => show(config, out).await?,
        }
        Ok(End::Done)
    }
}

async fn load(config: &Config, out: &Out, file: &Path, without_approval: Option<String>) -> Result<(), Failure> {
    let patch: Document = super::file::read(file)?;
    let asked = Value::Object(patch.clone());
    // A server that is named is asked; else whoever has the database.
    let place = match Remote::named(config)? {
        Some(named) => Place::There(named),
        None => place(config).await?,
    };
    match place {
        Place::Here(mut here) => {
            let request = here.request();
            let basis = without_approval.map_or(Basis::Direct, |reason| Basis::Override { reason });
            let verb = Verb::Change(Change::Organisation { patch, basis });
            let record = here.submit(config, request, &asked, verb).await.map_err(past_it)?.record;
            changed(out, &record);
        }
        Place::There(_) if without_approval.is_some() => {
            let words = "--without-approval is for the machine's own console, where no server is asked: leave out --server, and \
                         stop the server that has the database file open; or leave this option out, and the change waits for \
                         approval";
            return Err(Failure::Usage(words.to_owned()));
        }
        Place::There(there) => {
            let mut answer = there.send(Method::PATCH, "/v1/organisation", &asked).await?;
            match answer["record"].take() {
                Value::Null => out.result(&answer, || waits(&answer)),
                record => changed(out, &record),
            }
        }
    }
    Ok(())
}

fn changed(out: &Out, record: &Value) {
    out.result(record, || format!("The organisation is at revision {}.", record["revision"]));
}

fn waits(answer: &Value) -> String {
    let text = |name: &str| answer[name].as_str().unwrap_or("?").to_owned();
    let (workflow, id) = (text("workflow"), text("id"));
    format!("The change waits for approval: {workflow} {id}. `fluxor instances show {id}` says what has become of it.")
}

/// The operator is told what the option is called.
fn past_it(why: Failure) -> Failure {
    match why {
        Failure::Declined(code, sentence) if code == NEEDS_APPROVAL => {
            Failure::Declined(code, format!("{sentence} Here: --without-approval REASON."))
        }
        other => other,
    }
}

async fn show(config: &Config, out: &Out) -> Result<(), Failure> {
    let desk = open(config, Purpose::Read).await?;
    let row = desk.organisation(config.tenant()).await?;
    let document: Value = match &row {
        Some(row) => serde_json::from_str(&row.document).context("the stored organisation is not JSON")?,
        None => Value::Null,
    };
    let revision = row.as_ref().map_or(0, |row| row.revision);
    let machine = json!({ "revision": revision, "organisation": document });
    out.result(&machine, || match row {
        Some(row) => {
            let approval = document["approval"].as_str();
            let approval = approval.map_or(String::new(), |own| format!("; changes are approved by `{own}`"));
            format!("Revision {revision}, since {}{approval}\n{document:#}", row.at)
        }
        None => "There is no organisation yet: `fluxor organisation load FILE`.".to_owned(),
    });
    Ok(())
}
