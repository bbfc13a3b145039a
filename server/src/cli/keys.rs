//! `fluxor keys`: API keys that carry a person.

use clap::Subcommand;
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::ids::Digest;
use reqwest::Method;
use serde_json::{Value, json};

use super::out::{Out, table};
use super::remote::Remote;
use super::writing::{Here, Place, place};
use super::{End, Failure};
use crate::config::Config;
use crate::http::keys::Key;
use crate::open::{Purpose, open};
use crate::secret;

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Make a key; the secret is shown this once
    Create {
        /// Whom it acts as
        #[arg(long)]
        person: String,
        /// For people
        #[arg(long, default_value = "")]
        label: String,
        /// May edit the organisation, keys and records
        #[arg(long)]
        admin: bool,
    },
    /// List keys
    List,
    /// Make a key useless from now on
    Revoke {
        /// Its public id: the part between the underscores
        id: String,
    },
}

impl Keys {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::Create { person, label, admin } => {
                let asked = json!({ "person": person, "label": label, "administrator": admin });
                let made = match place(config).await? {
                    Place::Here(here) => make(*here, config, &asked, admin).await?,
                    Place::There(there) => there.send(Method::POST, "/v1/keys", &asked).await?,
                };
                out.result(&made, || made["secret"].as_str().unwrap_or_default().to_owned());
                out.aside(&told(&made, &person));
            }
            Self::List => list(config, out).await?,
            Self::Revoke { id } => {
                match place(config).await? {
                    Place::Here(mut here) => {
                        let (request, verb) =
                            (here.request(), Verb::Change(Change::RevokeKey { id: id.as_str().into() }));
                        here.ask(config, request, &json!({ "id": id }), verb).await?;
                        here.ended_with_key(config, &id).await?;
                    }
                    Place::There(there) => {
                        there.send(Method::DELETE, &format!("/v1/keys/{id}"), &json!({})).await?;
                    }
                }
                out.result(&json!({ "id": id, "revoked": true }), || format!("Key {id} is revoked."));
            }
        }
        Ok(End::Done)
    }
}

async fn make(mut here: Here, config: &Config, asked: &Value, administrator: bool) -> Result<Value, Failure> {
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let request = here.request();
    let id = secret::id_of(config.tenant(), &request);
    let secret = secret::write(&id, &here.random());
    let change = Change::CreateKey {
        id: id.as_str().into(),
        secret_hash: Digest::of(&secret),
        person: text("person").into(),
        label: text("label"),
        administrator,
    };
    let answer = here.submit(config, request, asked, Verb::Change(change)).await?;
    Ok(json!({ "id": id, "secret": secret, "seq": answer.seq, "record": answer.record }))
}

/// What is said beside the secret, which stands alone in the output.
fn told(made: &Value, person: &str) -> String {
    if made["secret"].is_null() {
        return format!("This key of {person} was made before, and its secret shown then.");
    }
    format!(
        "This key acts as {person}. It is shown this once: only its hash is kept.\nUse it as: Authorization: Bearer <key>"
    )
}

async fn list(config: &Config, out: &Out) -> Result<(), Failure> {
    let keys = match Remote::named(config)? {
        Some(there) => match there.get("/v1/keys", &[]).await?["items"].take() {
            Value::Array(keys) => keys,
            _ => Vec::new(),
        },
        None => {
            let keys = open(config, Purpose::Bare).await?.api_keys(config.tenant()).await?;
            keys.into_iter().map(|key| json!(Key::from(key))).collect()
        }
    };
    let row = |key: &Value| {
        let text = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
        let state = key["revoked_at"].as_str().map_or_else(|| "valid".to_owned(), |at| format!("revoked {at}"));
        let power = if key["administrator"] == true { "administrator" } else { "" };
        vec![text("id"), text("person"), power.to_owned(), state, text("label")]
    };
    out.result(&keys, || {
        table(&["ID", "PERSON", "POWER", "STATE", "LABEL"], &keys.iter().map(row).collect::<Vec<_>>())
    });
    Ok(())
}
