//! The page about one's own account.

use fluxor_engine::approval::{Limit, Person};
use fluxor_engine::ids::Digest;
use fluxor_workflows::{MOST_TIMES, Preference, SessionRow, Way};
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
    /// What is wrong with the times.
    times_wrong: Option<String>,
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

/// What somebody chose and typed to say how he is written to.
pub(crate) struct Typed<'t> {
    pub mail: &'t str,
    pub times: &'t str,
    pub working_days_only: bool,
}

/// The times of the day in what was typed.
pub(crate) fn times(typed: &str) -> impl Iterator<Item = &str> {
    typed.split([',', ' ']).filter(|time| !time.is_empty())
}

/// What is wrong with the times that were typed, if that is why it was not saved: the sentence begins with the place.
fn wrong_times(why: &str, typed: &str) -> Option<String> {
    let (place, _) = why.split_once("/digest_at")?.1.split_once(": ")?;
    let time = place.strip_prefix('/').and_then(|place| times(typed).nth(place.parse().ok()?));
    Some(match time {
        Some(time) => {
            format!("“{time}” is no time. Write hours and minutes with two digits each, such as 08:00 15:30.")
        }
        None => format!("these are too many. Write {MOST_TIMES} at most."),
    })
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
            times_wrong: None,
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

    /// With why it was not saved, and what was chosen and typed.
    pub(crate) fn failing(mut self, why: &str, typed: &Typed<'_>) -> Self {
        for choice in &mut self.mail_ways {
            choice.chosen = choice.value == typed.mail;
        }
        let times_wrong = wrong_times(why, typed.times);
        let failed = times_wrong.as_ref().map(|why| format!("Times of the day: {why}")).unwrap_or_else(|| plain(why));
        let (digest_at, working_days_only) = (typed.times.to_owned(), typed.working_days_only);
        Self { failed: Some(failed), times_wrong, digest_at, working_days_only, ..self }
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
