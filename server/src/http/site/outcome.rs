//! What came of something that somebody did on a page: done, or an incident that he has to hear of.

use fluxor_engine::command::Answer;
use fluxor_engine::ids::TenantId;
use fluxor_engine::instance::Status;

use super::super::problem::Problem;
use crate::app::App;
use crate::page::Came;

/// The code of an incident after which what was done is done, and waits: of every other one nothing was done.
pub(super) use fluxor_engine::decide::APPROVAL_INCIDENT as WAITS;

/// What came of it, where it did not end well.
pub(super) async fn came(app: &App, tenant: TenantId, answer: &Answer) -> Result<Option<Came>, Problem> {
    let Some(id) = answer.instance.filter(|_| answer.status == Some(Status::Incident)) else { return Ok(None) };
    let paper = app.desk().paper(tenant, id).await?;
    // Another one was there before.
    let own = paper.instance.detail.incidents().find(|incident| incident.since == answer.at);
    Ok(own.map(|incident| if *incident.code == *WAITS { Came::Stuck } else { Came::Undone }))
}

/// Where to go on after it.
pub(super) fn after(place: &str, done: &str, came: Option<Came>) -> String {
    let came = came.map_or_else(String::new, |came| format!("&came={}", came.name()));
    format!("{place}?done={done}{came}")
}

/// A sentence with what stands between backticks as people read it elsewhere: `` `by_hand` `` is “by hand”.
fn quoted(sentence: &str) -> String {
    let mut parts = sentence.split('`');
    let mut said = parts.next().unwrap_or_default().to_owned();
    while let (Some(name), rest) = (parts.next(), parts.next()) {
        said += &format!("“{}”{}", name.replace('_', " "), rest.unwrap_or_default());
    }
    said
}

/// Why it was not done, to whoever sent a form: he knows no request ids.
pub(super) fn told(problem: &Problem) -> String {
    match problem.code() {
        "request_reused" => {
            "This form was sent before, with another choice or other words, and that was done. What stands here now was not \
             sent."
            .to_owned()
        }
        // Of steps people know the words.
        "step_waiting" | "step_decided" => quoted(problem.detail()),
        _ => problem.detail().to_owned(),
    }
}
