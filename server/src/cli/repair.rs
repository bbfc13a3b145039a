//! `fluxor instances repair`: helps an instance that cannot go on; `fluxor instances counts`: how many wait where.

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use fluxor_engine::command::{Actor, Repair, Verb};
use fluxor_engine::instance::Document;
use reqwest::Method;
use serde_json::{Value, json};

use super::Failure;
use super::named::{Named, named};
use super::out::{Out, table};
use super::remote::{Remote, There};
use super::writing::{Place, place};
use crate::config::Config;
use crate::open::{Purpose, open};
use crate::repairs::{TO_BE_GIVEN, asking, could, plain, would};

/// How.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum How {
    /// What made the incident is tried again
    Retry,
    /// It goes on as if what made the incident had worked
    Skip,
    /// It goes to a state: `move STATE`
    Move,
    /// Fields of its document are corrected: `set FIELD=VALUE...`
    Set,
    /// It ends where it stands
    Cancel,
}

#[derive(Debug, Args)]
pub(super) struct Repairing {
    /// The instance's id, or its last eight digits
    #[arg(value_parser = named)]
    id: Named,
    /// How; left out, what is possible is told
    #[arg(value_enum)]
    how: Option<How>,
    /// The state's path, or `FIELD=VALUE`: a value is JSON (`null`, `7`, `"7"`), else text as it stands
    what: Vec<String>,
    /// Why: the trail keeps it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Say what it would do, and do nothing
    #[arg(long)]
    preview: bool,
    /// What a message that is skipped is taken to have answered
    #[arg(long, value_name = "JSON", value_parser = object)]
    payload: Option<Document>,
    /// The state whose incident is meant, where there are several
    #[arg(long, value_name = "STATE")]
    at: Option<String>,
    /// Only if it is still at this revision, as a preview tells it
    #[arg(long, value_name = "N")]
    revision: Option<i64>,
}

fn object(text: &str) -> Result<Document, String> {
    serde_json::from_str(text).map_err(|why| format!("`{text}` is no JSON object: {why}"))
}

fn usage<T>(words: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Usage(words.into()))
}

impl Repairing {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<(), Failure> {
        let Some(repair) = self.repair()? else { return self.possible(config, out).await };
        let body = self.body(&repair);
        if self.preview {
            let told = self.previewed(config, repair, &body).await?;
            out.result(&told, || would(&told, &plain));
            return Ok(());
        }
        let Some(reason) = self.reason.clone() else {
            return usage("say why: --reason TEXT (or --preview, to see what it would do)");
        };
        let place = place(config).await?;
        let answer = match place {
            Place::Here(mut here) => {
                let instance = self.id.here(here.desk(), config.tenant()).await?;
                let verb = Verb::Repair { instance, repair, reason, state_revision: self.revision };
                let request = here.request();
                let answer = here.submit(config, request, &body, verb).await?;
                serde_json::to_value(&answer).context("the answer cannot be written as JSON")?
            }
            Place::There(there) => {
                let id = self.id.there(&there).await?;
                there.send(Method::POST, &format!("/v1/instances/{id}/repairs"), &body).await?
            }
        };
        out.result(&answer, || done(&answer));
        Ok(())
    }

    fn repair(&self) -> Result<Option<Repair>, Failure> {
        let Some(how) = self.how else { return Ok(None) };
        let at = self.at.as_deref().map(Into::into);
        if self.payload.is_some() && how != How::Skip {
            return usage("--payload is what a skipped message has answered: only `skip` takes it");
        }
        if at.is_some() && !matches!(how, How::Retry | How::Skip) {
            return usage("--at names an incident: only `retry` and `skip` take it");
        }
        let repair = match (how, self.what.as_slice()) {
            (How::Retry, []) => Repair::Retry { at },
            (How::Skip, []) => Repair::Skip { at, payload: self.payload.clone().unwrap_or_default() },
            (How::Cancel, []) => Repair::Cancel,
            (How::Move, [to]) => Repair::Move { to: to.as_str().into() },
            (How::Move, _) => return usage("name one state: `move STATE`"),
            (How::Set, []) => return usage("name the fields: `set FIELD=VALUE...`"),
            (How::Set, fields) => {
                let mut set = Document::new();
                for field in fields {
                    let Some((name, value)) = field.split_once('=') else {
                        return usage(format!("`{field}` is no FIELD=VALUE"));
                    };
                    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
                    if set.insert(name.to_owned(), value).is_some() {
                        return usage(format!("`{name}` is set twice"));
                    }
                }
                Repair::SetData { set }
            }
            (How::Retry | How::Skip | How::Cancel, [stray, ..]) => {
                return usage(format!("`{stray}` is one too many: this repair takes nothing more"));
            }
        };
        Ok(Some(repair))
    }

