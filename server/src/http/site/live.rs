//! Whether something has changed that a page shows: one stream a page, which says so and nothing else.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use fluxor_engine::ids::{Digest, InstanceId};
use futures_util::Stream;
use serde::Deserialize;

use super::super::extract::Query;
use super::super::problem::Problem;
use super::Visitor;
use crate::app::{App, Watching};
use crate::desk::NotDone;
use crate::door;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(3);

/// So many tasks of an inbox are looked at.
const TASKS: i64 = 51;

/// What is watched: a document, or the inbox.
#[derive(Debug, Default, Deserialize)]
pub(super) struct What {
    instance: Option<InstanceId>,
}

/// A page that is open.
struct Open {
    app: App,
    visitor: Visitor,
    session: Option<Digest>,
    instance: Option<InstanceId>,
    /// What the page shows, as far as it is known.
    seen: Option<String>,
    _watching: Watching,
}

/// The stream. Whoever comes again says what he saw last.
pub(super) async fn stream(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Query(what): Query<What>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let Some(watching) = app.watch(visitor.caller.tenant(), visitor.person()) else {
        return Err(Problem::new(
            "reduced_capacity",
            "Too many pages are open: this one does not look for changes by itself. Close some that you do not need.",
        ));
    };
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    if let Some(id) = what.instance {
        app.desk().look(visitor.caller.tenant(), id).await?;
    }
    let session = door::brought(&headers);
    let open = Open { app, visitor, session, instance: what.instance, seen, _watching: watching };
    let events = futures_util::stream::unfold((open, false), |(mut open, begun)| async move {
        if begun {
            tokio::time::sleep(EVERY).await;
        }
        let event = open.look().await?;
        Some((Ok(event), (open, true)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

impl Open {
    /// What to say next; nothing: the stream ends, and the browser comes again.
    async fn look(&mut self) -> Option<Event> {
        if self.app.is_stopping() {
            return None;
        }
        // Whoever signed out, or was signed out, is told no more.
        if let Some(session) = self.session
            && !matches!(self.app.has_session(session).await, Ok(true))
        {
            return None;
        }
        let now = self.now().await.ok()?;
        let known = self.seen.replace(now.clone());
        Some(match known {
            Some(known) if known == now => Event::default().comment("nothing new"),
            Some(_) => Event::default().id(now).event("changed").data("1"),
            None => Event::default().id(now).event("here").data("1"),
        })
    }

    async fn now(&self) -> Result<String, NotDone> {
        let (desk, tenant) = (self.app.desk(), self.visitor.caller.tenant());
        let text = match self.instance {
            Some(id) => desk.look(tenant, id).await?.instance.seq.to_string(),
            None => {
                let tasks = desk.tasks_of(tenant, self.visitor.person().clone(), None, None, TASKS).await?;
                let tasks = tasks.iter().map(|task| format!("{} {} {}", task.id, task.etag, task.open.len()));
                tasks.collect::<Vec<_>>().join("\n")
            }
        };
        Ok(Digest::of(text).to_string()[..16].to_owned())
    }
}
