//! Orders that were placed elsewhere: what is open of them is on order here, and may be received here.

use fluxor_engine::domain::Done;
use fluxor_engine::instance::Document;
use serde_json::Value as Json;

use super::change::{INVALID, new_order, new_row, valid};
use super::fields::{LONGEST_NAME, Mistakes, required, text};
use super::{lines, numbering, stock};
use crate::action::{Answer, Call, instance, refuse};
use crate::quantity::Quantity;
use crate::row::{LineRow, Op, OrderStatus};
use crate::settings::Settings;

/// What an order from elsewhere may be.
const STATUSES: [OrderStatus; 4] =
    [OrderStatus::Ordered, OrderStatus::Closed, OrderStatus::Cancelled, OrderStatus::Rejected];

/// Writes the order with the `lines` of the input, some of which may have come (`received`). It is ordered if anything is
/// open, else closed, unless `status` says that it ended. No movements are written: the ledger comes on its own.
pub(crate) fn record_imported_order(settings: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let id = instance(call)?;
    let Some(given) = call.payload.get("lines") else {
        return refuse(INVALID, "/lines: an order from elsewhere brings its lines.");
    };
    let lines: Vec<LineRow> = valid(lines::read(given, lines::IMPORTED).and_then(numbering::first))?;
    let number = valid(required(call.payload, "", "number", "the number"))?;
    let status = match valid(text(call.payload, "", "status", LONGEST_NAME))?.flatten() {
        None => OrderStatus::Ordered,
        Some(named) => match STATUSES.into_iter().find(|status| status.as_str() == &*named) {
            Some(status) => status,
            None => {
                let names = STATUSES.map(OrderStatus::as_str).join(", ");
                return refuse(INVALID, format!("/status: an order from elsewhere is {names}, not `{named}`."));
            }
        },
    };
    let is_open = lines.iter().any(|line| line.open() > Quantity(0));
    let mut row = new_row(settings, call, id, &lines, Mistakes::default())?;
    // Numbers of two systems may be the same; the key, which names the system too, is there once.
    row.number = Some(call.key.map_or(number, Into::into));
    row.status = if is_open || status != OrderStatus::Ordered { status } else { OrderStatus::Closed };
    let shown = Json::from(row.number.as_deref());
    let mut done = new_order(call, row, lines, stock::Strict::Exists)?;
    done.set.extend(Document::from_iter([("number".to_owned(), shown)]));
    Ok(done)
}
