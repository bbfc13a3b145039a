//! What somebody asked for, and who has it since when.

use axum::extract::State;
use axum::response::Response;
use fluxor_engine::instance::Instance;
use fluxor_engine::store::InstancePage;
use serde::Deserialize;

use super::super::extract::Query;
use super::super::problem::Problem;
use super::{Visitor, csv, html, past};
use crate::app::App;
use crate::page::{Inbox, Row, back, is_requester};

/// Rows of the page.
const ROWS: usize = 50;

/// So many documents are looked through, the newest first.
const SEARCHED: usize = 5_000;

/// Documents that are read at a time.
const PAGE: i64 = 500;

/// What is shown.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    q: String,
    /// `csv`: as a table for programs.
    #[serde(default, rename = "as")]
    form: String,
}

/// The requests.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let (tenant, person, query) = (visitor.caller.tenant(), visitor.person(), wish.q.trim());
    // What another document has called is part of that one.
    let is_own = |row: &Instance| {
        row.detail.caller.is_none()
            && (row.detail.started_by.as_ref() == Some(person) || is_requester(&row.subject, person))
    };
    let (mut rows, mut after, mut seen) = (Vec::new(), None, 0);
    while rows.len() < ROWS && seen < SEARCHED {
        let page = InstancePage { after, ..InstancePage::all(tenant, PAGE) };
        let found = app.desk().instances(page).await?;
        let Some(last) = found.last() else { break };
        (after, seen) = (Some(last.id), seen + found.len());
        for own in found.iter().filter(|row| is_own(row)) {
            // What this program cannot load any more is shown by its page, which says why.
            let Ok(paper) = app.desk().paper(tenant, own.id).await else { continue };
            let known = (&*paper.instance, &*paper.definition);
            let back = back(known, &paper.organisation, (person, paper.now));
            let arrival = past::arrival(&app, known, back, &visitor.words).await?;
            let inside = past::asked_inside(&app, &paper.instance).await;
            let row = Row::asked(&paper, (&inside, arrival.as_ref()), person, &visitor.words);
            if query.is_empty() || row.is_meant(query) {
                rows.push(row);
            }
            if rows.len() == ROWS {
                break;
            }
        }
    }
    let requests = Inbox::requests(rows, query);
    if wish.form == "csv" {
        return csv(&app, "requests", &visitor, &requests);
    }
    html(requests.page(&visitor.reader()))
}
