//! Movements: one by hand, or a thousand of another system's ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;
use fluxor_engine::ids::{InstanceId, PersonId};
use fluxor_engine::instance::Document;
use serde_json::Value as Json;

use super::imported::{Cells, INVALID, Read, on_grid, parsed, rows};
use super::levels::{Levels, unnumbered};
use crate::action::{Answer, Call, done, needs, refuse, require, text_param};
use crate::quantity::Quantity;
use crate::records::{check_code, check_reference, told};
use crate::row::{MovementKind, MovementRow, Need, Op, StockKey};
use crate::settings::Settings;

/// The columns of an imported movement.
const COLUMNS: [&str; 8] = ["reference", "item", "location", "kind", "quantity", "at", "order", "note"];

/// The longest note, in bytes.
const LONGEST_NOTE: usize = 4_000;

/// Notes that stock changed: the record's key is `item@location`. A reference that is there already changes nothing if
/// it says the same.
pub(crate) fn record_movement(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let movement = one(call)?;
    let (stock, item) = (movement.key.clone(), movement.key.item.clone());
    let wanted = [Need::Item(item), Need::Location(stock.location.clone()), Need::Stock(stock)];
    require(call, wanted.into_iter().chain(movement.reference.clone().map(Need::Movement)))?;
    take(call, vec![movement])
}

/// Takes rows of another system's ledger, in their order. Those that are there already are left out.
pub(crate) fn import_movements(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let movements = rows(call, &COLUMNS, read)?;
    let stocks: BTreeSet<&StockKey> = movements.iter().map(|row| &row.key).collect();
    let mut wanted: Vec<Need> = movements.iter().filter_map(|row| row.reference.clone().map(Need::Movement)).collect();
    wanted.extend(known(&stocks));
    require(call, wanted)?;
    take(call, movements)
}

/// What stock levels stand on.
pub(super) fn known(stocks: &BTreeSet<&StockKey>) -> Vec<Need> {
    let mut wanted: Vec<Need> = stocks.iter().map(|key| Need::Stock((*key).clone())).collect();
    wanted.extend(stocks.iter().map(|key| Need::Item(key.item.clone())).collect::<BTreeSet<_>>());
    wanted.extend(stocks.iter().map(|key| Need::Location(key.location.clone())).collect::<BTreeSet<_>>());
    wanted
}

/// By stock level its unit and that unit's grid, or why there are none.
type Grids = BTreeMap<StockKey, Read<(Arc<str>, Quantity)>>;

/// The grid of each item's stock unit, where item and location exist; else a sentence.
pub(super) fn grids(call: &Call<'_>, stocks: &BTreeSet<&StockKey>) -> Answer<Grids> {
    let mut units = BTreeSet::new();
    for key in stocks {
        let item = call.facts.item(call.tenant, &key.item).map_err(needs)?;
        units.extend(item.map(|item| Need::Unit(item.stock_unit.clone())));
    }
    require(call, units)?;
    let mut found = BTreeMap::new();
    for key in stocks {
        let item = call.facts.item(call.tenant, &key.item).map_err(needs)?;
        let location = call.facts.location(call.tenant, &key.location).map_err(needs)?;
        let grid = match (item, location) {
            (None, _) => Err(format!("there is no item `{}`", key.item)),
            (_, None) => Err(format!("there is no location `{}`", key.location)),
            (Some(item), Some(_)) => {
                let unit = call.facts.unit(call.tenant, &item.stock_unit).map_err(needs)?;
                Ok((item.stock_unit.clone(), unit.map_or(Quantity(1), |unit| unit.grid)))
            }
        };
        found.insert((*key).clone(), grid);
    }
    Ok(found)
}

fn one(call: &Call<'_>) -> Answer<MovementRow> {
    let key = if call.instance.is_none() { call.key.unwrap_or_default() } else { "" };
    let parts = key.split_once('@').filter(|(item, location)| check_code(item).and(check_code(location)).is_ok());
    let Some((item, location)) = parts else {
        let shown: String = key.chars().take(80).collect();
        return refuse(
            "invalid_movement",
            format!("A movement is of an item at a location, such as `desk@main`, not `{shown}`."),
        );
    };
    let key = StockKey { item: item.into(), location: location.into() };
    let mut mistakes = Vec::new();
    let quantity = match call.params.get("quantity") {
        Some(Value::Decimal(number)) => number.to_string().parse(),
        _ => Err("write how much, such as \"-5\"".to_owned()),
    };
    let kind = text_param(call, "kind").unwrap_or_default().parse::<MovementKind>();
    let quantity = quantity.and_then(|quantity| kind.clone().map_or(Ok(quantity), |kind| signed(kind, quantity)));
    let reference = text_param(call, "reference").map(|text| check_reference(text).map(|()| Arc::from(text)));
    let note = text_param(call, "note").map(note);
    let mut taken = |name: &str, why: Option<&String>| mistakes.extend(why.map(|why| format!("/{name}: {why}")));
    taken("kind", kind.as_ref().err());
    taken("quantity", quantity.as_ref().err());
    taken("reference", reference.as_ref().and_then(|text| text.as_ref().err()));
    taken("note", note.as_ref().and_then(|text| text.as_ref().err()));
    let at = if let Some(Value::Timestamp(at)) = call.params.get("at") { *at } else { call.now };
    match (kind, quantity) {
        (Ok(kind), Ok(quantity)) if mistakes.is_empty() => Ok(MovementRow {
            reference: reference.and_then(Result::ok),
            note: note.and_then(Result::ok),
            person: call.actor.map(PersonId::from),
            ..unnumbered(key, at, kind, quantity)
        }),
        _ => refuse("invalid_movement", told(mistakes)),
    }
}

