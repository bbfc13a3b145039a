//! Demand of another system: what is asked for reserves stock until it is done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::domain::Done;
use fluxor_engine::instance::Document;
use jiff::civil::Date;
use serde_json::Value as Json;

use super::imported::{Cells, INVALID, Read, on_grid, parsed, rows};
use super::levels::Levels;
use super::movements::{grids, known};
use crate::action::{Answer, Call, done, needs, refuse, require};
use crate::quantity::Quantity;
use crate::records::told;
use crate::row::{DemandRow, Need, Op, Rows, StockKey};
use crate::settings::Settings;

/// The columns of imported demand.
const COLUMNS: [&str; 7] = ["reference", "item", "location", "quantity", "ordered_on", "due_on", "done_at"];

/// Demand as it was told: what was left out stays as it is.
struct Told {
    reference: Arc<str>,
    stock: StockKey,
    quantity: Quantity,
    ordered_on: Date,
    due_on: Option<Option<Date>>,
    done_at: Option<Option<Timestamp>>,
}

/// Takes demand of another system. What is there already and the same is left out; a quantity, a due day and being done
/// may change; item, location and the day it was asked for may not.
pub(crate) fn import_demand(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let demand = rows(call, &COLUMNS, read)?;
    let stocks: BTreeSet<&StockKey> = demand.iter().map(|row| &row.stock).collect();
    let mut wanted: Vec<Need> = demand.iter().map(|row| Need::Demand(row.reference.clone())).collect();
    wanted.extend(known(&stocks));
    require(call, wanted)?;
    let grids = grids(call, &stocks)?;
    let mut work = Work { call, changed: BTreeMap::new(), levels: Levels::new(call), skipped: 0 };
    let mut mistakes = Vec::new();
    for (number, row) in demand.iter().enumerate() {
        let on_grid = match grids.get(&row.stock) {
            Some(Ok((unit, grid))) => on_grid(&row.stock.item, unit, *grid, row.quantity),
            Some(Err(why)) => Err(why.clone()),
            None => Err(format!("nothing is known of {}", row.stock)),
        };
        let taken = match on_grid {
            Ok(()) => work.take(row)?,
            Err(why) => Err(why),
        };
        mistakes.extend(taken.err().map(|why| format!("/rows/{number}: {why}")));
    }
    if !mistakes.is_empty() {
        return refuse(INVALID, told(mistakes));
    }
    work.finish()
}

struct Work<'a> {
    call: &'a Call<'a>,
    changed: BTreeMap<Arc<str>, DemandRow>,
    levels: Levels<'a>,
    skipped: i64,
}

impl Work<'_> {
    fn take(&mut self, told: &Told) -> Answer<Read<()>> {
        let reference = &told.reference;
        if self.changed.contains_key(reference) {
            return Ok(Err(format!("the demand `{reference}` is told twice in one command")));
        }
        let before = self.call.facts.demand(self.call.tenant, reference).map_err(needs)?;
        let after = DemandRow {
            reference: reference.clone(),
            version: before.map_or(0, |b| b.version),
            item: told.stock.item.clone(),
            location: told.stock.location.clone(),
            quantity: told.quantity,
            ordered_on: told.ordered_on,
            due_on: told.due_on.unwrap_or_else(|| before.and_then(|b| b.due_on)),
            done_at: told.done_at.unwrap_or_else(|| before.and_then(|b| b.done_at)),
        };
        match before {
            Some(before) if *before == after => {
                self.skipped += 1;
                return Ok(Ok(()));
            }
            Some(before) if before.stock() != told.stock || before.ordered_on != told.ordered_on => {
                let (stock, day) = (before.stock(), before.ordered_on);
                return Ok(Err(format!("the demand `{reference}` is there already, of {stock} since {day}")));
            }
            _ => {}
        }
        let reserved = |row: &DemandRow| if row.done_at.is_none() { row.quantity.0 } else { 0 };
        // Neither is negative: their difference cannot overflow.
        self.levels.reserve(&told.stock, reserved(&after) - before.map_or(0, reserved))?;
        self.changed.insert(reference.clone(), DemandRow { version: after.version + 1, ..after });
        Ok(Ok(()))
    }

    fn finish(self) -> Answer<Done<Op>> {
        let mut ops = self.levels.finish()?;
        let written = self.changed.len();
        if written > 0 {
            ops.push(Op::Demand(Rows(self.changed.into_values().collect())));
        }
        let set = Document::from_iter([
            ("written".to_owned(), Json::from(written)),
            ("skipped".to_owned(), self.skipped.into()),
        ]);
        Ok(done(ops, set))
    }
}

fn read(cells: &Cells<'_>) -> Read<Told> {
    let quantity = cells.must("quantity", |text| {
        let quantity: Quantity = parsed(text)?;
        if quantity.0 < 0 { Err(format!("demand is not negative, and this is {quantity}")) } else { Ok(quantity) }
    })?;
    Ok(Told {
        reference: cells.reference()?,
        stock: cells.stock()?,
        quantity,
        ordered_on: cells.must("ordered_on", day)?,
        due_on: cells.told("due_on", day)?,
        done_at: cells.told("done_at", |text| {
            Timestamp::parse(text).map_err(|_| "write an instant, such as \"2026-03-02T08:00:00Z\"".to_owned())
        })?,
    })
}

/// `YYYY-MM-DD` and nothing else: jiff alone would also take a date with a time.
fn day(text: &str) -> Read<Date> {
    let day = if text.len() == 10 { text.parse().ok() } else { None };
    day.ok_or_else(|| {
        format!("`{}` is not a day: write one such as 2026-03-02", text.chars().take(20).collect::<String>())
    })
}
