//! A running server, spoken to by a command.

use anyhow::Context as _;
use fluxor_engine::ids::Mint;
use reqwest::{Client, Method};
use serde_json::Value;

use super::Failure;
use crate::config::Config;
use crate::lock::Holder;

/// A server and a key for it.
#[derive(Debug)]
pub(super) struct Remote {
    client: Client,
    url: String,
    key: String,
    request: String,
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
        let Some(key) = config.key.clone() else {
            let words = format!(
                "{} is served by process {} at {url}. Give it an administrator's key (FLUXOR_KEY or --key) to go there; \
                 or stop the server and try again, which needs no key",
                config.database, holder.pid
            );
            return Err(Failure::Usage(words));
        };
        // The server is on this machine: no proxy, wherever the environment points.
        let client =
            Client::builder().no_proxy().timeout(config.request_timeout()).build().context("no HTTP client")?;
        let mut mint = Mint::from_os().context("the operating system gives no randomness")?;
        let request = format!("cli-{:032x}", u128::from_be_bytes(mint.bytes()));
        Ok(Self { client, url, key, request })
    }

    /// Sends a change; returns the answer's body.
    pub(super) async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Value, Failure> {
        let response = self
            .client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.key)
            .header("idempotency-key", &self.request)
            .json(body)
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
        Err(Failure::Declined(text("code"), text("detail")))
    }
}
