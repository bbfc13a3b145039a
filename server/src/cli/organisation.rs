//! `fluxor organisation`: people, roles, limits, substitutes.

use std::path::{Path, PathBuf};

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
                let patch = read(&file)?;
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

/// JSON is YAML too: one reader for both.
fn read(file: &Path) -> Result<Document, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| Failure::Usage(format!("{shown}: {error}")))?;
    serde_saphyr::from_str(&text)
        .map_err(|error| Failure::Declined("invalid_input".to_owned(), format!("{shown}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_and_json_are_read_alike_and_a_mistake_names_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = |text: &str| {
            let path = folder.path().join("o.yaml");
            std::fs::write(&path, text).unwrap();
            read(&path)
        };
        let yaml = file("zone: Europe/Berlin\npeople:\n  - { id: ann, limits: [{ amount: 1000.00 EUR }] }\n").unwrap();
        let json =
            file(r#"{"zone":"Europe/Berlin","people":[{"id":"ann","limits":[{"amount":"1000.00 EUR"}]}]}"#).unwrap();
        assert_eq!(yaml, json);
        let Err(Failure::Declined(_, why)) = file("people: [\n  {\n") else { panic!("it is not whole") };
        assert!(why.contains("o.yaml"), "{why}");
    }
}