fn read(cells: &Cells<'_>) -> Read<MovementRow> {
    let kind = cells.must("kind", parsed::<MovementKind>)?;
    let quantity = cells.must("quantity", |text| signed(kind, text.parse()?))?;
    let at = cells.must("at", |text| {
        Timestamp::parse(text).map_err(|_| "write an instant, such as \"2026-03-02T08:00:00Z\"".to_owned())
    })?;
    let order_id = cells.maybe("order", |text| {
        text.parse::<InstanceId>().map_err(|_| "write the id of the order's instance, a UUID".to_owned())
    })?;
    Ok(MovementRow {
        reference: Some(cells.reference()?),
        order_id,
        note: cells.maybe("note", note)?,
        ..unnumbered(cells.stock()?, at, kind, quantity)
    })
}

/// What comes is not negative, what goes is not positive.
fn signed(kind: MovementKind, quantity: Quantity) -> Read<Quantity> {
    match kind {
        MovementKind::Receipt if quantity.0 < 0 => {
            Err(format!("a receipt comes in: its quantity is not negative, and this is {quantity}"))
        }
        MovementKind::Issue if quantity.0 > 0 => {
            Err(format!("an issue goes out: its quantity is not positive, and this is {quantity}"))
        }
        _ => Ok(quantity),
    }
}

fn note(text: &str) -> Read<Arc<str>> {
    if text.len() > LONGEST_NOTE || text.contains('\0') {
        return Err(format!("a note has at most {LONGEST_NOTE} bytes and no NUL character"));
    }
    Ok(text.into())
}

/// Appends the movements that are not there yet; refuses those that say something else than what is there.
fn take(call: &Call<'_>, movements: Vec<MovementRow>) -> Answer<Done<Op>> {
    let stocks: BTreeSet<&StockKey> = movements.iter().map(|row| &row.key).collect();
    let grids = grids(call, &stocks)?;
    let mut new: BTreeMap<Arc<str>, MovementRow> = BTreeMap::new();
    let mut levels = Levels::new(call);
    let (mut written, mut skipped, mut mistakes) = (0, 0, Vec::new());
    for (number, row) in movements.into_iter().enumerate() {
        match check(&grids, &row) {
            Ok(()) => {}
            Err(why) => {
                mistakes.push(place(call, number, &why));
                continue;
            }
        }
        if let Some(reference) = &row.reference {
            let stored = call.facts.movement(call.tenant, reference).map_err(needs)?;
            match stored.or_else(|| new.get(reference)) {
                Some(there) if says_the_same(there, &row) => {
                    skipped += 1;
                    continue;
                }
                Some(_) => {
                    let why = format!("the movement `{reference}` is there already and says something else");
                    mistakes.push(place(call, number, &why));
                    continue;
                }
                None => drop(new.insert(reference.clone(), row.clone())),
            }
        }
        written += 1;
        levels.move_stock(row)?;
    }
    if !mistakes.is_empty() {
        return refuse(INVALID, told(mistakes));
    }
    let set =
        Document::from_iter([("written".to_owned(), Json::from(written)), ("skipped".to_owned(), skipped.into())]);
    Ok(done(levels.finish()?, set))
}

fn check(grids: &Grids, row: &MovementRow) -> Read<()> {
    match grids.get(&row.key) {
        Some(Ok((unit, grid))) => on_grid(&row.key.item, unit, *grid, row.quantity),
        Some(Err(why)) => Err(why.clone()),
        None => Err(format!("nothing is known of {}", row.key)),
    }
}

/// A mistake at its place: a row of an import, or the record itself.
fn place(call: &Call<'_>, number: usize, why: &str) -> String {
    if call.payload.contains_key("rows") { format!("/rows/{number}: {why}") } else { why.to_owned() }
}

/// Whether two movements are the same but for what each system gives itself.
fn says_the_same(there: &MovementRow, row: &MovementRow) -> bool {
    let same = MovementRow { seq: there.seq, person: there.person.clone(), line: there.line, ..row.clone() };
    same == *there
}
