//! `fluxor serve`: the HTTP interface, timers and messages, until SIGTERM or SIGINT.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use fluxor_engine::clock::{Clock as _, SystemClock};
use fluxor_engine::ids::Mint;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::out::Out;
use super::{End, Failure};
use crate::app::App;
use crate::config::Config;
use crate::desk::Desk;
use crate::door::{Door, OneTime};
use crate::http::problem::chain;
use crate::http::{listen, routes};
use crate::limits::Limits;
use crate::lock::{self, Lock, Taken};
use crate::open::{Opened, Purpose, open_all};
use crate::reload::{Cause, Reloads};
use crate::telemetry::{log, metrics};
use crate::traffic::EVERY;

/// How long it is remembered of a session or a link that there was one, microseconds.
const FORGOTTEN_AFTER: i64 = 7 * 24 * 3_600_000_000;

/// How often what has ended is looked for.
const SWEPT_EVERY: Duration = Duration::from_secs(3600);

pub(super) async fn run(config: &Config, out: &Out) -> Result<End, Failure> {
    let _logs = log::start(&config.log).map_err(|error| Failure::Usage(format!("{error:#}")))?;
    let mut lock = own(config)?;
    let Opened { desk, press, mail, some_refused } = open_all(config, Purpose::Serve).await?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}: is another server running there?", config.listen))?;
    let url = format!("http://{}", listener.local_addr().context("the listener has no address")?);
    if let Some(lock) = &mut lock {
        lock.announce(Some(url.clone()))?;
    }
    let app = app(desk.clone(), config).await?;
    if let (Some(url), 1..) = (app.door().public_url.clone(), app.door().link) {
        let mint = Mint::from_os().context("the operating system gives no randomness")?;
        press.link_by(Arc::new(OneTime::new(&desk, url, app.door().link, mint)));
    }
    if mail.is_some() && app.door().public_url.is_none() {
        tracing::warn!(
            "mails go out without links, and nobody is sent one to sign in with: say where people reach this server \
             with --public-url (or FLUXOR_PUBLIC_URL)"
        );
    }
    let reloads = Arc::new(Reloads::new(config, desk.clone(), press.clone())?);
    app.reload_by(reloads.clone());
    app.post_by(press, mail);
    if some_refused {
        // What is wrong with them is told before anybody is served.
        reloads.reload(&Cause::Files, false).await.context("the definitions that are refused cannot be looked at")?;
    }
    tracing::info!(url, database = config.database_shown(), "serving {url}");
    out.result(&json!({ "url": url, "database": config.database_shown() }), || format!("Fluxor serves {url}"));
    until_told(listener, app, &desk, config).await?;
    tracing::info!("stopped");
    Ok(End::Done)
}

/// What handlers share.
pub(super) async fn app(desk: Arc<dyn Desk>, config: &Config) -> Result<App, Failure> {
    let limits = Limits::open(config).await.map_err(|error| Failure::Usage(format!("{error:#}")))?;
    let door = Door::new(config)?;
    Ok(App::new(desk, metrics::start()?, config.request_timeout(), limits, door)?)
}

/// The lock of the database file, where it is one.
fn own(config: &Config) -> Result<Option<Lock>, Failure> {
    let Some(file) = config.sqlite() else { return Ok(None) };
    match lock::take(file)? {
        Taken::Ours(lock) => Ok(Some(lock)),
        Taken::Held(holder) => {
            let place = holder.url.map_or(String::new(), |url| format!(" and serves {url}"));
            let words = format!(
                "process {} has {} open{place}. A SQLite file has one owner: stop that process, or use PostgreSQL.",
                holder.pid, config.database
            );
            Err(Failure::Broken(anyhow::anyhow!(words)))
        }
    }
}

/// Answers requests until a signal, then finishes those that run, then the engine's accepted work.
pub(super) async fn until_told(
    listener: TcpListener,
    app: App,
    desk: &Arc<dyn Desk>,
    config: &Config,
) -> anyhow::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let mut serving = tokio::spawn(listen::answer(listener, routes::router(app.clone()), stopped));
    let noting = tokio::spawn(keeping(app.clone()));
    let sweeping = tokio::spawn(sweeping(app.clone()));
    let delivering = desk.webhooks().map(|webhooks| tokio::spawn(webhooks.clone().run()));
    let digesting = tokio::spawn(digests(app.clone()));
    let every = Duration::from_secs(config.watch_definitions);
    let watching = app.reloads().map(|reloads| tokio::spawn(reloads.clone().watch(every)));
    tokio::select! {
        ended = &mut serving => ended.context("the server ended")?,
        signal = signal() => {
            tracing::info!("{}: finishing what runs", signal?);
            app.stop();
            let _ = stop.send(true);
            if tokio::time::timeout(config.drain_timeout(), &mut serving).await.is_err() {
                tracing::warn!("requests still ran after {} s and were cut off", config.drain_timeout);
                serving.abort();
            }
        }
    }
    noting.abort();
    sweeping.abort();
    // What is under way is delivered again by whoever comes next.
    delivering.iter().for_each(|task| task.abort());
    digesting.abort();
    watching.iter().for_each(|task| task.abort());
    if tokio::time::timeout(config.drain_timeout(), keep(&app, true)).await.is_err() {
        tracing::warn!("what was called in the last minute could not be written in time");
    }
    desk.shutdown(config.drain_timeout()).await;
    app.limits().close().await;
    Ok(())
}

/// Writes what was called, now and then. Where nothing is kept, what was kept before is forgotten.
async fn keeping(app: App) {
    while !keep(&app, false).await || app.limits().traffic().is_kept() {
        tokio::time::sleep(EVERY).await;
    }
}

/// Forgets sessions and links that have ended, now and then.
async fn sweeping(app: App) {
    loop {
        // What has just ended is kept for a while: whoever comes by it hears why it is no good.
        let before = app.desk().now().plus_micros(-FORGOTTEN_AFTER);
        if let Err(error) = app.desk().forget_sessions(before).await {
            let error = chain(&error);
            tracing::warn!(error, "sessions that have ended cannot be forgotten, and wait: {error}");
        }
        tokio::time::sleep(SWEPT_EVERY).await;
    }
}

/// How often it is looked whose digest is due.
const LOOK: Duration = Duration::from_secs(5);

/// Sends digests, where mail is configured. One that is cut off is sent by whoever looks next, under the same name.
async fn digests(app: App) {
    while let Some(mail) = app.mail() {
        tokio::time::sleep(LOOK).await;
        if let Err(error) = mail.digests(SystemClock.now()).await {
            tracing::warn!(error, "digests wait: {error}");
        }
    }
}

/// Whether it was written.
async fn keep(app: &App, all: bool) -> bool {
    let limits = app.limits();
    let Err(error) = limits.traffic().keep(app.desk(), limits.limiter().now(), all).await else { return true };
    let error = chain(&error);
    tracing::warn!(error, "what was called cannot be written, and waits: {error}");
    false
}

#[cfg(unix)]
pub(super) async fn signal() -> anyhow::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    Ok(tokio::select! {
        _ = terminate.recv() => "told to stop (SIGTERM)",
        _ = interrupt.recv() => "told to stop (SIGINT)",
    })
}

#[cfg(not(unix))]
pub(super) async fn signal() -> anyhow::Result<&'static str> {
    tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")?;
    Ok("told to stop (Ctrl-C)")
}
