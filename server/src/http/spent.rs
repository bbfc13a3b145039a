//! What a call really cost: a page by its rows, a look at the whole trail by its entries, a call for many by how many it did.
//! Handlers need not know: whoever counts says so here, and the limits correct what they charged.

use std::cell::Cell;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use fluxor_limits::layer::Spent;

use super::barred::Asked;
use super::extract::Limit;
use super::gate::{self, Base};
use super::parameters::{self, Known};
use crate::app::App;

/// Rows of a page at most.
const MOST: u64 = Limit::MOST.unsigned_abs();
/// Rows that cost as much as a plain request.
const ROWS: u64 = 100;
/// Things done by one request for many that cost as much as a plain request: each is work of its own, but the way there and
/// back, and the look at who asks, are shared.
const ITEMS: u64 = 10;

/// What was counted of a request.
#[derive(Clone, Copy, Default)]
struct Count {
    rows: u64,
    items: u64,
}

impl Count {
    /// What that costs, over a plain request.
    const fn costs(self) -> u64 {
        of(self.rows).saturating_add(self.items / ITEMS)
    }
}

tokio::task_local! {
    /// What the request which this task answers has done so far.
    static DONE: Cell<Count>;
}

fn add(more: impl FnOnce(&mut Count)) {
    let _ = DONE.try_with(|done| {
        let mut count = done.get();
        more(&mut count);
        done.set(count);
    });
}

/// Notes that rows were read.
pub(crate) fn rows(count: u64) {
    add(|done| done.rows = done.rows.saturating_add(count));
}

/// Notes that so many things were done at once. How many is in the body, so that it is charged afterwards: whoever does more
/// than is left owes it.
pub(crate) fn items(count: usize) {
    add(|done| done.items = done.items.saturating_add(count as u64));
}

/// What a page of at most so many rows costs, over a plain request.
pub(super) const fn of(rows: u64) -> u64 {
    rows / ROWS
}

/// The cost that is charged before: a page as if it were full.
pub(super) fn estimated(parts: &Parts, base: u64) -> u64 {
    let asked = parts.uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("limit="));
    // More is no page: the handler says so.
    let rows = asked.and_then(|limit| limit.parse().ok()).filter(|rows| *rows <= MOST);
    base.saturating_add(of(rows.unwrap_or(0)))
}

/// Around the handlers: refuses what no handler would read of a query, notes whom they refuse, and tells the limits what was read.
pub(super) async fn count(State((known, app)): State<(Known, App)>, request: Request, next: Next) -> Response {
    gate::decided(request.extensions());
    let base = request.extensions().get::<Base>().map(|base| base.0);
    let asked = Asked::of(&request);
    let done = async {
        let response = match parameters::stranger(&known, &request) {
            Some(problem) => problem.into_response(),
            None => next.run(request).await,
        };
        match asked {
            Some(asked) => asked.note(&app, response).await,
            None => response,
        }
    };
    let Some(base) = base else { return done.await };
    let answered = async {
        let mut response = done.await;
        // A page that was not read, an error say, has cost a plain request.
        response.extensions_mut().insert(Spent(base.saturating_add(DONE.with(Cell::get).costs())));
        response
    };
    DONE.scope(Cell::default(), answered).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_done_for_many_costs_more() {
        let counted = async {
            rows(150);
            items(30);
            items(9);
            DONE.with(Cell::get).costs()
        };
        assert_eq!(DONE.scope(Cell::default(), counted).await, 1 + 3);
        items(1);
    }

    #[test]
    fn a_page_is_charged_as_if_it_were_full() {
        let cost = |uri: &str| {
            let (parts, ()) = axum::http::Request::builder().uri(uri).body(()).unwrap().into_parts();
            estimated(&parts, 1)
        };
        assert_eq!(cost("/v1/orders"), 1);
        assert_eq!(cost("/v1/orders?limit=500"), 6);
        assert_eq!(cost("/v1/orders?after=x&limit=99"), 1);
        assert_eq!(cost("/v1/orders?limit=501"), 1);
        assert_eq!(cost("/v1/orders?limit=18446744073709551615"), 1);
        assert_eq!(cost("/v1/orders?limit=-1&limits=7"), 1);
    }
}
