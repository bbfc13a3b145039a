//! What was typed into rows, as lines.

use super::*;

fn lines() -> Value {
    json!([
        { "line": 1, "item": "mouse", "quantity": "3", "unit": "pcs", "price": "20.00 EUR", "received": "1", "why": { "run": "r" } },
        { "line": 4, "item": "cable", "quantity": "2", "unit": "pcs", "price": "5.00 EUR", "received": "2" },
    ])
}

fn typed<'t>(given: &'t [(&'t str, &'t str)]) -> impl Fn(usize, &str) -> Option<&'t str> {
    |at, name| {
        let name = format!("line.{at}.{name}");
        given.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }
}

fn change(given: &[(&str, &str)]) -> Option<Value> {
    let lines = lines();
    changed(lines.as_array().unwrap(), MORE, &typed(given)).map(|(lines, _)| lines)
}

#[test]
fn what_was_sent_as_it_was_made_changes_nothing() {
    let same = [
        ("line.0.item", "mouse"),
        ("line.0.quantity", "3"),
        ("line.0.unit", "pcs"),
        ("line.0.price", "20.00 EUR"),
        ("line.0.description", ""),
        ("line.1.item", "cable"),
        ("line.1.quantity", "2"),
        ("line.2.item", ""),
    ];
    assert_eq!(change(&same), None);
}

#[test]
fn lines_are_changed_taken_out_and_added() {
    let given = [
        ("line.0.item", "mouse"),
        ("line.0.quantity", "5"),
        ("line.1.item", "cable"),
        ("line.1.gone", "true"),
        ("line.3.item", "pad"),
        ("line.3.quantity", "1"),
        ("line.3.unit", "pcs"),
        ("line.3.price", "9.00 EUR"),
    ];
    let want = json!([
        { "line": 1, "why": { "run": "r" }, "item": "mouse", "quantity": "5", "unit": "pcs", "price": "20.00 EUR" },
        { "item": "pad", "quantity": "1", "unit": "pcs", "price": "9.00 EUR" },
    ]);
    assert_eq!(change(&given), Some(want));
    let emptied = [("line.0.item", "mouse"), ("line.0.quantity", ""), ("line.1.item", "cable")];
    assert_eq!(change(&emptied).unwrap()[0].get("quantity"), None, "the order says that it is missing");
}

#[test]
fn mistakes_are_told_by_the_rows_that_they_are_in() {
    let given = [("line.0.item", "mouse"), ("line.0.gone", "true"), ("line.1.item", "cable"), ("line.3.item", "pad")];
    let lines = lines();
    let (_, places) = changed(lines.as_array().unwrap(), MORE, &typed(&given)).unwrap();
    assert_eq!(places, [1, 3]);
    let told = placed("/lines/1/unit: what; /lines/0: x; /lines/7", &places);
    assert_eq!(told, "/lines/3/unit: what; /lines/1: x; /lines/7");
}

#[test]
fn what_has_come_is_told_line_by_line() {
    let lines = lines();
    assert_eq!(open(&lines[0]), Some("2".parse().unwrap()));
    assert_eq!(open(&lines[1]), None);
    let came = |given: &[(&str, &str)]| came(lines.as_array().unwrap(), &typed(given)).0;
    assert_eq!(came(&[("line.0.quantity", "1.5")]), json!([{ "line": 1, "quantity": "1.5" }]));
    assert_eq!(came(&[("line.0.quantity", "1,500")]), json!([{ "line": 1, "quantity": "1500" }]));
    assert_eq!(came(&[("line.0.quantity", "0")]), json!([]));
    assert_eq!(came(&[("line.0.quantity", "two")]), json!([{ "line": 1, "quantity": "two" }]));
}
