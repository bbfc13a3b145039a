//! `fluxor absences`: who is away, and who stands in.

use clap::{Args, Subcommand};
use fluxor_engine::approval::Substitution;
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::ids::PersonId;
use fluxor_engine::money::Money;
use jiff::civil::Date;
use reqwest::Method;
use serde_json::{Value, json};

use super::instant::day;
use super::out::{Out, table};
use super::remote::Remote;
use super::writing::{Place, place};
use super::{End, Failure};
use crate::absences::{Asker, listed};
use crate::config::Config;
use crate::open::{Purpose, open};

#[derive(Debug, Subcommand)]
pub(super) enum Absences {
    /// List absences that last or are to come: at the console all, with --server those of the key's person and his people
    List {
        /// Those that are over, too
        #[arg(long)]
        past: bool,
    },
    /// Note that somebody is away and who stands in for him
    Add(Box<New>),
    /// End one today, or take back one that is to come
    End {
        /// Its id, as the list has it
        id: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct New {
    /// Who is away [default with a key: its person]
    #[arg(long)]
    person: Option<String>,
    /// Who stands in
    #[arg(long)]
    substitute: String,
    /// The first day, such as 2026-03-02
    #[arg(long, value_parser = day)]
    from: Date,
    /// The first day back [default: until it is ended]
    #[arg(long, value_parser = day)]
    until: Option<Date>,
    /// Only in this workflow
    #[arg(long)]
    workflow: Option<String>,
    /// Only in this category
    #[arg(long)]
    category: Option<String>,
    /// Only up to this amount, inclusive: `500.00 EUR`
    #[arg(long)]
    max_amount: Option<Money>,
    /// For people: read by whoever is away, stands in or noted it, by those above, and by administrators
    #[arg(long)]
    note: Option<String>,
}

impl Absences {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::List { past } => list(config, out, past).await?,
            Self::Add(new) => add(config, out, *new).await?,
            Self::End { id } => end(config, out, &id).await?,
        }
        Ok(End::Done)
    }
}

async fn list(config: &Config, out: &Out, past: bool) -> Result<(), Failure> {
    let items = match Remote::named(config)? {
        Some(there) => there.all("/v1/absences", vec![("past".to_owned(), past.to_string())]).await?,
        None => {
            let company = open(config, Purpose::Read).await?.company(config.tenant()).await?;
            let known = listed(&company, Asker::Administrator(None), past);
            known.iter().map(|one| json!(one)).collect()
        }
    };
    out.result(&items, || {
        let heads = ["ID", "PERSON", "SUBSTITUTE", "FROM", "BACK", "STATE", "ONLY", "NOTE"];
        table(&heads, &items.iter().map(cells).collect::<Vec<_>>())
    });
    Ok(())
}

fn cells(one: &Value) -> Vec<String> {
    let text = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
    let only: Vec<&str> =
        ["workflow", "category", "max_amount"].iter().filter_map(|name| one[*name].as_str()).collect();
    let only = if only.is_empty() { "-".to_owned() } else { only.join(", ") };
    let state = text("state").replace('_', " ");
    vec![text("id"), text("person"), text("substitute"), text("from"), text("until"), state, only, text("note")]
}

async fn add(config: &Config, out: &Out, new: New) -> Result<(), Failure> {
    let New { person, substitute, from, until, workflow, category, max_amount, note } = new;
    let asked = json!({
        "person": person, "substitute": substitute, "from": from, "until": until, "workflow": workflow,
        "category": category, "max_amount": max_amount, "note": note,
    });
    let record = match place(config).await? {
        Place::Here(mut here) => {
            let Some(person) = person else {
                return Err(Failure::Usage("--person: say who is away; only a key says who asks".to_owned()));
            };
            let entry = Substitution {
                person: PersonId::from(person),
                substitute: substitute.into(),
                from: Some(from),
                until,
                workflow: workflow.map(Into::into),
                category: category.map(Into::into),
                max_amount,
                note: note.map(Into::into),
                noted_by: None,
            };
            let request = here.request();
            here.submit(config, request, &asked, Verb::Change(Change::Absence(entry))).await?.record
        }
        Place::There(there) => there.send(Method::POST, "/v1/absences", &asked).await?["record"].take(),
    };
    let id = record["id"].as_str().unwrap_or("?");
    out.result(&record, || format!("Noted as {id}; the organisation is at revision {}.", record["revision"]));
    for warning in record["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        out.aside(warning);
    }
    Ok(())
}

async fn end(config: &Config, out: &Out, id: &str) -> Result<(), Failure> {
    let record = match place(config).await? {
        Place::Here(mut here) => {
            let (request, verb) = (here.request(), Verb::Change(Change::Return { id: id.into() }));
            here.submit(config, request, &json!({ "id": id }), verb).await?.record
        }
        Place::There(there) => {
            let path = format!("/v1/absences/{}", crate::http::extract::part(id));
            there.send(Method::DELETE, &path, &json!({})).await?["record"].take()
        }
    };
    out.result(&record, || match record["until"].as_str() {
        Some(until) => format!("Absence {id}: the first day back is {until}."),
        None => format!("Absence {id} is taken back."),
    });
    Ok(())
}
