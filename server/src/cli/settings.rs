//! `fluxor settings`: what a tenant has set, such as its limits.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use fluxor_engine::audit::Entry;
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::ids::StreamId;
use fluxor_engine::refusal::Refusal;
use reqwest::Method;
use serde_json::{Value, json};

use super::out::{Out, table};
use super::remote::{Remote, There};
use super::writing::{Place, place};
use super::{End, Failure, file};
use crate::config::Config;
use crate::desk::Books;
use crate::open::{Purpose, definitions, fields, open};
use crate::settings::{self, Beside, KINDS, Kind};
use crate::{limits, mail, webhooks};

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
    /// Who changed a setting, and when; with --json, into what
    History {
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
                let (version, document) = match Remote::named(config)? {
                    Some(there) => {
                        let told = there.get(&format!("/v1/settings/{name}"), &[]).await?;
                        (told["version"].as_i64().unwrap_or(0), told["document"].clone())
                    }
                    None => {
                        let desk = open(config, Purpose::Read).await?;
                        let row = desk.books(config.tenant(), Books::Setting { name }).await?;
                        settings::in_force(&row, kind.usual)
                    }
                };
                let machine = json!({ "name": kind.name, "version": version, "document": document });
                out.result(&machine, || format!("{document:#}"));
                out.aside(&match version {
                    0 => "Nobody has set it: this is what holds then.".to_owned(),
                    version => format!("Version {version}."),
                });
            }
            Self::Check { name, file } => check(config, out, kind(&name)?, &file).await?,
            Self::Set { name, file } => {
                let kind = kind(&name)?;
                write(config, out, kind, file::read(&file)?, &named(&file)).await?;
            }
            Self::Reset { name } => {
                let kind = kind(&name)?;
                write(config, out, kind, (kind.usual)(), "").await?;
            }
            Self::History { name } => history(config, out, kind(&name)?).await?,
        }
        Ok(End::Done)
    }
}

/// Looks through a file, by the options of the server that would take it: it is asked where it can be.
async fn check(config: &Config, out: &Out, kind: &Kind, file: &Path) -> Result<(), Failure> {
    let (name, document, from): (_, Value, _) = (kind.name, file::read(file)?, named(file));
    let there = There::find(config)?;
    let strangers = match &there {
        There::Asked(there) => strangers_there(there, name, &document, &from).await?,
        There::Silent(_) | There::Perhaps | There::Nobody => {
            // Whoever is told what is wrong is told first by what it was judged.
            by_whom(&there).iter().for_each(|words| out.aside(words));
            checked(config, kind, document.clone(), &from)?;
            strangers_here(config, kind, &document)?
        }
    };
    let warnings = limits::warnings(name, &document, config);
    let by = if let There::Asked(there) = &there { there.url() } else { "the options of this command" };
    let all = [&strangers[..], &warnings[..]].concat();
    let told = json!({ "ok": true, "warnings": all, "judged_by": by });
    out.result(&told, || format!("{} can be set as `{name}`.", file.display()));
    strangers.iter().for_each(|stranger| out.aside(stranger));
    warnings.iter().for_each(|warning| out.aside(warning));
    if let (There::Asked(there), false) = (&there, warnings.is_empty()) {
        out.aside(&format!("This goes by the options of this command: where {} counts, its own say.", there.url()));
    }
    Ok(())
}

/// Has a server check a document: names in it that nothing in force there has.
async fn strangers_there(there: &Remote, name: &str, document: &Value, from: &str) -> Result<Vec<String>, Failure> {
    let path = format!("/v1/settings/{name}/check");
    let sent = there.send(Method::POST, &path, &json!({ "document": document })).await;
    let mut told = sent.map_err(|failure| file::place(failure, from))?;
    Ok(serde_json::from_value(told["warnings"].take()).unwrap_or_default())
}

/// The same by the definitions here.
fn strangers_here(config: &Config, kind: &Kind, document: &Value) -> Result<Vec<String>, Failure> {
    if kind.name != webhooks::SETTING {
        return Ok(Vec::new());
    }
    Ok(kind.strangers(document, &definitions(config)?))
}

/// That a server which may have other options was not asked.
fn by_whom(there: &There) -> Option<String> {
    let own = "This is judged by the options of this command (--webhook-allow, --definitions, --request-timeout), and not by those of";
    match there {
        There::Silent(holder) => {
            let at = holder.url.as_ref().map_or(String::new(), |url| format!(" at {url}"));
            Some(format!(
                "{own} the server{at} (process {}): to ask it, give an administrator's key (FLUXOR_KEY or --key).",
                holder.pid
            ))
        }
        There::Perhaps => Some(format!(
            "{own} a server: to ask one that runs, give --server URL and an administrator's key (FLUXOR_KEY)."
        )),
        There::Asked(_) | There::Nobody => None,
    }
}

