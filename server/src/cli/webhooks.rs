//! `fluxor webhooks`: how endpoints fare, their secrets, and what was delivered. Which endpoints there are is a setting:
//! `fluxor settings`.

use clap::Subcommand;
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::instance::Document;
use fluxor_workflows::WebhookState;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::out::{Out, counted, table};
use super::remote::Remote;
use super::writing::{Place, place};
use super::{End, Failure};
use crate::config::Config;
use crate::desk::Desk;
use crate::http::extract::part;
use crate::open::{Purpose, open};
use crate::webhooks::{MAKE_SECRET, RECORD, Replay, ReplayState, Webhooks as Kept};

#[derive(Debug, Subcommand)]
pub(super) enum Webhooks {
    /// List endpoints and how they fare
    List,
    /// Make a secret for an endpoint; it is shown this once
    Secret {
        /// The endpoint's name
        name: String,
        /// Those before it sign no more; else they do for another 24 hours
        #[arg(long)]
        at_once: bool,
    },
    /// List what was delivered, newest first
    Deliveries {
        /// The endpoint's name
        name: String,
        /// Only these: waiting, delivered, failed
        #[arg(long)]
        state: Option<WebhookState>,
        /// At most this many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
        limit: u16,
    },
    /// Have events delivered again
    Replay {
        /// The endpoint's name
        name: String,
        /// The ids of deliveries
        ids: Vec<String>,
        /// All that failed, a thousand at a time
        #[arg(long, conflicts_with = "ids", required_unless_present = "ids")]
        failed: bool,
        /// Of events since then, such as 2026-03-02T09:00:00Z
        #[arg(long, value_name = "INSTANT", requires = "failed")]
        since: Option<String>,
        /// Of events before then
        #[arg(long, value_name = "INSTANT", requires = "failed")]
        until: Option<String>,
    },
    /// Try an endpoint out, and tell what came back
    Test {
        /// The endpoint's name
        name: String,
    },
}

impl Webhooks {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::List => {
                let told = match Remote::named(config)? {
                    Some(there) => there.get("/v1/webhooks", &[]).await?,
                    None => {
                        let desk = open(config, Purpose::Read).await?;
                        json!({ "items": value(&kept(&*desk)?.list(config.tenant(), &desk.library()).await?)? })
                    }
                };
                out.result(&told, || endpoints(&told));
                for one in items(&told) {
                    let unknown = one["unknown"].as_array().into_iter().flatten();
                    unknown.for_each(|why| out.aside(&format!("{}: {}", text(&one["name"]), text(why))));
                }
            }
            Self::Secret { name, at_once } => secret(config, out, &name, at_once).await?,
            Self::Deliveries { name, state, limit } => deliveries(config, out, &name, state, limit).await?,
            Self::Replay { name, ids, failed, since, until } => {
                let (ids, state) = if failed { (None, Some(ReplayState::Failed)) } else { (Some(ids), None) };
                replay(config, out, &name, &Replay { ids, state, since, until }).await?;
            }
            Self::Test { name } => return test(config, out, &name).await,
        }
        Ok(End::Done)
    }
}

fn kept(desk: &dyn Desk) -> Result<&Kept, Failure> {
    desk.webhooks().map(|webhooks| &**webhooks).ok_or_else(|| Failure::Broken(anyhow::anyhow!("there are no webhooks")))
}

fn value(told: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(told).map_err(|error| Failure::Broken(error.into()))
}

fn at(name: &str, what: &str) -> String {
    format!("/v1/webhooks/{}/{what}", part(name))
}

async fn secret(config: &Config, out: &Out, name: &str, at_once: bool) -> Result<(), Failure> {
    let asked = json!({ "at_once": at_once });
    let told = match place(config).await? {
        Place::There(there) => there.send(Method::POST, &at(name, "secret"), &asked).await?,
        Place::Here(mut here) => {
            let request = here.request();
            let params = Document::from_iter([("at_once".to_owned(), at_once.into())]);
            let change = Change::Record { kind: RECORD.into(), key: name.into(), action: MAKE_SECRET.into(), params };
            let answer = here.ask(config, request, &asked, Verb::Change(change)).await?;
            let made = kept(here.desk())?.add_secret(config.tenant(), name, answer.at, at_once).await?;
            here.close(config).await;
            value(&made)?
        }
    };
    out.result(&told, || told["secret"].as_str().unwrap_or_default().to_owned());
    let others =
        told["others_end"].as_str().map_or(String::new(), |end| format!("; secrets before it sign until {end}"));
    out.aside(&format!("This is shown once. What is delivered to `{name}` is signed with it from now on{others}."));
    Ok(())
}

