//! The page about one's own account.

use fluxor_engine::approval::{Limit, Person};
use fluxor_engine::ids::Digest;
use fluxor_workflows::{Preference, SessionRow, Way};
use serde::Serialize;

use super::words::{Words, plain, words};
use super::{Here, Reader, render};

/// A browser.
#[derive(Debug, Serialize)]
struct Session {
    id: String,
    agent: String,
    began: String,
    seen: String,
    ends: String,
    own: bool,
    administrator: bool,
}

/// A way to be written to.
#[derive(Debug, Serialize)]
struct Choice {
    value: &'static str,
    label: &'static str,
    chosen: bool,
}

const WAYS: [(Way, &str, &str); 3] = [
    (Way::AtOnce, "at_once", "At once, each by itself"),
    (Way::Digest, "digest", "Together, at times of the day"),
    (Way::Off, "off", "Not at all"),
];

/// The page.
#[derive(Debug, Serialize)]
pub(crate) struct Account {
    mail_ways: Vec<Choice>,
    digest_at: String,
    working_days_only: bool,
    otherwise: Option<String>,
    sessions: Vec<Session>,
    /// Up to what the reader may approve, and what of his own requests.
    limits: Vec<String>,
    self_limits: Vec<String>,
    once: String,
    note: Option<&'static str>,
    failed: Option<String>,
}

fn limits(all: Option<&[Limit]>, speak: &Words) -> Vec<String> {
    let one = |limit: &Limit| {
        let amount = speak.value(&limit.amount.to_string().into());
        match &limit.category {
            Some(category) => format!("{amount} for {}", words(category).to_lowercase()),
            None => amount,
        }
    };
    all.unwrap_or_default().iter().map(one).collect()
}

impl Account {
    /// `own`: the session that asks.
    pub(crate) fn new(
        sessions: &[SessionRow],
        own: Option<Digest>,
        wishes: &Preference,
        person: Option<&Person>,
        once: String,
        speak: &Words,
    ) -> Self {
        let session = |row: &SessionRow| Session {
            id: row.id.to_string(),
            agent: if row.agent.is_empty() {
                "A browser that does not say what it is".to_owned()
            } else {
                row.agent.clone()
            },
            began: speak.at(row.began_at),
            seen: speak.ago(row.seen_at),
            ends: speak.at(row.ends_at),
            own: Some(row.secret_hash) == own,
            administrator: row.administrator,
        };
        let times: Vec<String> = wishes.digest_at.iter().map(|time| time.strftime("%H:%M").to_string()).collect();
        let other = wishes.kinds.iter().map(|(kind, way)| {
            let way = WAYS.iter().find(|(own, ..)| own == way).map_or("", |(_, _, label)| *label);
            format!("{}: {}", words(kind), way.to_lowercase())
        });
        let other: Vec<String> = other.collect();
        Self {
            mail_ways: WAYS
                .iter()
                .map(|(way, value, label)| Choice { value, label, chosen: *way == wishes.mail })
                .collect(),
            digest_at: times.join(" "),
            working_days_only: wishes.working_days_only,
            otherwise: Some(other.join(", ")).filter(|other| !other.is_empty()),
            sessions: sessions.iter().map(session).collect(),
            limits: limits(person.map(|person| &*person.limits), speak),
            self_limits: limits(person.map(|person| &*person.self_limits), speak),
            once,
            note: None,
            failed: None,
        }
    }

    /// With why it was not saved, and what was typed.
    pub(crate) fn failing(self, why: &str, times: Option<&str>) -> Self {
        Self { failed: Some(plain(why)), digest_at: times.unwrap_or_default().to_owned(), ..self }
    }

    /// With a word on what has just been done.
    pub(crate) fn saying(self, note: Option<&'static str>) -> Self {
        Self { note, ..self }
    }

    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, reader: &Reader) -> anyhow::Result<String> {
        render("account", "My account", Here::Elsewhere, reader, self)
    }
}
