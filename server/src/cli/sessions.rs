//! `fluxor sessions`: where somebody is signed in to the pages, and signing him out.

use clap::Subcommand;
use fluxor_engine::command::{Change, SessionEvent, Verb};
use fluxor_engine::instance::Document;
use reqwest::Method;
use serde_json::{Value, json};

use super::named::unknown;
use super::out::{Out, table};
use super::remote::Remote;
use super::writing::{Here, Place, place};
use super::{End, Failure};
use crate::config::Config;
use crate::desk::Desk;
use crate::door::Door;
use crate::http::sessions::Session;
use crate::open::{Purpose, open};

#[derive(Debug, Subcommand)]
pub(super) enum Sessions {
    /// List a person's sessions
    List {
        /// Whose
        #[arg(long)]
        person: String,
    },
    /// Sign somebody out
    End {
        /// Whom
        #[arg(long)]
        person: String,
        /// Of this session alone, by its id
        #[arg(long)]
        session: Option<String>,
    },
}

impl Sessions {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        match self {
            Self::List { person } => list(config, &person, out).await?,
            Self::End { person, session } => {
                let asked = json!({ "person": person, "session": session });
                let (told, stranger) = match place(config).await? {
                    Place::Here(here) => {
                        let stranger = stranger_here(here.desk(), config, &person).await?;
                        (json!({ "ended": end(*here, config, &person, session.as_deref()).await? }), stranger)
                    }
                    Place::There(there) => {
                        let told = there.send(Method::POST, "/v1/sign_outs", &asked).await?;
                        (told, stranger_there(&there, &person).await)
                    }
                };
                let ended = told["ended"].as_array().map_or(0, Vec::len);
                stranger.iter().for_each(|words| out.aside(words));
                out.result(&told, || match (ended, &session) {
                    (0, Some(id)) => format!("{person} has no session {id}."),
                    (0, None) => format!("{person} is not signed in anywhere."),
                    (1, _) => format!("One session of {person} has ended."),
                    (many, _) => format!("{many} sessions of {person} have ended."),
                });
                out.aside(
                    "Whoever has a key or a link that is still good can sign in again: see `fluxor keys revoke`.",
                );
                if ended == 0 && session.is_some() {
                    return Ok(End::Found);
                }
            }
        }
        Ok(End::Done)
    }
}

const NOBODY: &str = "The organisation has nobody with the id";

/// What is said of somebody whom the organisation does not have.
async fn stranger_here(desk: &dyn Desk, config: &Config, person: &str) -> Result<Option<String>, Failure> {
    let company = desk.company(config.tenant()).await?;
    Ok(unknown(NOBODY, person, company.at.organisation.parts().people.iter().map(|known| known.id.as_str())))
}

/// The same of a server's organisation, as far as it is shown.
async fn stranger_there(there: &Remote, person: &str) -> Option<String> {
    let told = there.get("/v1/organisation", &[]).await.ok()?;
    let people = told["organisation"]["people"].as_array()?;
    unknown(NOBODY, person, people.iter().filter_map(|known| known["id"].as_str()))
}

async fn end(mut here: Here, config: &Config, person: &str, only: Option<&str>) -> Result<Vec<Value>, Failure> {
    let mut ended = Vec::new();
    for row in Door::new(config)?.alive(here.desk(), config.tenant(), person.into()).await? {
        if only.is_some_and(|id| *row.id != *id) {
            continue;
        }
        let told = Document::from_iter([("session".to_owned(), row.id.to_string().into())]);
        let change = Change::Session { person: row.person.clone(), what: SessionEvent::Ended, told };
        let request = here.request();
        here.ask(config, request, &json!({ "person": person, "session": row.id }), Verb::Change(change)).await?;
        here.desk().end_session(row.tenant, row.person.clone(), row.id.clone()).await?;
        ended.push(json!(row.id));
    }
    here.close(config).await;
    Ok(ended)
}

async fn list(config: &Config, person: &str, out: &Out) -> Result<(), Failure> {
    let (told, stranger) = match Remote::named(config)? {
        Some(there) => {
            let told = there.get("/v1/sessions", &[("person".to_owned(), person.to_owned())]).await?;
            (told, stranger_there(&there, person).await)
        }
        None => {
            let desk = open(config, Purpose::Read).await?;
            let rows = Door::new(config)?.alive(&*desk, config.tenant(), person.into()).await?;
            let told = json!({ "items": rows.into_iter().map(Session::from).collect::<Vec<_>>() });
            (told, stranger_here(&*desk, config, person).await?)
        }
    };
    stranger.iter().for_each(|words| out.aside(words));
    let items = told["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let cells = |row: &Value| {
        let power = if row["administrator"] == true { "administrator" } else { "" };
        let mut cells: Vec<String> =
            ["id", "began_at", "seen_at", "ends_at", "agent"].map(|name| text(row, name)).into();
        cells.insert(1, power.to_owned());
        cells
    };
    out.result(&told, || match items.is_empty() {
        true => format!("{person} is not signed in anywhere."),
        false => {
            table(&["ID", "POWER", "BEGAN", "SEEN", "ENDS", "BROWSER"], &items.iter().map(cells).collect::<Vec<_>>())
        }
    });
    Ok(())
}
