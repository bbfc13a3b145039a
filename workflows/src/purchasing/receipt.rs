//! Goods that come: by line, in parts, never more than is open.

use std::collections::{BTreeMap, BTreeSet};

use fluxor_engine::diagnostic::nearest;
use fluxor_engine::domain::Done;
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::Document;
use serde_json::Value as Json;

use super::change::{lines_open, valid};
use super::fields::{LONGEST_TEXT, text};
use super::stock;
use crate::action::{Answer, Call, done, instance, needs, next_image, order, refuse, require};
use crate::inventory::{Levels, unnumbered};
use crate::quantity::Quantity;
use crate::records::told;
use crate::row::{LineRow, LineSet, MovementKind, MovementRow, Need, Op, OrderStatus};
use crate::settings::Settings;

/// The code of a receipt that cannot be taken.
const INVALID: &str = "invalid_receipt";

/// What a line of a receipt may carry.
const FIELDS: [&str; 2] = ["line", "quantity"];

/// Notes what has come: `lines` of the payload, each `{line, quantity}` with the quantity in the line's unit; without a
/// quantity, all that is open of it; without `lines`, all that is open. Each line of stock gets a movement. When nothing
/// is open any more, the order is received.
pub(crate) fn receive_goods(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let id = instance(call)?;
    require(call, [Need::Order(id), Need::Lines(id)])?;
    let before = order(call)?;
    if before.status != OrderStatus::Ordered {
        let status = before.status.as_str();
        return refuse("order_not_issued", format!("Nothing can come in for this order: it is {status}, not ordered."));
    }
    let mut lines = call.facts.lines(call.tenant, id).map_err(needs)?.to_vec();
    let come = match call.payload.get("lines") {
        None | Some(Json::Null) => everything(&lines),
        Some(given) => read(given, &lines)?,
    };
    if come.is_empty() {
        return refuse(INVALID, "Nothing of this order is open.");
    }
    let note = valid(text(call.payload, "", "note", LONGEST_TEXT))?.flatten();
    let received = lines.iter().filter(|line| come.contains_key(&line.line) && line.location.is_some());
    let wanted: BTreeSet<Need> = received
        .flat_map(|line| line.stock().map(Need::Stock).into_iter().chain([Need::Unit(line.unit.clone())]))
        .collect();
    require(call, wanted)?;
    let mut levels = Levels::new(call);
    let mut mistakes = Vec::new();
    for line in &mut lines {
        let Some(come) = come.get(&line.line) else { continue };
        match take(call, &mut levels, line, come.quantity)? {
            Ok(None) => {}
            Ok(Some(movement)) => {
                let person = call.actor.map(PersonId::from);
                levels.move_stock(MovementRow { order_id: Some(id), note: note.clone(), person, ..movement })?;
            }
            Err(why) => mistakes.push(match come.at {
                Some(at) => format!("/lines/{at}/quantity: {why}"),
                None => format!("line {}: {why}", line.line),
            }),
        }
    }
    if !mistakes.is_empty() {
        return refuse(INVALID, told(mistakes));
    }
    let open = lines_open(before.status, &lines);
    let mut after = next_image(call, before);
    if open == 0 {
        after.status = OrderStatus::Received;
    }
    let mut ops = vec![Op::PurchaseOrder(Box::new(after)), Op::PurchaseOrderLine(LineSet { order: id, lines })];
    ops.extend(levels.finish()?);
    let set = Document::from_iter([("lines_open".to_owned(), Json::from(open))]);
    Ok(done(ops, set))
}

/// What has come of a line, and where that was said, the last time.
#[derive(Default)]
struct Come {
    quantity: Quantity,
    at: Option<usize>,
}

/// All that is open, by line.
fn everything(lines: &[LineRow]) -> BTreeMap<i64, Come> {
    let open = lines.iter().map(|line| (line.line, Come { quantity: line.open(), at: None }));
    open.filter(|(_, open)| open.quantity > Quantity(0)).collect()
}

/// What has come, by line. The same line twice adds up (B10).
fn read(given: &Json, lines: &[LineRow]) -> Answer<BTreeMap<i64, Come>> {
    let Some(given) = given.as_array() else {
        return refuse(INVALID, "/lines: write a list, each with `line` and `quantity`.");
    };
    let mut come: BTreeMap<i64, Come> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (i, given) in given.iter().enumerate() {
        match read_line(given, lines) {
            Ok((number, quantity)) => {
                let sum = come.entry(number).or_default();
                sum.at = Some(i);
                // More than can be counted is more than is open: it is refused there.
                sum.quantity.0 = sum.quantity.0.saturating_add(quantity.0);
            }
            Err(why) => mistakes.push(format!("/lines/{i}{why}")),
        }
    }
    if mistakes.is_empty() { Ok(come) } else { refuse(INVALID, told(mistakes)) }
}

fn read_line(given: &Json, lines: &[LineRow]) -> Result<(i64, Quantity), String> {
    let Some(given) = given.as_object() else {
        return Err(": write an object with `line` and `quantity`".to_owned());
    };
    if let Some(stranger) = given.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        let hint = nearest(stranger, FIELDS).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        let shown: String = stranger.chars().take(40).collect();
        return Err(format!(": a receipt has no `{shown}`{hint}"));
    }
    let Some(number) = given.get("line").and_then(Json::as_i64) else {
        return Err("/line: write the number of the line, such as 1".to_owned());
    };
    let Some(line) = lines.iter().find(|line| line.line == number) else {
        return Err(format!("/line: the order has no line {number}"));
    };
    match given.get("quantity") {
        None | Some(Json::Null) if line.open() == Quantity(0) => {
            Err(format!("/line: nothing of line {number} is open"))
        }
        None | Some(Json::Null) => Ok((number, line.open())),
        Some(Json::String(text)) => match text.parse::<Quantity>() {
            Ok(quantity) if quantity > Quantity(0) => Ok((number, quantity)),
            Ok(quantity) => Err(format!("/quantity: what comes is more than 0, and this is {quantity}")),
            Err(why) => Err(format!("/quantity: {why}")),
        },
        Some(_) => Err("/quantity: write the quantity as text, such as \"4\"".to_owned()),
    }
}

/// Takes a quantity of a line in; the movement of a line of stock, or a sentence.
fn take(
    call: &Call<'_>,
    levels: &mut Levels<'_>,
    line: &mut LineRow,
    quantity: Quantity,
) -> Answer<Result<Option<MovementRow>, String>> {
    let (open, unit) = (line.open(), line.unit.clone());
    if quantity > open {
        return Ok(Err(format!("{quantity} {unit} are more than the {open} that are open")));
    }
    let before = line.clone();
    line.received = Quantity(line.received.0 + quantity.0);
    let Some(key) = line.stock() else { return Ok(Ok(None)) };
    if let Err((_, why)) = stock::on_grid(call, line, quantity)? {
        return Ok(Err(why));
    }
    let come = stock::come(line, line.received)?.0 - stock::come(line, before.received)?.0;
    stock::on_order(levels, std::slice::from_ref(&before), std::slice::from_ref(line))?;
    let movement = unnumbered(key, call.now, MovementKind::Receipt, Quantity(come));
    Ok(Ok(Some(MovementRow { line: Some(line.line), ..movement })))
}
