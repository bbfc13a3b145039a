//! A link in a mail: it shows its task to whoever has it, and takes one act. Looking uses nothing up.

use axum::extract::State;
use axum::response::Response;
use fluxor_engine::ids::TaskId;
use fluxor_workflows::{LinkRow, Purpose};

use super::super::asked::Fields;
use super::super::auth::Caller;
use super::super::extract::Path;
use super::super::problem::Problem;
use super::document::{Place, Said};
use super::sign_in::good;
use super::{Visitor, html, refused};
use crate::app::App;
use crate::page::{Help, Reader, Refused, done_in_words};
use crate::secret;

/// The task.
pub(super) async fn show(State(app): State<App>, Path((text,)): Path<(String,)>) -> Result<Response, Problem> {
    let Some((link, task)) = found(&app, &text).await? else { return gone(&app, &text).await };
    let visitor = Visitor::of(&app, Caller::of_link(&link)).await?;
    let place = Place::of_link(&app, &visitor, &text);
    html(place.page(task.instance, Some(task), Refused::default(), Said::default()).await?)
}

/// What its form asks for. The same act sent twice is done once; another one finds the link used.
pub(super) async fn act(
    State(app): State<App>,
    Path((text,)): Path<(String,)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let Some((link, task)) = found(&app, &text).await? else { return gone(&app, &text).await };
    let visitor = Visitor::of(&app, Caller::of_link(&link)).await?;
    let place = Place::of_link(&app, &visitor, &text);
    // The engine itself sees to it that one link is one act: its request is the link.
    match place.done(task, &fields, Some(format!("link-{}", link.id))).await {
        Ok(done) => {
            app.desk().use_link(link.secret_hash, app.desk().now()).await?;
            let lead = done_in_words(done.name).unwrap_or("It is done.").to_owned();
            let lead = done.came.map_or_else(|| lead.clone(), |came| came.in_words(Some(&lead)));
            let href = format!("/tasks/{task}");
            let help = "This link is used up. Whatever else there is to do is in the inbox.";
            html(Help { lead: &lead, help, href: &href, button: "See it, signed in" }.page("Done", &visitor.guest()))
        }
        Err(problem) if problem.code() == "request_reused" => gone(&app, &text).await,
        Err(problem) => place.again(task, &fields, problem).await,
    }
}

async fn found(app: &App, text: &str) -> Result<Option<(LinkRow, TaskId)>, Problem> {
    let link = good(app, text, Purpose::Task).await?;
    Ok(link.and_then(|link| link.target.parse().ok().map(|task| (link, task))))
}

/// A link that was used, or is too old: where to go on is said.
async fn gone(app: &App, text: &str) -> Result<Response, Problem> {
    let link = match secret::token_hash(text) {
        Some(hash) => app.desk().link(hash).await?.filter(|link| link.purpose == Purpose::Task),
        None => None,
    };
    let lead = match &link {
        Some(LinkRow { used_at: Some(_), .. }) => "This link was used: it takes one decision.",
        Some(_) => "This link is too old.",
        None => "There is no such link. Look whether all of it was copied.",
    };
    let href = link.map_or_else(|| "/inbox".to_owned(), |link| format!("/tasks/{}", link.target));
    let page = Help {
        lead,
        help: "The page that it led to is there all the same, for whoever signs in.",
        href: &href,
        button: "Go on",
    };
    refused(&Problem::unauthenticated(lead), page.page("This link", &Reader::default()))
}