/// Writes it here, or sends it to the server that has the file: that one says first whether its sender may, and then what is
/// wrong with it.
async fn write(config: &Config, out: &Out, kind: &Kind, document: Value, from: &str) -> Result<(), Failure> {
    let name = kind.name;
    let (record, strangers) = match place(config).await? {
        Place::Here(mut here) => {
            let change = checked(config, kind, document.clone(), from)?;
            let request = here.request();
            let record = here.submit(config, request, &document, Verb::Change(change)).await?.record;
            (record, strangers_here(config, kind, &document)?)
        }
        Place::There(there) => {
            // Whoever writes a file over a setting means it, whatever was there.
            let path = format!("/v1/settings/{name}");
            let version = there.get(&path, &[]).await?["version"].take();
            let sent = there.send(Method::PUT, &path, &json!({ "version": version, "document": document })).await;
            let record = sent.map_err(|failure| file::place(failure, from))?["record"].take();
            // It is set: what is told of its names besides must not make it look otherwise.
            (record, strangers_there(&there, name, &document, from).await.unwrap_or_default())
        }
    };
    out.result(&record, || format!("`{name}` is at version {}.", record["version"]));
    if document["policies"].as_array().is_some_and(Vec::is_empty) {
        out.aside("It has no policies: nothing is limited by it now.");
    }
    strangers.iter().for_each(|stranger| out.aside(stranger));
    limits::warnings(name, &document, config).iter().for_each(|warning| out.aside(warning));
    Ok(())
}

/// So many entries are read at once.
const PAGE: i64 = 500;

async fn history(config: &Config, out: &Out, kind: &Kind) -> Result<(), Failure> {
    let (mut changes, mut after) = (Vec::new(), 0);
    match Remote::named(config)? {
        Some(there) => loop {
            let query = [("after", after), ("limit", PAGE)].map(|(name, value)| (name.to_owned(), value.to_string()));
            let page = there.get(&format!("/v1/settings/{}/history", kind.name), &query).await?;
            let items = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            changes.extend(items.iter().map(|item| changed(&item["header"], &item["body"], &item["at"])));
            match items.last().and_then(|last| last["seq"].as_i64()) {
                Some(last) => after = last,
                None => break,
            }
        },
        None => {
            let desk = open(config, Purpose::Read).await?;
            let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
            loop {
                let stream = StreamId::of_record(settings::RECORD, kind.name);
                let page = desk.entries(config.tenant(), stream, after, PAGE).await?;
                let of =
                    |entry: &Entry| changed(&read(&entry.header), &read(&entry.body), &json!(entry.at.to_string()));
                changes.extend(page.iter().map(of));
                match page.last() {
                    Some(last) => after = last.seq,
                    None => break,
                }
            }
        }
    }
    out.result(&changes, || {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let row = |change: &Value| ["version", "at", "by"].map(|name| text(&change[name])).to_vec();
        table(&["VERSION", "SINCE", "BY"], &changes.iter().map(row).collect::<Vec<_>>())
    });
    if changes.is_empty() {
        out.aside("Nobody has set it.");
    }
    Ok(())
}

/// What an entry says of a change. Of one whose body was purged, no more than when and who.
fn changed(header: &Value, body: &Value, at: &Value) -> Value {
    let by = match (header["actor"].as_str(), header["actor_kind"].as_str()) {
        (Some(person), _) => person,
        (None, Some("system")) => "console",
        (None, kind) => kind.unwrap_or("?"),
    };
    let rows = body["ops"].as_array().into_iter().flatten();
    let document = rows.filter(|row| row["table"] == "setting").map(|row| row["document"].clone()).next();
    json!({ "version": body["answer"]["record"]["version"], "at": at, "by": by, "document": document })
}

fn declined(refusal: &Refusal, place: &str) -> Failure {
    Failure::Declined(refusal.code().to_owned(), format!("{place}{}", refusal.sentence()))
}

async fn list(config: &Config, out: &Out) -> Result<(), Failure> {
    let (told, by) = match Remote::named(config)? {
        Some(there) => (there.get("/v1/settings", &[]).await?["items"].take(), "name"),
        None => (open(config, Purpose::Read).await?.books(config.tenant(), Books::Settings).await?, "code"),
    };
    let rows = told.as_array().map(Vec::as_slice).unwrap_or_default();
    let version = |kind: &Kind| {
        let row = rows.iter().find(|row| row[by] == kind.name);
        row.and_then(|row| row["version"].as_i64()).filter(|version| *version > 0)
    };
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
    settings::kind(name).ok_or_else(|| Failure::Usage(settings::unknown(name, "`fluxor settings list`")))
}

/// How what is wrong in a file begins.
fn named(file: &Path) -> String {
    format!("{}: ", file.display())
}

/// The change into a document, checked.
fn checked(config: &Config, kind: &Kind, document: Value, place: &str) -> Result<Change, Failure> {
    let fields = if kind.name == mail::TEMPLATES { fields(config)? } else { BTreeSet::new() };
    let (allowed, longest) = (&config.webhook_allowed(), config.request_timeout());
    let beside = Beside { fields: &fields, allowed, longest };
    // At the console of the machine one is the operator.
    let change = kind.change(config.tenant(), config.tenant(), document, None, beside);
    change.map_err(|refusal| declined(&refusal, place))
}
