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
use super::found::{self, Found};
use super::{Visitor, html, refused};
use crate::app::App;
use crate::page::{Help, Reader, Refused, done_in_words};

/// The task.
pub(super) async fn show(State(app): State<App>, Path((text,)): Path<(String,)>) -> Result<Response, Problem> {
    let (link, task) = match found(&app, &text).await? {
        Ok(good) => good,
        Err(why) => return gone(&why),
    };
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
    let (link, task) = match found(&app, &text).await? {
        Ok(good) => good,
        Err(why) => return gone(&why),
    };
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
        // Another act was done by it just now, though its row need not say so yet.
        Err(problem) if problem.code() == "request_reused" => gone(&Found::Used(link)),
        Err(problem) => place.again(task, &fields, problem).await,
    }
}

/// A link that may be used, and its task; or what else it is.
async fn found(app: &App, text: &str) -> Result<Result<(LinkRow, TaskId), Found>, Problem> {
    Ok(match found::found(app, text, Purpose::Task).await? {
        Found::Good(link) => match link.target.parse() {
            Ok(task) => Ok((link, task)),
            Err(_) => Err(Found::Unknown),
        },
        other => Err(other),
    })
}

/// A link that is no good: why, and where to go on.
fn gone(why: &Found) -> Result<Response, Problem> {
    let (lead, link) = match why {
        Found::Used(link) => ("This link was used: it takes one decision.", Some(link)),
        Found::Good(link) | Found::Old(link) => ("This link is too old.", Some(link)),
        Found::Ended(link) => {
            ("This link has ended: whoever it was sent to was not active in the organisation since.", Some(link))
        }
        Found::Unknown => ("There is no such link. Look whether all of it was copied.", None),
    };
    let href = link.map_or_else(|| "/inbox".to_owned(), |link| format!("/tasks/{}", link.target));
    let help = match link {
        Some(_) => "The page that it led to is there all the same, for whoever signs in.",
        None => "What waits for you is in the inbox, for whoever signs in.",
    };
    let page = Help { lead, help, href: &href, button: "Go on" };
    refused(&Problem::unauthenticated(lead), page.page("This link", &Reader::default()))
}
