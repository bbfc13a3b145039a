//! The lines of an order, with what whoever decides wants to know beside them: what is left of the budget, what was paid before,
//! and what supplier and items are called.

use fluxor_engine::money::Money;
use serde::Serialize;
use serde_json::{Value, json};

use super::words::{Words, quantity};

/// A line of an order.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    line: i64,
    item: String,
    /// What the item is called in the books, where that is something else.
    name: Option<String>,
    description: Option<String>,
    location: Option<String>,
    quantity: String,
    unit: String,
    price: String,
    /// What was paid for it last.
    paid: Option<String>,
    total: String,
    received: Option<String>,
}

/// All of them.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Lines {
    pub(super) lines: Vec<Line>,
    /// What is told of them as a whole.
    pub(super) notes: Vec<String>,
}

fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

impl Lines {
    /// Of an order as the books have it, with what stands around it if that is known; null has none. `decides`: whoever looks
    /// decides about it.
    pub(crate) fn of(order: &Value, decides: bool, speak: &Words) -> Self {
        let around = &order["around"];
        let supplier = text(order, "supplier").unwrap_or_default();
        let of = |line: &Value| Line::of(line, (around, &supplier), decides, speak);
        let lines = order["line_items"].as_array().into_iter().flatten().filter_map(of).collect();
        let called = text(around, "supplier").filter(|name| *name != supplier);
        let mut notes: Vec<String> = called.map(|name| format!("{supplier} is {name}.")).into_iter().collect();
        notes.extend(order["line_items"].as_array().into_iter().flatten().filter_map(|line| for_nothing(line, speak)));
        notes.extend(budget(&around["budget"], speak).filter(|_| decides));
        Self { lines, notes }
    }

    /// They alone, for whoever looks without leaving the list.
    ///
    /// # Errors
    /// As `render`.
    pub(crate) fn alone(&self) -> anyhow::Result<String> {
        Ok(super::templates().render("lines", &json!({ "lines": self.lines, "notes": self.notes }))?)
    }
}

/// `Left of the budget of it: 1,200.00 EUR of 5,000.00 EUR, this order taken off.`
fn budget(budget: &Value, speak: &Words) -> Option<String> {
    let unit = text(budget, "unit")?;
    let held = if budget["held"] == true { "this order taken off" } else { "this order not taken off yet" };
    let [left, amount] = ["left", "amount"].map(|name| speak.value(&budget[name]));
    Some(format!("Left of the budget of {unit}: {left} of {amount}, {held}."))
}

/// That a line costs nothing though it has a price, which is too small to be paid.
fn for_nothing(line: &Value, speak: &Words) -> Option<String> {
    let amount = |name: &str| line[name].as_str()?.parse::<Money>().ok();
    let is_one = amount("price")?.units != 0 && amount("total")?.units == 0;
    let [price, total] = ["price", "total"].map(|name| speak.value(&line[name]));
    is_one.then(|| format!("Line {} comes to {total}: at a price of {price} it is rounded away.", line["line"]))
}

impl Line {
    fn of(line: &Value, (around, supplier): (&Value, &str), decides: bool, speak: &Words) -> Option<Self> {
        let received = text(line, "received").map(|received| quantity(&received)).filter(|received| received != "0");
        let item = text(line, "item")?;
        let name = text(&around["items"], &item).filter(|name| *name != item);
        Some(Self {
            line: line["line"].as_i64()?,
            // A reorder run writes there what the item is called.
            description: text(line, "description").filter(|told| *told != item && Some(told) != name.as_ref()),
            name,
            location: text(line, "location"),
            quantity: quantity(&text(line, "quantity")?),
            unit: text(line, "unit").unwrap_or_default(),
            price: speak.value(&line["price"]),
            paid: paid(&around["paid"][&*item], supplier, speak).filter(|_| decides),
            total: speak.value(&line["total"]),
            received,
            item,
        })
    }
}

