//! How people come in to pages: a link that is good for once, or a key, becomes a session; its secret stands in a cookie.
//!
//! What must hold: only hashes are kept; a session ends when it was not used for a while, and at the latest some days after it
//! began; with the key that it came of, or as soon as somebody whose it is is not in the organisation; what another site has a browser
//! send is no visit of ours.

mod links;
mod there;

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Change, SessionEvent};
use fluxor_engine::commit::ApiKeyRow;
use fluxor_engine::ids::{Digest, PersonId, TaskId, TenantId};
use fluxor_engine::instance::Document;
use fluxor_workflows::{LinkRow, Purpose, SessionRow};

pub(crate) use links::OneTime;
pub(crate) use there::{Presence, Since};

use crate::config::Config;
use crate::desk::{Company, Desk, NotDone};
use crate::secret;

/// The cookie. Its prefix has browsers take it over HTTPS (or from the machine itself) only, from this host alone.
const COOKIE: &str = "__Host-fluxor";

/// How long a link to sign in is good, microseconds: it is used at once.
const SIGN_IN_LASTS: i64 = 15 * MINUTE;

/// A session's use is noted once in so long: a note is a write.
pub(crate) const NOTED_EVERY: i64 = MINUTE;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// How long doors stay open, microseconds, and where they are.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// A session that was not used for so long has ended.
    pub(crate) idle: i64,
    /// A session ends so long after it began.
    pub(crate) session: i64,
    /// A link to a task is good for so long.
    pub(crate) link: i64,
    /// Where browsers reach this server, where that is known.
    pub(crate) public_url: Option<String>,
}

impl Door {
    /// # Errors
    /// A public address that is none.
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            idle: i64::from(config.session_idle_hours) * HOUR,
            session: i64::from(config.session_hours) * HOUR,
            link: i64::from(config.link_hours) * HOUR,
            public_url: config.public_url()?,
        })
    }

    /// Whether a session is still good.
    pub(crate) fn is_alive(&self, session: &SessionRow, now: Timestamp) -> bool {
        now < session.ends_at && now < session.seen_at.plus_micros(self.idle)
    }

    /// Somebody's sessions that have not ended, the newest first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(crate) async fn alive(
        &self,
        desk: &dyn Desk,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Vec<SessionRow>, NotDone> {
        let (all, now) = (desk.sessions_of(tenant, person).await?, desk.now());
        Ok(all.into_iter().filter(|session| self.is_alive(session, now)).collect())
    }

    /// The cookie that holds a session's secret.
    pub(crate) fn cookie(&self, secret: &str) -> Option<HeaderValue> {
        let seconds = self.session / 1_000_000;
        HeaderValue::from_str(&format!("{COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}"))
            .ok()
    }

    /// Whether a browser says that a page of ours has sent this. A browser says where a form comes from.
    pub(crate) fn is_own(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        if let Some(site) = text("sec-fetch-site") {
            return matches!(site, "same-origin" | "none");
        }
        let Some(origin) = text("origin") else { return false };
        let host = text("host").unwrap_or_default();
        let here = origin.split_once("://").is_some_and(|(_, own)| own == host);
        here || self.public_url.as_deref().is_some_and(|url| origin_of(url) == origin)
    }
}

fn origin_of(url: &str) -> &str {
    let begin = url.find("://").map_or(0, |at| at + 3);
    let end = url[begin..].find('/').map_or(url.len(), |at| begin + at);
    &url[..end]
}

/// A link that was made, with its secret, which is kept nowhere.
pub(crate) struct Made {
    pub(crate) row: LinkRow,
    pub(crate) secret: String,
}

impl Made {
    /// A link by which somebody signs in and goes on to a page.
    pub(crate) fn sign_in(
        (tenant, person, administrator): (TenantId, PersonId, bool),
        to: Arc<str>,
        random: ([u8; 8], [u8; 32]),
        company: &Company,
    ) -> Self {
        let link = Self::of((tenant, person), Purpose::SignIn, to, random, (company, SIGN_IN_LASTS));
        Self { row: LinkRow { administrator, ..link.row }, ..link }
    }

    /// The same, made with a key: it ends with it, and with whose it is.
    pub(crate) fn with(self, key: &ApiKeyRow) -> Self {
        let (api_key, key_person) = (Some(key.id.clone()), Some(key.person.clone()));
        Self { row: LinkRow { api_key, key_person, ..self.row }, ..self }
    }

