//! Every option of the program in one place: flags first, then the environment. A file is not read yet: with this few
//! options a unit file or a container's environment says the same.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use fluxor_engine::ids::TenantId;
use fluxor_limits::Header;
use ipnet::IpNet;

use crate::webhooks::Allowed;

/// Options.
#[derive(Clone, Debug, Args)]
pub(crate) struct Config {
    /// A SQLite file, a postgres:// URL, or memory:
    #[arg(long, env = "FLUXOR_DATABASE", hide_env_values = true, default_value = "fluxor.sqlite", global = true)]
    pub database: String,

    /// A folder of workflow definitions [default: `definitions`, if there is one]
    #[arg(long, env = "FLUXOR_DEFINITIONS", value_name = "DIR", global = true)]
    pub definitions: Option<PathBuf>,

    /// Look every so many seconds whether files of definitions have changed, and load them; 0: never, only when told to
    /// (SIGHUP, `fluxor definitions reload`)
    #[arg(long, env = "FLUXOR_WATCH_DEFINITIONS", value_name = "SECONDS", default_value_t = 2, global = true,
          value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub watch_definitions: u64,

    /// Whose data, where several companies share a database
    #[arg(long, env = "FLUXOR_TENANT", value_name = "NUMBER", default_value_t = 1, global = true)]
    pub tenant: i64,

    /// One JSON object for machines instead of text for people
    #[arg(long, global = true)]
    pub json: bool,

    /// What is logged: error, warn, info, debug, trace, or directives such as `info,fluxor::http=debug`
    #[arg(long, env = "FLUXOR_LOG", value_name = "LEVEL", default_value = "info", global = true)]
    pub log: String,

    /// An administrator's key, for commands that go to a running server
    #[arg(long, env = "FLUXOR_KEY", value_name = "KEY", hide_env_values = true, global = true)]
    pub key: Option<String>,

    /// A running server, for commands that ask one: `http://127.0.0.1:8080` [default: the one that has the SQLite file open]
    #[arg(long, env = "FLUXOR_SERVER", value_name = "URL", global = true)]
    pub server: Option<String>,

    /// Where `serve` listens; port 0 takes a free one
    #[arg(long, env = "FLUXOR_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080", global = true)]
    pub listen: SocketAddr,

    /// Write messages to the outside as files into this folder
    #[arg(long, env = "FLUXOR_OUTBOX_DIR", value_name = "DIR", global = true)]
    pub outbox_dir: Option<PathBuf>,

