//! `fluxor definitions`: which are in force, and loading their files again.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::out::{Out, table};
use super::remote::There;
use super::{End, Failure};
use crate::config::Config;
use crate::open::{Purpose, no_folder, open};

#[derive(Debug, Subcommand)]
pub(super) enum Definitions {
    /// List the definitions in force, and what is refused on disk
    List,
    /// Have the running server load the files again, each by itself or not at all
    Reload(Reload),
}

#[derive(Debug, Args)]
pub(super) struct Reload {
    /// Put nothing in force: say what would become of each file
    #[arg(long)]
    dry_run: bool,
}

impl Definitions {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::List => list(config, out).await,
            Self::Reload(Reload { dry_run }) => reload(config, out, dry_run).await,
        }
    }
}

async fn list(config: &Config, out: &Out) -> Result<End, Failure> {
    let told = match There::known(config)? {
        Some(there) => there.get("/v1/definitions", &[]).await?,
        None => on_disk(config).await?,
    };
    let live = |row: &Value, in_force: bool| {
        let all = row["live"].as_array().into_iter().flatten();
        let count = all.filter(|live| live["in_force"] == in_force).filter_map(|live| live["count"].as_i64());
        count.sum::<i64>().to_string()
    };
    let row = |row: &Value| {
        let hash: String = text(&row["hash"]).chars().take(12).collect();
        let since = text(&row["since"]);
        vec![
            text(&row["name"]),
            text(&row["version"]),
            hash,
            text(&row["file"]),
            since,
            live(row, true),
            live(row, false),
        ]
    };
    let heads = ["NAME", "VERSION", "HASH", "FILE", "SINCE", "LIVE", "OF OLDER"];
    out.result(&told, || table(&heads, &items(&told["items"]).iter().map(row).collect::<Vec<_>>()));
    for gone in items(&told["gone"]) {
        let (workflow, count) = (text(&gone["workflow"]), &gone["count"]);
        out.aside(&format!("No file defines `{workflow}` any more; instances that go on: {count}."));
    }
    Ok(refused(out, &told))
}

/// What the files say, where no server is asked.
async fn on_disk(config: &Config) -> Result<Value, Failure> {
    if let Some(why) = no_folder(config) {
        return Err(Failure::Usage(why));
    }
    let desk = open(config, Purpose::Read).await?;
    let (library, counts) = (desk.library(), desk.pinned_counts(config.tenant()).await?);
    let item = |name: &std::sync::Arc<str>| {
        let definition = library.current(name)?;
        let live = counts.iter().filter(|count| count.workflow == *name).map(|count| {
            json!({ "hash": count.definition.to_string(), "in_force": count.definition == definition.hash, "count": count.count })
        });
        Some(json!({
            "name": name,
            "title": definition.title,
            "version": definition.version,
            "hash": definition.hash.to_string(),
            "file": library.path(name),
            "live": live.collect::<Vec<_>>(),
        }))
    };
    let gone = counts.iter().filter(|count| library.current(&count.workflow).is_none());
    let gone = gone
        .map(|count| json!({ "workflow": count.workflow, "hash": count.definition.to_string(), "count": count.count }));
    let (items, gone) = (library.names().filter_map(item).collect::<Vec<_>>(), gone.collect::<Vec<_>>());
    Ok(json!({ "items": items, "gone": gone, "refused": [] }))
}

async fn reload(config: &Config, out: &Out, dry_run: bool) -> Result<End, Failure> {
    let Some(there) = There::known(config)? else {
        let words = "no server is known that could load definitions again: name it with --server; where none runs, the next \
                     start reads the files, and `fluxor check` looks at them before";
        return Err(Failure::Usage(words.to_owned()));
    };
    let told = there.send(Method::POST, "/v1/definitions/reload", &json!({ "dry_run": dry_run })).await?;
    out.result(&told, || said(&told, dry_run));
    Ok(refused(out, &told))
}

fn said(told: &Value, dry_run: bool) -> String {
    let short = |hash: &Value| match hash.as_str() {
        Some(hash) => hash.chars().take(12).collect(),
        None => "none".to_owned(),
    };
    let changed = items(&told["changed"]);
    let line = |change: &Value| {
        let (before, after) = (short(&change["before"]), short(&change["after"]));
        format!("{} ({}): {before} -> {after}\n", text(&change["workflow"]), text(&change["file"]))
    };
    let mut words: String = changed.iter().map(line).collect();
    if told["calendars_changed"] == true {
        words.push_str("calendars: others\n");
    }
    match (words.is_empty(), dry_run) {
        (true, true) => "Nothing would change.".to_owned(),
        (true, false) => "Nothing has changed.".to_owned(),
        (false, true) => format!("This would be in force:\n{words}").trim_end().to_owned(),
        (false, false) => format!("This is in force now:\n{words}").trim_end().to_owned(),
    }
}

/// Tells what is refused.
fn refused(out: &Out, told: &Value) -> End {
    let all = items(&told["refused"]);
    for one in all {
        out.aside(&format!("{} is refused; what was in force stays:", text(&one["file"])));
        out.finding(&text(&one["rendered"]));
    }
    if all.is_empty() { End::Done } else { End::Found }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A member as a cell.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