    /// The same as a request.
    fn body(&self, repair: &Repair) -> Value {
        let mut body = json!({ "repair": repair.name() });
        match repair {
            Repair::Retry { at } => body["at"] = json!(at),
            Repair::Skip { at, payload } => {
                body["at"] = json!(at);
                body["payload"] = Value::Object(payload.clone());
            }
            Repair::Move { to } => body["to"] = json!(to),
            Repair::SetData { set } => body["set"] = Value::Object(set.clone()),
            Repair::Cancel => {}
        }
        body["reason"] = json!(self.reason);
        body["state_revision"] = json!(self.revision);
        body
    }

    async fn previewed(&self, config: &Config, repair: Repair, body: &Value) -> Result<Value, Failure> {
        // Whoever would do it is asked: a server has definitions of its own.
        if let Some(there) = There::known(config)? {
            let id = self.id.there(&there).await?;
            return there.send(Method::POST, &format!("/v1/instances/{id}/repairs/preview"), body).await;
        }
        let desk = open(config, Purpose::Read).await?;
        let reason = self.reason.clone().unwrap_or_else(|| TO_BE_GIVEN.to_owned());
        let instance = self.id.here(&*desk, config.tenant()).await?;
        let verb = Verb::Repair { instance, repair, reason, state_revision: self.revision };
        let told = desk.preview_repair(asking(config.tenant(), Actor::System, verb)).await?;
        Ok(serde_json::to_value(&told).context("the preview cannot be written as JSON")?)
    }

    async fn possible(&self, config: &Config, out: &Out) -> Result<(), Failure> {
        let told = match There::known(config)? {
            Some(there) => {
                let id = self.id.there(&there).await?;
                there.get(&format!("/v1/instances/{id}/repairs"), &[]).await?
            }
            None => {
                let desk = open(config, Purpose::Read).await?;
                let (reason, state_revision) = (String::new(), None);
                let instance = self.id.here(&*desk, config.tenant()).await?;
                let verb = Verb::Repair { instance, repair: Repair::Cancel, reason, state_revision };
                let told = desk.repairs_possible(asking(config.tenant(), Actor::System, verb)).await?;
                serde_json::to_value(&told).context("what is possible cannot be written as JSON")?
            }
        };
        out.result(&told, || could(&told));
        Ok(())
    }
}

fn done(answer: &Value) -> String {
    let word = |name: &str| answer[name].as_str().unwrap_or("?");
    let incident = match answer["incident"]["message"].as_str() {
        Some(why) => format!(" It needs a person: {why}."),
        None => String::new(),
    };
    format!("It is in {} now ({}), entry {}.{incident}", word("state"), word("status"), answer["seq"])
}

/// How many live instances there are, by workflow, state and status.
pub(super) async fn counts(config: &Config, out: &Out) -> Result<(), Failure> {
    let items = match Remote::named(config)? {
        Some(there) => there.get("/v1/instances/counts", &[]).await?["items"].take(),
        None => {
            let counts = open(config, Purpose::Bare).await?.counts(config.tenant()).await?;
            let told = counts.iter().map(|count| {
                json!({ "workflow": count.workflow, "state": count.state, "status": count.status, "count": count.count,
                        "oldest": count.oldest.to_string() })
            });
            told.collect()
        }
    };
    out.result(&items, || {
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let cells =
            |item: &Value| ["workflow", "state", "status", "count", "oldest"].map(|name| plain(&item[name])).to_vec();
        let rows: Vec<_> = items.as_array().into_iter().flatten().map(cells).collect();
        table(&["WORKFLOW", "STATE", "STATUS", "COUNT", "OLDEST CHANGE"], &rows)
    });
    Ok(())
}
