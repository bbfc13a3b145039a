//! A running server, spoken to by a command.
//!
//! What must hold: nothing is asked with a key of another tenant than the command is for. It is looked at here, before
//! anything else is asked, so that no command can forget it.

use anyhow::Context as _;
use fluxor_engine::ids::Mint;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::Failure;
use crate::config::Config;
use crate::lock::{self, Holder};
use crate::unserved;

/// A server and a key for it.
#[derive(Debug)]
pub(super) struct Remote {
    client: Client,
    url: String,
    key: String,
    request: String,
    /// Whose data the command is for.
    tenant: i64,
    /// That the key is of that tenant.
    own: OnceCell<()>,
}

/// The server that knows what happens now.
#[derive(Debug)]
pub(super) enum There {
    /// It can be asked.
    Asked(Remote),
    /// It has the file open, and there is no key to ask it.
    Silent(Holder),
    /// There may be some that nobody has named.
    Perhaps,
    /// There is none.
    Nobody,
}

impl There {
    /// The server that is named, or the one that has the SQLite file.
    pub(super) fn find(config: &Config) -> Result<Self, Failure> {
        if let Some(named) = Remote::named(config)? {
            return Ok(Self::Asked(named));
        }
        let Some(file) = config.sqlite() else { return Ok(Self::Perhaps) };
        match lock::holder(file)? {
            None => Ok(Self::Nobody),
            Some(holder) if config.key().is_none() => Ok(Self::Silent(holder)),
            Some(holder) => Remote::to(&holder, config).map(Self::Asked),
        }
    }

    /// The same, where one that is known must be asked.
    pub(super) fn known(config: &Config) -> Result<Option<Remote>, Failure> {
        match Self::find(config)? {
            Self::Asked(remote) => Ok(Some(remote)),
            Self::Silent(holder) => Remote::to(&holder, config).map(Some),
            Self::Perhaps | Self::Nobody => Ok(None),
        }
    }
}

impl Remote {
    /// The server that holds the database.
    pub(super) fn to(holder: &Holder, config: &Config) -> Result<Self, Failure> {
        let Some(url) = holder.url.clone() else {
            let words = format!(
                "process {} has {} open and serves nothing yet: wait until it is done and try again",
                holder.pid, config.database
            );
            return Err(Failure::Broken(anyhow::anyhow!(words)));
        };
        let Some(key) = config.key().map(str::to_owned) else {
            let words = format!(
                "{} is served by process {} at {url}. Give it an administrator's key (FLUXOR_KEY or --key) to go there; \
                 or stop the server and try again, which needs no key",
                config.database, holder.pid
            );
            return Err(Failure::Usage(words));
        };
        Self::at(url, key, config)
    }

    /// The server that the options name, if they name one.
    pub(super) fn named(config: &Config) -> Result<Option<Self>, Failure> {
        let Some(url) = unserved::named(config) else { return Ok(None) };
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(Failure::Usage(format!("--server: `{url}` is no address: write http://127.0.0.1:8080")));
        }
        let Some(key) = config.key() else {
            let words = format!("give an administrator's key of {url}: FLUXOR_KEY or --key");
            return Err(Failure::Usage(words));
        };
        Self::at(url.trim_end_matches('/').to_owned(), key.to_owned(), config).map(Some)
    }

    fn at(url: String, key: String, config: &Config) -> Result<Self, Failure> {
        // It is near: no proxy, wherever the environment points.
        let client =
            Client::builder().no_proxy().timeout(config.request_timeout()).build().context("no HTTP client")?;
        let mut mint = Mint::from_os().context("the operating system gives no randomness")?;
        let request = format!("cli-{:032x}", u128::from_be_bytes(mint.bytes()));
        Ok(Self { client, url, key, request, tenant: config.tenant, own: OnceCell::new() })
    }

    /// Where it is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Asks for something; returns the answer's body.
    pub(super) async fn get(&self, path: &str, query: &[(String, String)]) -> Result<Value, Failure> {
        self.own.get_or_try_init(|| self.is_own()).await?;
        self.look(path, query).await
    }

    /// All pages of a list.
    pub(super) async fn all(&self, path: &str, mut query: Vec<(String, String)>) -> Result<Vec<Value>, Failure> {
        let mut items = Vec::new();
        query.push(("limit".to_owned(), "500".to_owned()));
        loop {
            let mut page = self.get(path, &query).await?;
            if let Value::Array(more) = page["items"].take() {
                items.extend(more);
            }
            let Some((_, next)) = page["next"].as_str().and_then(|next| next.split_once('?')) else { return Ok(items) };
            query = serde_urlencoded::from_str(next).map_err(|why| Failure::Broken(why.into()))?;
        }
    }

    /// Sends a change; returns the answer's body.
    pub(super) async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Value, Failure> {
        self.sent(method, path, body, &self.request).await
    }

    /// Sends one of several changes: each is asked for under a key of its own.
    pub(super) async fn send_one(&self, number: usize, path: &str, body: &Value) -> Result<Value, Failure> {
        self.sent(Method::POST, path, body, &format!("{}-{number}", self.request)).await
    }

    async fn sent(&self, method: Method, path: &str, body: &Value, key: &str) -> Result<Value, Failure> {
        self.own.get_or_try_init(|| self.is_own()).await?;
        let request = self.client.request(method, format!("{}{path}", self.url)).json(body);
        self.answer(request.header("idempotency-key", key)).await
    }

    /// That the key is of the tenant that the command is for.
    async fn is_own(&self) -> Result<(), Failure> {
        // This has a limit of its own: whoever is over another one is told all the same.
        let me = self.look("/v1/me", &[]).await?;
        let asked = self.tenant;
        match me["tenant"].as_i64() {
            Some(own) if own == asked => Ok(()),
            Some(own) => {
                let words = format!(
                    "the key is of tenant {own}, and this is for tenant {asked}; nothing was asked of {}. Give --tenant {own}, \
                     or a key of tenant {asked}",
                    self.url
                );
                Err(Failure::Usage(words))
            }
            None => Err(Failure::Broken(anyhow::anyhow!("{} does not say whose the key is", self.url))),
        }
    }

    async fn look(&self, path: &str, query: &[(String, String)]) -> Result<Value, Failure> {
        let query = serde_urlencoded::to_string(query).context("the query cannot be written")?;
        let mark = if query.is_empty() { "" } else { "?" };
        self.answer(self.client.get(format!("{}{path}{mark}{query}", self.url))).await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let response = request
            .bearer_auth(&self.key)
            .send()
            .await
            .with_context(|| format!("cannot reach the server at {}", self.url))?;
        let status = response.status();
        let body: Value = response.json().await.with_context(|| format!("{} did not answer in JSON", self.url))?;
        if status.is_success() {
            return Ok(body);
        }
        let text = |name: &str| body[name].as_str().unwrap_or("no detail").to_owned();
        if status.is_server_error() {
            return Err(Failure::Broken(anyhow::anyhow!("{}: {}", self.url, text("detail"))));
        }
        // Findings in a file say more than that there are some.
        let found = body["rendered"].as_str().map_or(String::new(), |found| format!("\n{found}"));
        Err(Failure::Declined(text("code"), format!("{}{found}", text("detail"))))
    }
}