    /// Post messages to the outside as JSON to this address instead: `https://example.com/hooks/fluxor`
    #[arg(
        long,
        env = "FLUXOR_OUTBOX_URL",
        value_name = "URL",
        hide_env_values = true,
        global = true,
        conflicts_with = "outbox_dir"
    )]
    pub outbox_url: Option<Hidden>,

    /// Send mail to people through this server: smtp://user:password@host:587 (STARTTLS) or smtps://...:465
    #[arg(long, env = "FLUXOR_SMTP_URL", value_name = "URL", hide_env_values = true, global = true)]
    pub smtp_url: Option<Hidden>,

    /// Write mail to people as .eml files into this folder instead of sending it
    #[arg(long, env = "FLUXOR_MAIL_DIR", value_name = "DIR", global = true)]
    pub mail_dir: Option<PathBuf>,

    /// The sender of mail, such as "Fluxor <fluxor@example.com>"
    #[arg(long, env = "FLUXOR_MAIL_FROM", value_name = "ADDRESS", global = true)]
    pub mail_from: Option<String>,

    /// Where people reach this server, for links in mail, such as `https://fluxor.example.com`
    #[arg(long, env = "FLUXOR_PUBLIC_URL", value_name = "URL", global = true)]
    pub public_url: Option<String>,

    /// A session of a browser ends when it was not used for so many hours
    #[arg(long, env = "FLUXOR_SESSION_IDLE_HOURS", value_name = "HOURS", default_value_t = 12, global = true,
          value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub session_idle_hours: u32,

    /// A session of a browser ends so many hours after it began
    #[arg(long, env = "FLUXOR_SESSION_HOURS", value_name = "HOURS", default_value_t = 168, global = true,
          value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub session_hours: u32,

    /// A link in a mail opens its task for so many hours, and takes one decision; 0: mails link to the page, which asks to sign in
    #[arg(long, env = "FLUXOR_LINK_HOURS", value_name = "HOURS", default_value_t = 24, global = true,
          value_parser = clap::value_parser!(u32).range(0..=720))]
    pub link_hours: u32,

    /// This server's name among several on one database
    #[arg(long, env = "FLUXOR_REPLICA", value_name = "NAME", default_value = "fluxor", global = true)]
    pub replica: String,

    /// A proxy in front of this server, or a network of them, whose word on the client's address is taken; may be repeated
    #[arg(long = "trusted-proxy", env = "FLUXOR_TRUSTED_PROXIES", value_name = "NETWORK", value_delimiter = ',',
          value_parser = network, global = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// Which header those proxies write; `either`: where both are there and disagree, the proxy counts as the client
    #[arg(long, env = "FLUXOR_PROXY_HEADER", value_enum, default_value_t = ProxyHeader::Either, global = true)]
    pub proxy_header: ProxyHeader,

    /// Where limits are counted: `process` (each server by itself), `database` (the servers' PostgreSQL), or a URL:
    /// redis://:password@host:6379, postgres://... [default: database on PostgreSQL, otherwise process]
    #[arg(long, env = "FLUXOR_LIMITS_STORE", value_name = "WHERE", hide_env_values = true, global = true)]
    pub limits_store: Option<Hidden>,

    /// How keys begin in a shared Redis: installations that must not count together need one each [default: fluxor:limits]
    #[arg(long, env = "FLUXOR_LIMITS_PREFIX", value_name = "TEXT", global = true)]
    pub limits_prefix: Option<String>,

    /// How long that store may be silent before requests are decided without it, milliseconds [default: 50 for Redis,
    /// 250 for PostgreSQL]
    #[arg(long, env = "FLUXOR_LIMITS_PATIENCE", value_name = "MS", global = true,
          value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub limits_patience: Option<u64>,

    /// How many hours it is kept what was called, to explain limits and to try others on it; 0 keeps nothing
    #[arg(long, env = "FLUXOR_TRAFFIC_HOURS", value_name = "HOURS", default_value_t = 48, global = true,
          value_parser = clap::value_parser!(u32).range(0..=720))]
    pub traffic_hours: u32,

    /// A network that endpoints of webhooks may stand in though it is not public, such as 10.1.0.0/16; may be repeated
    #[arg(long = "webhook-allow", env = "FLUXOR_WEBHOOK_ALLOW", value_name = "NETWORK", value_delimiter = ',',
          value_parser = network, global = true)]
    pub webhook_allow: Vec<IpNet>,

    /// Requests in flight at most; above it (of programs and background work earlier) answers are 503
    #[arg(long, env = "FLUXOR_MAX_IN_FLIGHT", value_name = "NUMBER", default_value_t = 2000, global = true,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_in_flight: u32,

    /// How long a request may take, seconds
    #[arg(long, env = "FLUXOR_REQUEST_TIMEOUT", value_name = "SECONDS", default_value_t = 30, global = true,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub request_timeout: u64,

    /// How long running requests may still take when the server is told to stop, seconds
    #[arg(long, env = "FLUXOR_DRAIN_TIMEOUT", value_name = "SECONDS", default_value_t = 10, global = true,
          value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub drain_timeout: u64,
}

/// A text with a password in it: it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Hidden(pub(crate) String);

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// Where limits are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LimitsStore {
    /// Each server by itself.
    Process,
    /// In the servers' PostgreSQL.
    Database,
    /// In a Redis.
    Redis(Hidden),
    /// In another PostgreSQL.
    Postgres(Hidden),
}

