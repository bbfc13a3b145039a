//! What a reorder run ordered, and why.

use std::sync::Arc;

use fluxor_engine::ids::InstanceId;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::Compact;
use super::orders::{LineRow, OrderRow};
use super::stock::StockKey;
use super::written::Written;

/// What the `source` and the business keys of a run's orders begin with; the run's id follows.
pub const SOURCE: &str = "reorder:";

/// The `source` of a run's orders.
#[must_use]
pub fn source_of(run: InstanceId) -> String {
    format!("{SOURCE}{run}")
}

/// The run that an order comes from.
#[must_use]
pub(crate) fn run_of(order: &OrderRow) -> Option<InstanceId> {
    order.source.as_deref()?.strip_prefix(SOURCE)?.parse().ok()
}

/// A line that a run ordered, with its arithmetic. It stands here and in the run's entry, and is never changed: the
/// order's own line may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReorderLineRow {
    /// The run (instance of `reorder_run`).
    pub run: InstanceId,
    /// What, where.
    #[serde(flatten)]
    pub key: StockKey,
    /// The number of the line in its order, whose `source` is the run.
    pub line: i64,
    /// The arithmetic.
    pub why: Written,
}

impl ReorderLineRow {
    /// Shows the arithmetic of lines that have none of their own and still are of what the run ordered, where it ordered it.
    /// If somebody has changed quantity, unit or supplier since, `run_ordered` says what the arithmetic came to. Lines stand
    /// by their numbers.
    pub(crate) fn explain(rows: Vec<Self>, order: &OrderRow, lines: &mut [LineRow]) {
        for row in rows {
            let Ok(place) = lines.binary_search_by_key(&row.line, |line| line.line) else { continue };
            let line = &mut lines[place];
            if line.why.is_none() && line.stock().as_ref() == Some(&row.key) {
                line.why = serde_json::from_str(row.why.text()).ok().map(|why| told(why, order, line));
            }
        }
    }
}

/// The arithmetic, beside what it came to where the line says otherwise.
fn told(mut why: Json, order: &OrderRow, line: &LineRow) -> Json {
    let chosen = &why["chosen"];
    let (quantity, unit) = (&chosen["quantity"]["order"]["purchase"], &chosen["unit"]["unit"]);
    let supplier = &chosen["offer"]["supplier"];
    let same = *quantity == line.quantity.to_string() && *unit == *line.unit && *supplier == *order.supplier;
    if chosen.is_object() && !same {
        why["run_ordered"] = json!({ "supplier": supplier, "quantity": quantity, "unit": unit });
    }
    why
}

impl Compact for ReorderLineRow {
    const COLUMNS: &'static [&'static str] = &["run", "item", "location", "line", "why"];
    type Cells = (InstanceId, Arc<str>, Arc<str>, i64, Written);

    fn cells(&self) -> Self::Cells {
        (self.run, self.key.item.clone(), self.key.location.clone(), self.line, self.why.clone())
    }

    fn of((run, item, location, line, why): Self::Cells) -> Self {
        Self { run, key: StockKey { item, location }, line, why }
    }
}