/// `Last paid: 19.00 EUR for a pcs (PO-2026-7)`, with to whom, where that was another.
fn paid(paid: &Value, supplier: &str, speak: &Words) -> Option<String> {
    let (unit, whom) = (text(paid, "unit")?, text(paid, "supplier")?);
    let to = if whom == supplier { String::new() } else { format!(" to {whom}") };
    let number = text(paid, "number").map_or_else(String::new, |number| format!(" ({number})"));
    Some(format!("last paid{to}: {} a {unit}{number}", speak.value(&paid["price"])))
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::speaking;
    use super::*;

    #[test]
    fn what_stands_around_an_order_is_for_those_who_decide() {
        let order = json!({
            "supplier": "acme",
            "line_items": [
                { "line": 1, "item": "d1", "quantity": "2.0000", "unit": "pcs", "price": "20.00 EUR", "total": "40.00 EUR" },
                { "line": 2, "item": "lamp", "quantity": "1", "unit": "pcs", "price": "9.00 EUR", "total": "9.00 EUR" },
            ],
            "around": {
                "supplier": "Acme Ltd",
                "budget": { "unit": "it", "amount": "5000.00 EUR", "left": "-10.00 EUR", "held": true },
                "items": { "d1": "Desk, oak", "lamp": "lamp" },
                "paid": {
                    "d1": { "supplier": "acme", "unit": "pcs", "price": "19.00 EUR", "number": "PO-1" },
                    "lamp": { "supplier": "other", "unit": "box", "price": "1000.00 EUR", "number": null },
                },
            },
        });
        let words = speaking("2026-03-02T08:00:00Z");
        let told = Lines::of(&order, true, &words);
        let lines: Vec<_> = told.lines.iter().map(|line| (line.name.as_deref(), line.paid.as_deref())).collect();
        assert_eq!(
            lines,
            [
                (Some("Desk, oak"), Some("last paid: 19.00 EUR a pcs (PO-1)")),
                (None, Some("last paid to other: 1,000.00 EUR a box")),
            ]
        );
        let left = "Left of the budget of it: -10.00 EUR of 5,000.00 EUR, this order taken off.";
        assert_eq!(told.notes, ["acme is Acme Ltd.", left]);
        let others = Lines::of(&order, false, &words);
        assert!(others.lines.iter().all(|line| line.paid.is_none()) && others.notes == ["acme is Acme Ltd."]);
        assert_eq!(others.lines[0].name.as_deref(), Some("Desk, oak"));
        assert!(Lines::of(&Value::Null, true, &words).lines.is_empty());
    }

    #[test]
    fn a_price_that_comes_to_nothing_is_told() {
        let line = |line: u32, price: &str, total: &str| json!({ "line": line, "item": "pin", "quantity": "3", "unit": "pcs", "price": price, "total": total });
        let order = json!({ "line_items": [
            line(1, "0.001 EUR", "0.00 EUR"), line(2, "0.00 EUR", "0.00 EUR"), line(3, "1.00 EUR", "3.00 EUR"),
        ] });
        let told = Lines::of(&order, false, &speaking("2026-03-02T08:00:00Z"));
        assert_eq!(told.notes, ["Line 1 comes to 0.00 EUR: at a price of 0.001 EUR it is rounded away."]);
    }

    #[test]
    fn what_an_item_is_called_is_said_once() {
        let line = |line: u32, item: &str, description: &str| {
            json!({ "line": line, "item": item, "description": description, "quantity": "1", "unit": "pcs",
                "price": "20.00 EUR", "total": "20.00 EUR" })
        };
        let order = json!({
            "line_items": [line(1, "d1", "Desk, oak"), line(2, "d1", "For the hall"), line(3, "lamp", "lamp")],
            "around": { "items": { "d1": "Desk, oak" } },
        });
        let told = Lines::of(&order, false, &speaking("2026-03-02T08:00:00Z"));
        let said: Vec<_> = told.lines.iter().map(|line| (line.name.as_deref(), line.description.as_deref())).collect();
        assert_eq!(said, [(Some("Desk, oak"), None), (Some("Desk, oak"), Some("For the hall")), (None, None)]);
    }
}
