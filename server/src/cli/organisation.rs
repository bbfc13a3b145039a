//! `fluxor organisation`: people, roles, limits, substitutes.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use fluxor_engine::audit::Entry;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Basis, Change, Verb};
use fluxor_engine::decide::NEEDS_APPROVAL;
use fluxor_engine::instance::Document;
use reqwest::Method;
use serde_json::{Value, json};

use super::instant::instant;
use super::out::{Out, table};
use super::remote::Remote;
use super::writing::{Place, place};
use super::{End, Failure, file};
use crate::config::Config;
use crate::desk::Then;
use crate::http::organisation::{never, stream};
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
    /// Show the organisation as it is, or as it was
    Show {
        /// At this revision
        #[arg(long, value_name = "N", conflicts_with = "at")]
        revision: Option<i64>,
        /// At this instant: `2026-03-02T08:00:00Z`
        #[arg(long, value_name = "INSTANT", value_parser = instant)]
        at: Option<Timestamp>,
    },
    /// Who changed it, when, and by whose approval or for what reason
    History,
}

impl Organisation {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::Load { file, without_approval } => load(config, out, &file, without_approval).await?,
            Self::Show { revision, at } => {
                show(config, out, revision.map(Then::Revision).or(at.map(Then::At))).await?;
            }
            Self::History => history(config, out).await?,
        }
        Ok(End::Done)
    }
}