    /// That somebody is offered it, for the trail.
    pub(crate) fn offered(&self) -> Change {
        let told = Document::from_iter([
            ("link".to_owned(), self.row.id.to_string().into()),
            ("administrator".to_owned(), self.row.administrator.into()),
        ]);
        Change::Session { person: self.row.person.clone(), what: SessionEvent::Offered, told }
    }

    /// A link that shows a task and takes one act about it.
    pub(crate) fn task(
        whose: (TenantId, PersonId),
        task: TaskId,
        random: ([u8; 8], [u8; 32]),
        (company, lasts): (&Company, i64),
    ) -> Self {
        Self::of(whose, Purpose::Task, task.to_string().into(), random, (company, lasts))
    }

    fn of(
        (tenant, person): (TenantId, PersonId),
        purpose: Purpose,
        target: Arc<str>,
        (id, random): ([u8; 8], [u8; 32]),
        (company, lasts): (&Company, i64),
    ) -> Self {
        let secret = secret::token(&random);
        let row = LinkRow {
            tenant,
            id: secret::public_id(&id).into(),
            secret_hash: Digest::of(&secret),
            person,
            purpose,
            target,
            administrator: false,
            api_key: None,
            key_person: None,
            revision: company.at.revision,
            made_at: company.now,
            ends_at: company.now.plus_micros(lasts),
            used_at: None,
        };
        Self { row, secret }
    }
}

/// The cookie that takes the one before away.
pub(crate) fn no_cookie() -> HeaderValue {
    HeaderValue::from_static("__Host-fluxor=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// The hash of the session's secret that a browser has sent.
pub(crate) fn brought(headers: &HeaderMap) -> Option<Digest> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, secret)| secret::token_hash(secret))
}

/// A place of this server that a link may go on to; anything else is the inbox.
pub(crate) fn place(text: &str) -> &str {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | '"' | '<' | '>');
    let own = text.starts_with('/') && !text.starts_with("//") && text.len() <= 500 && text.chars().all(plain);
    if own { text } else { "/inbox" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(url: Option<&str>) -> Door {
        Door { idle: HOUR, session: 3 * HOUR, link: HOUR, public_url: url.map(str::to_owned) }
    }

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_session_ends_when_it_is_not_used_and_in_any_case() {
        let at = Timestamp::from_micros;
        let row = SessionRow {
            tenant: fluxor_engine::ids::TenantId(1),
            id: "a".into(),
            secret_hash: Digest::of("x"),
            person: "ann".into(),
            administrator: false,
            api_key: None,
            key_person: None,
            revision: 1,
            agent: String::new(),
            began_at: at(0),
            seen_at: at(2 * HOUR),
            ends_at: at(3 * HOUR),
        };
        assert!(door(None).is_alive(&row, at(3 * HOUR - 1)));
        assert!(!door(None).is_alive(&row, at(3 * HOUR)), "whatever is done with it");
        let quiet = SessionRow { seen_at: at(0), ..row };
        assert!(door(None).is_alive(&quiet, at(HOUR - 1)) && !door(None).is_alive(&quiet, at(HOUR)));
    }

    #[test]
    fn a_cookie_is_read_among_others() {
        let secret = secret::token(&[7; 32]);
        let hash = secret::token_hash(&secret);
        assert_eq!(brought(&headers(&[("cookie", &format!("a=b; {COOKIE}={secret}; c"))])), hash);
        for other in ["", "a=b", "__Host-fluxor=short", &format!("fluxor={secret}")] {
            assert_eq!(brought(&headers(&[("cookie", other)])), None, "{other}");
        }
    }

    #[test]
    fn what_another_site_sends_is_not_ours() {
        let own = |all: &[(&'static str, &str)]| door(Some("https://buy.example.com/x")).is_own(&headers(all));
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("host", "a:1"), ("origin", "http://a:1")]));
        assert!(own(&[("host", "10.0.0.7:8080"), ("origin", "https://buy.example.com")]), "behind a proxy");
        for other in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site"), ("host", "a"), ("origin", "http://a")],
            &[("host", "a:1"), ("origin", "http://b")],
            &[("host", "a:1"), ("origin", "null")],
            &[("host", "a:1")],
        ] {
            assert!(!own(other), "{other:?}");
        }
    }

    #[test]
    fn links_lead_nowhere_else() {
        assert_eq!(place("/tasks/x?y=1"), "/tasks/x?y=1");
        for wrong in ["", "https://evil", "//evil", "/\\evil", "javascript:1", "/a b", "/a\r\nb"] {
            assert_eq!(place(wrong), "/inbox", "{wrong}");
        }
    }
}
