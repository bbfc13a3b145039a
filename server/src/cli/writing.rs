//! Where a changing command goes: into the database, holding its lock, or over HTTP to the server that holds it.

use std::sync::Arc;

use anyhow::Context as _;
use fluxor_engine::audit::canonical;
use fluxor_engine::command::{Actor, Answer, Command, Verb};
use fluxor_engine::ids::{Digest, Mint, RequestId};
use fluxor_workflows::LinkRow;
use serde_json::Value;

use super::Failure;
use super::remote::Remote;
use crate::config::Config;
use crate::desk::Desk;
use crate::lock::{self, Lock, Taken};
use crate::open::{Purpose, open};

/// Where a change goes.
pub(super) enum Place {
    /// Here.
    Here(Box<Here>),
    /// To the server that is named, or that has the file open.
    There(Remote),
}

/// The database, opened for one command.
pub(super) struct Here {
    desk: Arc<dyn Desk>,
    mint: Mint,
    /// Held until the command is done.
    _lock: Option<Lock>,
}

/// The server that is named, or that has the file open; or the database, opened.
pub(super) async fn place(config: &Config) -> Result<Place, Failure> {
    if let Some(there) = Remote::named(config)? {
        return Ok(Place::There(there));
    }
    let mut lock = None;
    if let Some(file) = config.sqlite() {
        match lock::take(file)? {
            Taken::Ours(ours) => lock = Some(ours),
            Taken::Held(holder) => return Remote::to(&holder, config).map(Place::There),
        }
    }
    let desk = open(config, Purpose::Command).await?;
    let mint = Mint::from_os().context("the operating system gives no randomness")?;
    Ok(Place::Here(Box::new(Here { desk, mint, _lock: lock })))
}

impl Here {
    /// A new request id.
    pub(super) fn request(&mut self) -> RequestId {
        format!("cli-{:032x}", u128::from_be_bytes(self.mint.bytes())).into()
    }

    /// Random bytes.
    pub(super) fn random<const N: usize>(&mut self) -> [u8; N] {
        self.mint.bytes()
    }

    /// Notes a link in the trail, then keeps it.
    pub(super) async fn noted(
        &self,
        config: &Config,
        request: RequestId,
        asked: &Value,
        verb: Verb,
        link: LinkRow,
    ) -> Result<(), Failure> {
        self.ask(config, request, asked, verb).await?;
        self.desk.keep_link(link).await?;
        self.close(config).await;
        Ok(())
    }

    /// Ends the sessions and links that came of a key: it is revoked.
    pub(super) async fn ended_with_key(&self, config: &Config, key: &str) -> Result<(), Failure> {
        self.desk.end_sessions_of_key(config.tenant(), key.into()).await?;
        self.close(config).await;
        Ok(())
    }

    /// Does it, as the operator at the machine's own console.
    pub(super) async fn submit(
        &self,
        config: &Config,
        request: RequestId,
        asked: &Value,
        verb: Verb,
    ) -> Result<Answer, Failure> {
        let answer = self.ask(config, request, asked, verb).await?;
        self.close(config).await;
        Ok(answer)
    }

    /// Likewise, where there is more to do.
    pub(super) async fn ask(
        &self,
        config: &Config,
        request: RequestId,
        asked: &Value,
        verb: Verb,
    ) -> Result<Answer, Failure> {
        let request_hash = Digest::of(format!("cli\0{}\0{}", verb.name(), canonical::value(asked)));
        let command = Command { tenant: config.tenant(), request, request_hash, actor: Actor::System, verb };
        Ok(self.desk.submit(command).await?.answer)
    }

    /// The engine, for longer work.
    pub(super) fn shared(&self) -> Arc<dyn Desk> {
        self.desk.clone()
    }

    /// The engine.
    pub(super) fn desk(&self) -> &dyn Desk {
        &*self.desk
    }

    /// Finishes.
    pub(super) async fn close(&self, config: &Config) {
        self.desk.shutdown(config.drain_timeout()).await;
    }
}