async fn deliveries(
    config: &Config,
    out: &Out,
    name: &str,
    state: Option<WebhookState>,
    limit: u16,
) -> Result<(), Failure> {
    let told = match Remote::named(config)? {
        Some(there) => {
            let mut query = vec![("limit".to_owned(), limit.to_string())];
            query.extend(state.map(|state| ("state".to_owned(), state.name().to_owned())));
            there.get(&at(name, "deliveries"), &query).await?
        }
        None => {
            let desk = open(config, Purpose::Read).await?;
            let rows = kept(&*desk)?.deliveries(config.tenant(), name, (state, None, limit.into())).await?;
            let items: Vec<_> = rows.items.into_iter().map(|(_, row)| row).collect();
            json!({ "items": value(&items)? })
        }
    };
    let row = |row: &Value| {
        let why = if row["error"].is_null() { text(&row["next_at"]) } else { text(&row["error"]) };
        let names = ["id", "at", "state", "attempts", "status"];
        names.iter().map(|name| text(&row[*name])).chain([why]).collect::<Vec<_>>()
    };
    let heads = ["ID", "AT", "STATE", "ATTEMPTS", "STATUS", "WHY"];
    out.result(&told, || table(&heads, &items(&told).iter().map(row).collect::<Vec<_>>()));
    Ok(())
}

async fn replay(config: &Config, out: &Out, name: &str, asked: &Replay) -> Result<(), Failure> {
    let told = match place(config).await? {
        Place::There(there) => there.send(Method::POST, &at(name, "replay"), &value(asked)?).await?,
        Place::Here(mut here) => {
            let (request, body) = (here.request(), value(asked)?);
            here.ask(config, request, &body, Verb::Change(asked.change(name)?)).await?;
            let told = value(&kept(here.desk())?.replay(config.tenant(), name, asked).await?)?;
            here.close(config).await;
            told
        }
    };
    let events = counted(told["replayed"].as_u64().unwrap_or(0), "event is", "events are");
    out.result(&told, || format!("{events} delivered to `{name}` again."));
    if told["more"] == true {
        out.aside("There may be more of them: ask again.");
    }
    Ok(())
}

async fn test(config: &Config, out: &Out, name: &str) -> Result<End, Failure> {
    let told = match place(config).await? {
        Place::There(there) => {
            there.send(Method::POST, &at(name, "test"), &json!({})).await.map_err(lacks_secret(name))?
        }
        Place::Here(here) => {
            let told = kept(here.desk())?.try_out(config.tenant(), name).await;
            let told = value(&told.map_err(Failure::from).map_err(lacks_secret(name))?)?;
            here.close(config).await;
            told
        }
    };
    out.result(&told, || match told["error"].as_str() {
        None => format!("It has arrived: `{name}` answered {} after {} ms.", told["status"], told["took_ms"]),
        Some(why) => format!("It has not arrived: {why}"),
    });
    Ok(if told["delivered"] == true { End::Done } else { End::Found })
}

/// Who asks on the command line is told what makes one there.
fn lacks_secret(name: &str) -> impl Fn(Failure) -> Failure {
    move |why| match why {
        Failure::Declined(code, _) if code == "no_secret" => Failure::Declined(
            code,
            format!("`{name}` has no secret to sign with: `fluxor webhooks secret {name}` makes one."),
        ),
        other => other,
    }
}

fn items(told: &Value) -> &[Value] {
    told["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A member as a cell.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn endpoints(told: &Value) -> String {
    let names = ["name", "state", "waiting", "failed", "last_success_at", "last_error_at", "last_error", "url"];
    let row = |row: &Value| names.iter().map(|name| text(&row[*name])).collect::<Vec<_>>();
    let heads = ["NAME", "STATE", "WAITING", "FAILED", "LAST SUCCESS", "LAST ERROR", "WHY", "URL"];
    table(&heads, &items(told).iter().map(row).collect::<Vec<_>>())
}