impl LimitsStore {
    fn parse(text: &str) -> Result<Self, String> {
        match text.split_once("://").map_or(text, |(scheme, _)| scheme) {
            "process" => Ok(Self::Process),
            "database" => Ok(Self::Database),
            "redis" | "rediss" | "redis+unix" | "unix" => Ok(Self::Redis(text.to_owned().into())),
            "postgres" | "postgresql" => Ok(Self::Postgres(text.to_owned().into())),
            _ => {
                Err("write process, database, redis://host:6379, rediss:// (over TLS), or postgres://host/name"
                    .to_owned())
            }
        }
    }
}

/// A URL without what must not be shown; where that cannot be told apart for sure, nothing of it. What is no URL stays.
pub(crate) fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (place, query) = rest.split_at(end);
    match place.rsplit_once('@') {
        Some((_, place)) => format!("{scheme}://{place}"),
        // It belongs to a parameter, or the text before it to a password.
        None if query.contains('@') => format!("{scheme}://..."),
        None => format!("{scheme}://{place}"),
    }
}

/// Which header proxies write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProxyHeader {
    /// Whichever is there.
    Either,
    /// `Forwarded`
    Forwarded,
    /// `X-Forwarded-For`
    XForwardedFor,
}

impl From<ProxyHeader> for Header {
    fn from(header: ProxyHeader) -> Self {
        match header {
            ProxyHeader::Either => Self::Either,
            ProxyHeader::Forwarded => Self::Forwarded,
            ProxyHeader::XForwardedFor => Self::XForwardedFor,
        }
    }
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let one = || text.parse::<std::net::IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(one).ok_or_else(|| "write an address or a network, such as 10.0.0.0/8".to_owned())
}

impl Config {
    /// Where limits are counted, if it is said.
    ///
    /// # Errors
    /// If it says nothing that is known; never with what was written, which may hold a password.
    pub(crate) fn limits_store(&self) -> Result<Option<LimitsStore>, String> {
        let text = self.limits_store.as_ref().map_or("", |hidden| hidden.0.trim());
        if text.is_empty() { Ok(None) } else { LimitsStore::parse(text).map(Some) }
    }

