//! Rows become commands: one for each record, one for up to 1,000 movements or rows of demand, one for all people.

use std::collections::BTreeMap;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Actor, Change, Command, Verb};
use fluxor_engine::ids::Digest;
use fluxor_engine::instance::Document;
use fluxor_engine::lookalike::wrong_address;
use fluxor_engine::money::format_scaled;
use serde_json::{Value as Json, json};

use super::Options;
use super::cell::{Cell, Row};
use super::scan::{Opening, Scan};
use super::tables::{Kind, Table};
use super::world::World;

/// The workflow of orders that come from elsewhere.
const IMPORTED: &str = "imported_order";

/// What orders of this source have as their own.
pub(super) fn source(name: &str) -> String {
    format!("import:{name}")
}

/// The command of this run for `verb`, which stands for rows of `table`.
pub(super) fn command(options: &Options, table: Table, verb: Verb) -> Command {
    let asked = match &verb {
        Verb::Start { workflow, key, input } => {
            format!("{workflow}\0{}\0{}", key.as_deref().unwrap_or(""), text(input))
        }
        Verb::Change(Change::Record { kind, key, action, params }) => {
            format!("{kind}\0{key}\0{action}\0{}", text(params))
        }
        Verb::Change(Change::Organisation { patch, .. }) => text(patch),
        _ => String::new(),
    };
    let request_hash = Digest::of(format!("import\0{asked}"));
    let digits = request_hash.to_string();
    let request = format!("import:{}:{}:{}", table.name(), &digits[..32], options.run).into();
    Command { tenant: options.tenant, request, request_hash, actor: Actor::System, verb }
}

fn text(document: &Document) -> String {
    serde_json::to_string(document).unwrap_or_default()
}

/// The change that sets a record to what the row says.
pub(super) fn record(world: &World, row: &Row) -> Option<Verb> {
    let (kind, action): (&str, &str) = match row.table {
        Table::Company => ("company", "set_company"),
        Table::Units => ("unit", "set_unit"),
        Table::Suppliers => ("supplier", "set_supplier"),
        Table::Items => ("item", "set_item"),
        Table::ItemUnits => ("item_unit", "set_item_unit"),
        Table::Locations => ("location", "set_location"),
        Table::Terms => ("term", "set_term"),
        Table::Policies => ("policy", "set_policy"),
        Table::Budgets => ("budget", "set_budget"),
        _ => return None,
    };
    let key = match row.table {
        Table::Terms => format!("{}@{}@{}", row.must("item"), row.must("supplier"), row.text("term").unwrap_or("1")),
        Table::Company => "company".to_owned(),
        Table::Budgets => format!("{}/{}", row.must("unit"), row.must("currency")),
        _ => row.key(),
    };
    let mut params = params(world, row, row.table.key());
    // A price and an amount bring their currency; a factor is whole.
    if matches!(row.table, Table::Terms | Table::Budgets) {
        params.remove("currency");
    }
    let factor = row.table == Table::ItemUnits || row.number("numerator").is_some();
    if factor && row.number("denominator").is_none() {
        params.insert("denominator".into(), 1.into());
    }
    Some(Verb::Change(Change::Record { kind: kind.into(), key: key.into(), action: action.into(), params }))
}

/// The columns of a row that have a value, but for `without`.
fn params(world: &World, row: &Row, without: &[&str]) -> Document {
    let columns = row.table.columns().iter().zip(&row.cells).filter(|(column, _)| !without.contains(&column.name));
    columns.filter_map(|(column, cell)| Some((column.name.to_owned(), value(world, row, column.kind, cell)?))).collect()
}

