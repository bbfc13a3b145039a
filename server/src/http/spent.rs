//! What a call really cost: a page by its rows, a look at the whole trail by its entries. Handlers need not know: whoever
//! counts rows says so here, and the limits correct what they charged.

use std::cell::Cell;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use fluxor_limits::layer::Spent;

use super::extract::Limit;
use super::gate::{self, Base};

/// Rows of a page at most.
const MOST: u64 = Limit::MOST.unsigned_abs();
/// Rows that cost as much as a plain request.
const ROWS: u64 = 100;

tokio::task_local! {
    /// The rows that the request which this task answers has read.
    static READ: Cell<u64>;
}

/// Notes that rows were read.
pub(crate) fn rows(count: u64) {
    let _ = READ.try_with(|read| read.set(read.get().saturating_add(count)));
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

/// Around the handlers: tells the limits what was read.
pub(crate) async fn count(request: Request, next: Next) -> Response {
    gate::decided(request.extensions());
    let Some(base) = request.extensions().get::<Base>().map(|base| base.0) else { return next.run(request).await };
    let answered = async {
        let mut response = next.run(request).await;
        // A page that was not read, an error say, has cost a plain request.
        response.extensions_mut().insert(Spent(base.saturating_add(of(READ.with(Cell::get)))));
        response
    };
    READ.scope(Cell::new(0), answered).await
}

#[cfg(test)]
mod tests {
    use super::*;

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