    /// The key, if there is one.
    #[must_use]
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref().map(str::trim).filter(|key| !key.is_empty())
    }

    /// Whether several servers may be on the database.
    #[must_use]
    pub(crate) fn shared(&self) -> bool {
        self.database.starts_with("postgres")
    }

    /// The definitions: the folder given, else `definitions` if it exists.
    #[must_use]
    pub(crate) fn definitions(&self) -> Option<PathBuf> {
        let shipped = || Some(PathBuf::from("definitions")).filter(|folder| folder.is_dir());
        self.definitions.clone().or_else(shipped)
    }

    /// The address for links, without a `/` at its end.
    ///
    /// # Errors
    /// If it is none that a browser opens.
    pub(crate) fn public_url(&self) -> anyhow::Result<Option<String>> {
        let Some(url) = &self.public_url else { return Ok(None) };
        let place = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '?' | '#' | '\\' | '`');
        if place.is_empty() || !place.chars().all(plain) {
            anyhow::bail!("--public-url: `{url}` is no address for links: write https://fluxor.example.com");
        }
        Ok(Some(url.trim_end_matches('/').to_owned()))
    }

    /// The SQLite file, if the database is one: a path, or `sqlite:PATH`.
    #[must_use]
    pub(crate) fn sqlite(&self) -> Option<&Path> {
        let path = match self.database.split_once(':').filter(|(scheme, _)| !scheme.contains(['/', '.'])) {
            Some(("sqlite", path)) => path.strip_prefix("//").unwrap_or(path),
            Some(_) => return None,
            None => &self.database,
        };
        Some(Path::new(path))
    }

    /// The database without its password, for people.
    #[must_use]
    pub(crate) fn database_shown(&self) -> String {
        shown(&self.database)
    }

    /// Whose data.
    #[must_use]
    pub(crate) const fn tenant(&self) -> TenantId {
        TenantId(self.tenant)
    }

    /// Networks that endpoints of webhooks may stand in though they are not public.
    pub(crate) fn webhook_allowed(&self) -> Allowed {
        Allowed::new(self.webhook_allow.clone())
    }

    /// [`Config::request_timeout`].
    #[must_use]
    pub(crate) const fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout)
    }

    /// [`Config::drain_timeout`].
    #[must_use]
    pub(crate) const fn drain_timeout(&self) -> Duration {
        Duration::from_secs(self.drain_timeout)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        config: Config,
    }

    pub(crate) fn config(arguments: &[&str]) -> Config {
        Line::try_parse_from([&["fluxor"], arguments].concat()).unwrap().config
    }

    #[test]
    fn loopback_and_a_file_unless_told_otherwise() {
        let plain = config(&[]);
        assert!(plain.listen.ip().is_loopback());
        assert_eq!(plain.sqlite(), Some(Path::new("fluxor.sqlite")));
        assert_eq!(plain.tenant(), TenantId(1));
        assert!(Line::try_parse_from(["fluxor", "--request-timeout", "0"]).is_err());
    }

    #[test]
    fn links_begin_at_a_web_address_and_passwords_stay_hidden() {
        let of = |url: &str| config(&["--public-url", url]).public_url();
        assert_eq!(of("https://fluxor.example.com/").unwrap().as_deref(), Some("https://fluxor.example.com"));
        for wrong in ["fluxor.example.com", "javascript:alert(1)", "https://", "https://a\"b", "https://a?b"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        let mail = config(&["--smtp-url", "smtp://ann:s3cret@mail"]);
        assert!(!format!("{mail:?}").contains("s3cret"));
    }

    #[test]
    fn messages_go_to_a_folder_or_to_an_address() {
        let hook = config(&["--outbox-url", "https://example.com/hooks/s3cret"]);
        assert!(!format!("{hook:?}").contains("s3cret"));
        assert!(Line::try_parse_from(["fluxor", "--outbox-url", "http://a", "--outbox-dir", "b"]).is_err());
    }

    #[test]
    fn limits_are_counted_somewhere() {
        let of = |place: &str| config(&["--limits-store", place]).limits_store();
        assert_eq!((of("process"), of(" ")), (Ok(Some(LimitsStore::Process)), Ok(None)));
        assert!(matches!(of("redis://:s3cret@db:6379"), Ok(Some(LimitsStore::Redis(_)))));
        assert!(!format!("{:?}", config(&["--limits-store", "redis://:s3cret@db:6379"])).contains("s3cret"));
        for wrong in ["redi://:s3cret@db", "http://s3cret@db", "db:6379"] {
            assert!(of(wrong).is_err_and(|why| !why.contains("s3cret")), "{wrong}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(shown("redis://:s3cret@db:6379/1"), "redis://db:6379/1");
        assert_eq!(shown("postgres://ann:s3@cret@db/x?password=s3cret"), "postgres://db/x");
        assert_eq!(shown("postgres://127.0.0.1:1/db?user=u&password=s3@cret"), "postgres://...");
        assert_eq!(shown("redis+unix:///tmp/none.sock?pass=s3@cret"), "redis+unix://...");
        assert_eq!(shown("redis://:a?b@h"), "redis://...");
    }

    #[test]
    fn a_url_is_no_file_and_its_password_is_not_shown() {
        let there = config(&["--database", "postgres://ann:s3cret@db:5432/fluxor"]);
        assert_eq!(there.sqlite(), None);
        assert_eq!(there.database_shown(), "postgres://db:5432/fluxor");
        let asked = config(&["--database", "postgres://db/fluxor?user=ann&password=s3cret"]);
        assert_eq!(asked.database_shown(), "postgres://db/fluxor");
        for file in ["a.db", "sqlite:a.db", "sqlite://a.db"] {
            assert_eq!(config(&["--database", file]).sqlite(), Some(Path::new("a.db")));
        }
        assert_eq!(config(&["--database", "./b:c.db"]).sqlite(), Some(Path::new("./b:c.db")));
        assert_eq!(config(&["--database", "memory:"]).sqlite(), None);
    }
}