fn value(world: &World, row: &Row, kind: Kind, cell: &Cell) -> Option<Json> {
    Some(match (kind, cell) {
        (_, Cell::Empty) => return None,
        (_, Cell::Text(text)) => Json::String(text.to_string()),
        (_, Cell::Truth(truth)) => Json::Bool(*truth),
        (Kind::Money, Cell::Number(units)) => {
            let currency = world.currency(row)?;
            Json::String(format!("{} {currency}", format_scaled(*units, 4, 2)))
        }
        (Kind::Percent, Cell::Number(units)) => Json::String(format_scaled(*units, 4, 0)),
        (Kind::Quantity | Kind::Amount, Cell::Number(units)) => Json::String(format_scaled(*units, 6, 0)),
        (Kind::Instant, Cell::Number(micros)) => Json::String(Timestamp::from_micros(*micros).to_string()),
        (_, Cell::Number(number)) => Json::from(*number),
    })
}

/// A row of movements or demand inside a command for many. The order of a movement is one of the source's: it is told in
/// the note, since the ledger names only orders that were placed here.
pub(super) fn part(world: &World, row: &Row) -> Json {
    let mut part = params(world, row, &["order"]);
    if let Some(order) = row.text("order") {
        let note = row.text("note").map_or_else(|| format!("order {order}"), |note| format!("order {order}: {note}"));
        part.insert("note".into(), note.into());
    }
    Json::Object(part)
}

/// The movement that an opening becomes.
pub(super) fn opening(source: &str, opening: &Opening) -> Json {
    let Opening { item, location, quantity, at } = opening;
    let mut row = json!({
        "reference": format!("{source}:opening:{item}@{location}"),
        "item": item,
        "location": location,
        "kind": "opening",
        "quantity": format_scaled(*quantity, 6, 0),
        "note": "computed by the import: what is on hand less what the ledger moved",
    });
    if let Some(at) = at {
        row["at"] = Timestamp::from_micros(*at).to_string().into();
    }
    row
}

/// The change that writes many movements, or rows of demand.
pub(super) fn many(source: &str, table: Table, rows: Vec<Json>) -> Verb {
    let action = if table == Table::Demand { "import_demand" } else { "import_movements" };
    let mut params = Document::new();
    params.insert("rows".into(), Json::Array(rows));
    let key = format!("{source}/{}", if table == Table::Demand { "demand" } else { "movements" });
    Verb::Change(Change::Record { kind: "import".into(), key: key.into(), action: action.into(), params })
}

/// Every order, how many lines it has, and its start.
pub(super) fn orders<'a>(scan: &'a Scan, source: &str) -> Vec<(&'a Row, u64, Verb)> {
    let mut lines: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for line in scan.kept.get(&Table::OrderLines).into_iter().flatten() {
        lines.entry(line.must("order")).or_default().push(line);
    }
    let (mut orders, planner) = (Vec::new(), planner(scan));
    for order in scan.kept.get(&Table::Orders).into_iter().flatten() {
        let number = order.must("number");
        let mut lines = lines.remove(number).unwrap_or_default();
        lines.sort_by_key(|line| line.number("line"));
        let lines: Vec<Json> =
            lines.into_iter().map(|line| Json::Object(params(&scan.world, line, &["order", "rejected"]))).collect();
        let mut input = params(&scan.world, order, &["currency"]);
        input.entry("status").or_insert_with(|| "ordered".into());
        if let (None, Some(planner)) = (input.get("requester"), planner) {
            input.insert("requester".into(), planner.into());
        }
        input.insert("source".into(), self::source(source).into());
        let count = lines.len() as u64;
        input.insert("lines".into(), Json::Array(lines));
        let key = format!("{source}/{number}");
        orders.push((order, count, Verb::Start { workflow: IMPORTED.into(), key: Some(key.into()), input }));
    }
    orders
}

/// In whose name orders stand of which the source does not say who asked: the planner's, else somebody's.
fn planner(scan: &Scan) -> Option<&str> {
    let rows = |table: Table| scan.kept.get(&table).into_iter().flatten();
    let planners = rows(Table::Roles).filter(|row| row.must("role") == "planner").map(|row| row.must("person"));
    planners.min().or_else(|| rows(Table::People).map(|row| row.must("id")).min())
}