async fn load(config: &Config, out: &Out, path: &Path, without_approval: Option<String>) -> Result<(), Failure> {
    let patch: Document = file::read(path)?;
    let asked = Value::Object(patch.clone());
    let from = format!("{}: ", path.display());
    match place(config).await? {
        Place::Here(mut here) => {
            let request = here.request();
            let basis = without_approval.map_or(Basis::Direct, |reason| Basis::Override { reason });
            let verb = Verb::Change(Change::Organisation { patch, basis });
            let record = here.submit(config, request, &asked, verb).await;
            let record = record.map_err(|why| past_it(file::place(why, &from)))?.record;
            changed(out, &record);
        }
        Place::There(_) if without_approval.is_some() => {
            let words = "--without-approval is for the machine's own console, where no server is asked: leave out --server, and \
                         stop the server that has the database file open; or leave this option out, and the change waits for \
                         approval";
            return Err(Failure::Usage(words.to_owned()));
        }
        Place::There(there) => {
            let answer = there.send(Method::PATCH, "/v1/organisation", &asked).await;
            let mut answer = answer.map_err(|why| file::place(why, &from))?;
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
    for warning in record["warnings"].as_array().into_iter().flatten() {
        out.aside(&format!("It is let in, and hardly meant: {}", warning.as_str().unwrap_or_default()));
    }
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

async fn show(config: &Config, out: &Out, then: Option<Then>) -> Result<(), Failure> {
    let told = match Remote::named(config)? {
        Some(there) => {
            let when = then.map(|then| match then {
                Then::Revision(revision) => ("revision".to_owned(), revision.to_string()),
                Then::At(at) => ("at".to_owned(), at.to_string()),
            });
            there.get("/v1/organisation", &when.into_iter().collect::<Vec<_>>()).await?
        }
        None => stored(config, then).await?,
    };
    let (revision, document) = (&told["revision"], &told["organisation"]);
    let machine = json!({ "revision": revision, "organisation": document });
    out.result(&machine, || match (told["at"].as_str(), then) {
        (Some(since), _) => {
            let approval = document["approval"].as_str();
            let approval = approval.map_or(String::new(), |own| format!("; changes are approved by `{own}`"));
            format!("Revision {revision}, since {since}{approval}\n{document:#}")
        }
        (None, Some(Then::At(at))) => format!("There was no organisation yet at {at}."),
        (None, _) => "There is no organisation yet: `fluxor organisation load FILE`.".to_owned(),
    });
    Ok(())
}

/// As the database has it, in the form in which a server tells it.
async fn stored(config: &Config, then: Option<Then>) -> Result<Value, Failure> {
    let desk = open(config, Purpose::Read).await?;
    let row = match then {
        Some(then) => desk.organisation_then(config.tenant(), then).await?,
        None => desk.organisation(config.tenant()).await?,
    };
    if let (Some(Then::Revision(revision)), None) = (then, &row) {
        let newest = desk.organisation(config.tenant()).await?;
        return Err(Failure::Declined("not_found".to_owned(), never(revision, newest.as_ref())));
    }
    let document: Value = match &row {
        Some(row) => serde_json::from_str(&row.document).context("the stored organisation is not JSON")?,
        None => Value::Null,
    };
    let since = row.as_ref().map(|row| row.at.to_string());
    Ok(json!({ "revision": row.map_or(0, |row| row.revision), "at": since, "organisation": document }))
}

/// So many entries are read at once.
const PAGE: i64 = 500;

async fn history(config: &Config, out: &Out) -> Result<(), Failure> {
    let desk = open(config, Purpose::Read).await?;
    let (mut changes, mut after) = (Vec::new(), 0);
    loop {
        let page = desk.entries(config.tenant(), stream(), after, PAGE).await?;
        changes.extend(page.iter().map(change));
        match page.last() {
            Some(last) => after = last.seq,
            None => break,
        }
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    out.result(&changes, || {
        let row = |change: &Value| ["revision", "at", "by", "why"].map(|name| text(&change[name])).to_vec();
        table(&["REVISION", "SINCE", "BY", "WHY"], &changes.iter().map(row).collect::<Vec<_>>())
    });
    Ok(())
}

/// What an entry says of a change. Of one whose body was purged, no more than when and who.
fn change(entry: &Entry) -> Value {
    let header = entry.parsed().ok();
    let verb = header.as_ref().map_or("?".into(), |header| header.verb.clone());
    let by = header.map_or_else(
        || "?".to_owned(),
        |header| header.actor.map_or_else(|| by_kind(&header.actor_kind).to_owned(), |person| person.to_string()),
    );
    let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
    let (approved, reason) = (&body["request"]["approved_by"], &body["reason"]);
    let person = body["request"]["person"].as_str();
    let why = match (approved.as_str(), reason.as_str(), person) {
        (Some(instance), ..) => format!("approved: {instance}"),
        (None, Some(reason), _) => format!("reason: {reason}"),
        (None, None, Some(person)) => format!("{verb} of {person}"),
        (None, None, None) => "-".to_owned(),
    };
    json!({
        "revision": body["answer"]["record"]["revision"].as_i64().unwrap_or(entry.seq),
        "at": entry.at.to_string(),
        "by": by,
        "why": why,
        "approved_by": approved,
        "without_approval_by": body["request"]["without_approval_by"],
        "reason": reason,
        "person": person,
    })
}

fn by_kind(kind: &str) -> &str {
    match kind {
        "system" => "console",
        "message" => "approval",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fluxor_engine::decide::merge_organisation;

    use super::*;

    /// The names of all fields, wherever they stand.
    fn names(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                into.insert(name.clone());
                names(value, into);
            }),
            Value::Array(items) => items.iter().for_each(|item| names(item, into)),
            _ => {}
        }
    }

    #[test]
    fn the_example_of_the_readme_is_an_organisation_with_every_field() {
        let section = include_str!("../../README.md").split("## The organisation").nth(1).unwrap();
        let yaml = section.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let patch: Document = serde_saphyr::from_str(yaml).unwrap();
        let merged = merge_organisation(None, &patch, Timestamp::from_micros(0)).unwrap();
        assert_eq!(merged.read.approval.as_deref(), Some("organisation_change"));
        let mut shown = BTreeSet::new();
        names(&Value::Object(patch), &mut shown);
        let all = "zone people id active from until manager limits amount category self_limits units roles substitutes person \
                   substitute workflow max_amount note substitutes_from rates contacts approval";
        let missing: Vec<&str> = all.split(' ').filter(|name| !shown.contains(*name)).collect();
        assert!(missing.is_empty(), "the example leaves out {missing:?}");
    }
}
