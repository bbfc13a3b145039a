//! Work on the database itself, while a server is named: what it tells would be of another database than whoever names a
//! server means.
//!
//! What must hold: no command opens a database while a server is named that it does not ask. It is looked at where the database
//! is opened (`open.rs`), so that no command can forget it. Whoever serves is not asked, and opens his own.

use std::error::Error;
use std::fmt;

use crate::config::Config;

/// The server that is named, with `--server` or `FLUXOR_SERVER`.
pub(crate) fn named(config: &Config) -> Option<&str> {
    config.server.as_deref().map(str::trim).filter(|url| !url.is_empty())
}

/// That none is named.
///
/// # Errors
/// [`Unserved`].
pub(crate) fn none_named(config: &Config) -> Result<(), Unserved> {
    match named(config) {
        None => Ok(()),
        Some(server) => Err(Unserved { database: config.database_shown(), server: server.to_owned() }),
    }
}

/// A server is named, and it would not be asked.
#[derive(Debug)]
pub(crate) struct Unserved {
    database: String,
    server: String,
}

impl Unserved {
    /// Why the command that is called so does not begin, and what to do.
    pub(crate) fn words(&self, command: &str) -> String {
        let Self { database, server } = self;
        let there = over_http(command)
            .map_or(String::new(), |path| format!("; or ask {server} over HTTP, which tells it as {path}"));
        format!(
            "`fluxor {command}` goes to the database itself ({database}), and asks no server: leave out --server (and \
             FLUXOR_SERVER), and say which database with --database{there}"
        )
    }
}

impl fmt::Display for Unserved {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} is a database, and the server {} is named", self.database, self.server)
    }
}

impl Error for Unserved {}

/// Where a server tells the same.
fn over_http(command: &str) -> Option<&'static str> {
    Some(match command {
        "audit verify" => "GET /v1/audit/verify",
        "graph" => "GET /v1/instances/{id}/picture",
        "instances list" => "GET /v1/instances",
        "instances show" => "GET /v1/instances/{id} and its /history",
        "notices preview" => "POST /v1/notices/preview",
        "notices show" => "GET /v1/people/{id}/notices",
        "organisation history" => "GET /v1/organisation/history",
        "reorder explain" => "GET /v1/reorder/explain",
        "tasks" => "GET /v1/tasks",
        "tasks deciders" => "GET /v1/tasks/{id}/deciders",
        "tasks rounds" => "GET /v1/tasks/{id}/rounds",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;
    use crate::open::{Purpose, open};

    /// Any command that opens a database comes by here.
    #[tokio::test]
    async fn no_database_is_opened_while_a_server_is_named() {
        let named = config(&["--database", "memory:", "--server", "http://127.0.0.1:9"]);
        for purpose in [Purpose::Read, Purpose::Command] {
            let Err(why) = open(&named, purpose).await else { panic!("{purpose:?} is not for a server") };
            let why = why.downcast_ref::<Unserved>().unwrap().words("audit verify");
            assert!(why.contains("fluxor audit verify") && why.contains("memory:"), "{why}");
            assert!(why.contains("leave out --server") && why.contains("GET /v1/audit/verify"), "{why}");
        }
        let blank = config(&["--database", "memory:", "--server", " "]);
        assert!(open(&blank, Purpose::Read).await.is_ok());
        assert!(open(&named, Purpose::Serve).await.is_ok(), "whoever serves is no client");
    }

    #[test]
    fn a_command_that_no_path_answers_says_no_path() {
        let why = none_named(&config(&["--server", "http://a:1"])).unwrap_err().words("import");
        assert!(why.contains("`fluxor import`") && why.ends_with("--database"), "{why}");
    }
}
