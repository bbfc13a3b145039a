//! `fluxor sessions`: where somebody is signed in to the pages, and signing him out.

use clap::Subcommand;
use fluxor_engine::command::{Change, SessionEvent, Verb};
use fluxor_engine::instance::Document;
use fluxor_workflows::SessionRow;
use reqwest::Method;
use serde_json::{Value, json};

use super::out::{Out, table};
use super::writing::{Here, Place, place};
use super::{End, Failure};
use crate::config::Config;
use crate::desk::Desk;
use crate::door::Door;
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
                let told = match place(config).await? {
                    Place::Here(here) => json!({ "ended": end(*here, config, &person, session.as_deref()).await? }),
                    Place::There(there) => there.send(Method::POST, "/v1/sign_outs", &asked).await?,
                };
                let ended = told["ended"].as_array().map_or(0, Vec::len);
                out.result(&told, || match (ended, &session) {
                    (0, Some(id)) => format!("{person} has no session {id}."),
                    (0, None) => format!("{person} is not signed in anywhere."),
                    (1, _) => format!("One session of {person} has ended."),
                    (many, _) => format!("{many} sessions of {person} have ended."),
                });
                out.aside(
                    "Whoever has a key or a link that is still good can sign in again: see `fluxor keys revoke`.",
                );
            }
        }
        Ok(End::Done)
    }
}

/// Those that have not ended.
async fn alive(desk: &dyn Desk, config: &Config, person: &str) -> Result<Vec<SessionRow>, Failure> {
    let (door, now) = (Door::new(config)?, desk.now());
    let all = desk.sessions_of(config.tenant(), person.into()).await?;
    Ok(all.into_iter().filter(|session| door.is_alive(session, now)).collect())
}

async fn end(mut here: Here, config: &Config, person: &str, only: Option<&str>) -> Result<Vec<Value>, Failure> {
    let mut ended = Vec::new();
    for row in alive(here.desk(), config, person).await? {
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
    let desk = open(config, Purpose::Read).await?;
    let rows = alive(&*desk, config, person).await?;
    let machine: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "id": row.id,
                "agent": row.agent,
                "administrator": row.administrator,
                "key": row.api_key,
                "began_at": row.began_at.to_string(),
                "seen_at": row.seen_at.to_string(),
                "ends_at": row.ends_at.to_string(),
            })
        })
        .collect();
    let cells = |row: &SessionRow| {
        let power = if row.administrator { "administrator" } else { "" };
        let (began, seen, ends) = (row.began_at.to_string(), row.seen_at.to_string(), row.ends_at.to_string());
        vec![row.id.to_string(), power.to_owned(), began, seen, ends, row.agent.clone()]
    };
    out.result(&machine, || {
        let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
        match rows.is_empty() {
            true => format!("{person} is not signed in anywhere."),
            false => table(&["ID", "POWER", "BEGAN", "SEEN", "ENDS", "BROWSER"], &rows),
        }
    });
    Ok(())
}