/// What the organisation lacks of the people of this source; nothing, if it has all of it.
pub(super) fn organisation(scan: &Scan, there: &Document) -> Option<Document> {
    let world = &scan.world;
    let rows = |table: Table| scan.kept.get(&table).map_or(&[][..], Vec::as_slice);
    let mut patch = Document::new();
    let people: Vec<Json> = rows(Table::People).iter().map(|row| person(world, row)).collect();
    let known = there.get("people").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let news: Vec<Json> = people.into_iter().filter(|person| !is_there(person, known)).collect();
    if !news.is_empty() {
        patch.insert("people".into(), Json::Array(news));
    }
    let mut parts = vec![("contacts", contacts(rows(Table::People), there))];
    if world.has.contains(&Table::Roles) {
        parts.push(("units", units(rows(Table::Roles), there)));
    }
    if world.has.contains(&Table::Substitutes) {
        parts.push(("substitutes", rows(Table::Substitutes).iter().map(substitute).collect()));
    }
    if world.has.contains(&Table::People) {
        parts.push(("zone", world.zone_name.clone().into()));
    }
    for (part, value) in parts {
        let nothing = value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(|o| o.is_empty());
        let new = match there.get(part) {
            Some(there) => *there != value,
            None => !nothing,
        };
        if new {
            patch.insert(part.into(), value);
        }
    }
    (!patch.is_empty()).then_some(patch)
}

/// Whether somebody of that id is there with all that is said of him.
fn is_there(person: &Json, known: &[Json]) -> bool {
    let same = known.iter().find(|other| other["id"] == person["id"]);
    same.is_some_and(|other| person.as_object().into_iter().flatten().all(|(key, value)| other.get(key) == Some(value)))
}

fn person(world: &World, row: &Row) -> Json {
    let limits: Vec<Json> =
        value(world, row, Kind::Money, row.cell("limit")).into_iter().map(|a| json!({ "amount": a })).collect();
    json!({
        "id": row.must("id"),
        "active": row.truth("active", true),
        "manager": row.text("manager"),
        "limits": limits,
    })
}

/// Names and addresses by person, over those that are there.
fn contacts(people: &[Row], there: &Document) -> Json {
    let mut contacts = there.get("contacts").and_then(Json::as_object).cloned().unwrap_or_default();
    for row in people {
        let contact = contacts.entry(row.must("id")).or_insert_with(|| json!({}));
        for column in ["name", "email"] {
            // Mail is not written to what is no address, and a person is none the less one for that.
            if let Some(text) = row.text(column).filter(|text| column != "email" || wrong_address(text).is_none()) {
                contact[column] = text.into();
            }
        }
        if contact.as_object().is_some_and(|contact| contact.is_empty()) {
            contacts.remove(row.must("id"));
        }
    }
    Json::Object(contacts)
}

/// The units that are there, with the roles of this source in place of their own of the same name.
fn units(roles: &[Row], there: &Document) -> Json {
    let mut ours: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for row in roles {
        ours.entry(row.must("unit")).or_default().entry(row.must("role")).or_default().push(row.must("person"));
    }
    let mut units = there.get("units").and_then(Json::as_array).cloned().unwrap_or_default();
    for (id, roles) in ours {
        let at = units.iter().position(|unit| unit["id"] == id).unwrap_or_else(|| {
            units.push(json!({ "id": id, "roles": {} }));
            units.len() - 1
        });
        for (role, people) in roles {
            units[at]["roles"][role] = people.into();
        }
    }
    Json::Array(units)
}

/// `to` is the last day; the organisation counts to the first day after.
fn substitute(row: &Row) -> Json {
    let mut entry = json!({ "person": row.must("person"), "substitute": row.must("substitute") });
    if let Some(from) = row.text("from") {
        entry["from"] = from.into();
    }
    let last: Option<jiff::civil::Date> = row.text("to").and_then(|to| to.parse().ok());
    if let Some(after) = last.and_then(|last| last.tomorrow().ok()) {
        entry["until"] = after.to_string().into();
    }
    entry
}
