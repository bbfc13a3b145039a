//! What tables yield, by hand.

use super::*;
use crate::calendar::{Calendar, Calendars};
use crate::expression::{Scope, WorkingTime};

/// The value of a table for an order, on 2026-03-01.
fn value(source: &str, fields: &[(&str, Value)]) -> Result<Option<Value>, EvalError> {
    on(source, fields, "2026-03-01")
}

fn on(source: &str, fields: &[(&str, Value)], date: &str) -> Result<Option<Value>, EvalError> {
    let table = table_in(source, &env());
    let hits = table.eval(&po(fields), day(date))?;
    Ok(hits.value().cloned())
}

fn level(text: &str) -> Option<Value> {
    Some(Value::record([("level", Value::text(text))]))
}

const TIERS: &str = r#"
hit: first
in: { amount: po.amount, category: po.category, supplier: po.supplier }
out: { level: text, need: int }
rows:
  - ["<= 1000 EUR", "-", "-", '"small"', "1"]
  - { amount: "(1000 EUR..20000 EUR]", category: '"it", "hr"', level: '"middle"', need: "2", from: 2026-01-01, until: 2026-12-31, note: why }
otherwise: { level: '"large"', need: "po.lines + 1" }
"#;

#[test]
fn a_table_of_tiers() {
    let (table, found) = compiled(TIERS);
    assert!(found.is_empty(), "{}", rendered(TIERS, &found));
    let table = table.unwrap();
    assert_eq!(table.row(1).unwrap().1, Some("why"));
    assert_eq!(table.ty().to_string(), "table");
    let Type::Record(record) = table.ty() else { panic!() };
    assert_eq!(record.fields["need"], Field::required(Type::Int));
    let paths: Vec<_> = table.fields_read().iter().collect();
    assert_eq!(paths, ["po.amount", "po.category", "po.lines", "po.supplier"]);
    let ask = |amount: &str, category: &str, date: &str| {
        let hits = table.eval(&po(&[("amount", money(amount)), ("category", Value::text(category))]), day(date));
        let hits = hits.unwrap();
        (hits.rows.clone(), hits.value().unwrap().to_string())
    };
    assert_eq!(ask("1000 EUR", "hr", "2026-03-01"), (vec![0], "{level: small, need: 1}".to_owned()));
    assert_eq!(ask("1000.0001 EUR", "hr", "2026-03-01"), (vec![1], "{level: middle, need: 2}".to_owned()));
    // The end is included, the day after is not; neither is another category.
    assert_eq!(ask("20000 EUR", "it", "2026-12-31").0, [1]);
    assert_eq!(ask("20000 EUR", "it", "2027-01-01"), (vec![], "{level: large, need: 4}".to_owned()));
    assert_eq!(ask("20000 EUR", "toys", "2026-12-31").0, Vec::<usize>::new());
}

#[test]
fn every_kind_of_cell_holds_where_it_should() {
    let holds = |column: &str, cell: &str| {
        let cell = cell.replace('\'', "''");
        let source =
            format!("hit: first\nin: {{ c: {column} }}\nout: {{ level: text }}\nrows:\n  - ['{cell}', '\"yes\"']\n");
        value(&source, &[("limit", money("400 EUR"))]).unwrap().is_some()
    };
    for (column, cell) in [
        ("po.amount", "500 EUR"),
        ("po.amount", "= 500.00 EUR"),
        ("po.amount", "> po.limit"),
        ("po.amount", "[po.limit..600 EUR)"),
        ("po.amount", "not(< 500 EUR, 7 EUR)"),
        ("po.amount", "po.limit, po.amount"),
        ("po.amount", "? > po.limit && ? < 600 EUR"),
        ("po.lines", "? > 2 && ? % 2 == 1"),
        ("po.lines", "1, 2, [3..4]"),
        ("po.lines", "[1, 2, 3]"),
        ("po.share", "0.50"),
        ("po.share", "(0..1)"),
        ("po.weight", "]4.5 kg..5 kg]"),
        ("po.due", "2026-03-01"),
        ("po.due", "[date(\"2026-02-28\")..2026-03-02]"),
        ("po.sent", "<= 1970-01-01T00:00:00Z"),
        ("po.wait", "> 1 day"),
        ("po.urgent", "false"),
        ("po.urgent", "not(true)"),
        ("po.buyer", "person(\"ann\")"),
        ("po.supplier", "'acme', \"bolt\""),
        ("po.supplier", "?.startsWith(\"a\")"),
        ("po.supplier", "po.tags, \"acme\""),
        ("po.category", "null"),
        ("po.category", "not(\"it\")"),
        ("po.category", "!= \"it\""),
        ("po.category", "? == null || ?.size() > 3"),
        ("po.tags", "\"rush\" in ?"),
    ] {
        assert!(holds(column, cell), "{column}: {cell}");
    }
    for (column, cell) in [
        ("po.amount", "> 500 EUR"),
        ("po.amount", "(500 EUR..600 EUR]"),
        ("po.amount", "po.limit"),
        ("po.category", "\"it\""),
        ("po.category", "> \"a\""),
        ("po.supplier", "po.tags"),
        ("po.lines", "not(? > 2)"),
        ("po.urgent", "? || po.lines > 3"),
    ] {
        assert!(!holds(column, cell), "{column}: {cell}");
    }
}

#[test]
fn a_unit_of_another_sort_is_an_error_and_never_false() {
    let source =
        "in: { amount: po.amount }\nout: { level: text }\nrows:\n  - ['<= 5 EUR', '\"a\"']\n  - ['> 5 EUR', '\"b\"']\n";
    let error = value(source, &[("amount", money("5 USD"))]).unwrap_err();
    assert_eq!(error.message, "the input `amount`: USD and EUR cannot be compared");
}

#[test]
fn a_cell_that_does_not_match_decides_over_one_that_fails() {
    let source = "hit: first\nin: { lines: po.lines, n: n }\nout: { level: text }\nrows:\n  - ['> 1 / m', '1', '\"a\"']\n  - ['-', '-', '\"b\"']\n";
    assert_eq!(value(source, &[]).unwrap(), level("b"));
    let source = source.replace("'1', '\"a\"'", "'0', '\"a\"'");
    let error = value(&source, &[]).unwrap_err();
    assert!(error.message.starts_with("row 1, `lines`: "), "{error}");
    assert_eq!(error.rows, [0]);
}

#[test]
fn the_rows_that_contradict_each_other_are_named() {
    let rows = "in: { lines: po.lines }\nout: { level: text }\nrows:\n  - ['1', '\"x\"']\n  - ['>= 2', '\"a\"']\n  - ['3', '\"b\"']\n";
    let error = value(rows, &[]).unwrap_err();
    assert_eq!(error.message, "the rows 2, 3 match, and the hit policy is `unique`");
    assert_eq!(error.rows, [1, 2]);
    let error = value(&format!("hit: any\n{rows}"), &[]).unwrap_err();
    assert!(error.message.contains("different outputs"), "{error}");
    assert_eq!(value(rows, &[("lines", Value::Int(0))]), Ok(None));
}

#[test]
fn multi_hit_tables_yield_lists_and_aggregates_are_exact() {
    let table = |hit: &str, ty: &str, outputs: [&str; 3]| {
        let [a, b, c] = outputs;
        let source = format!(
            "hit: {hit}\nin: {{ lines: po.lines }}\nout: {{ o: {ty} }}\nrows:\n  - ['> 1', '{a}']\n  - ['> 2', '{b}']\n  - ['> 3', '{c}']\n"
        );
        let ty = table_in(&source, &env()).ty();
        (value(&source, &[]).map(|value| value.unwrap().to_string()), ty)
    };
    let ok = |text: &str| Ok(text.to_owned());
    let (shown, ty) = table("collect", "money", ["1 EUR", "2 EUR", "3 EUR"]);
    assert_eq!(shown, ok("[{o: 1.00 EUR}, {o: 2.00 EUR}]"));
    assert!(matches!(ty, Type::List(_)));
    assert_eq!(table("rule_order", "text", ["\"b\"", "\"a\"", "\"c\""]).0, ok("[{o: b}, {o: a}]"));
    let values = "{ type: text, values: [a, b, c] }";
    assert_eq!(table("output_order", values, ["\"b\"", "\"a\"", "\"c\""]).0, ok("[{o: a}, {o: b}]"));
    assert_eq!(table("priority", values, ["\"b\"", "\"a\"", "\"c\""]).0, ok("{o: a}"));
    assert_eq!(table("collect sum", "money", ["0.0001 EUR", "0.10 EUR", "1 EUR"]).0, ok("{o: 0.1001 EUR}"));
    assert_eq!(table("collect max", "decimal", ["0.1", "0.10000001", "9"]).0, ok("{o: 0.10000001}"));
    assert_eq!(table("collect min", "date", ["2026-02-01", "2026-01-31", "2025-01-01"]).0, ok("{o: 2026-01-31}"));
    assert_eq!(table("collect count", "text", ["\"b\"", "\"a\"", "\"c\""]), (ok("2"), Type::Int));
    let error = table("collect sum", "money", ["1 EUR", "po.amount", "3 EUR"]).0.map(|_| ());
    assert_eq!(error, Ok(()));
    assert!(
        table("collect sum", "int", ["9223372036854775807", "1", "1"]).0.unwrap_err().message.contains("too large")
    );
}

#[test]
fn an_input_outside_its_values_is_an_error() {
    let source =
        "in: { lines: { value: po.lines, values: \">= 0\" } }\nout: { level: text }\nrows:\n  - ['-', '\"a\"']\n";
    assert_eq!(value(source, &[]).unwrap(), level("a"));
    let error = value(source, &[("lines", Value::Int(-1))]).unwrap_err();
    assert_eq!(error.message, "the input `lines` is -1, which its `values` do not allow");
}

#[test]
fn a_long_table_with_an_index_is_the_same_as_without() {
    let mut source =
        String::from("hit: rule_order\nin: { lines: po.lines, share: po.share }\nout: { o: int }\nrows:\n");
    for n in 0..300 {
        let cell = match n % 5 {
            0 => format!("{}", n / 3),
            1 => format!("[{}..{}]", n / 4, n / 4 + 3),
            2 => "-".to_owned(),
            3 => format!("? == {n}"),
            _ => format!("not(> {n}), {}", n + 2),
        };
        source.push_str(&format!("  - ['{cell}', '> 0.{}', '{n}']\n", n % 9));
    }
    let indexed = table_in(&source, &env());
    assert!(indexed.index.is_some());
    let walked = Table { index: None, ..indexed.clone() };
    for lines in -2..330 {
        let scope = po(&[("lines", Value::Int(lines))]);
        let ask = |table: &Table| table.eval(&scope, day("2026-03-01")).unwrap();
        assert_eq!(ask(&indexed), ask(&walked), "{lines}");
    }
}

/// What a table sees where there is a calendar.
struct AtWork(BTreeMap<String, Value>, Calendar);

impl Scope for AtWork {
    fn get(&self, name: &str) -> Option<Value> {
        Scope::get(&self.0, name)
    }

    fn calendar(&self) -> Option<&dyn WorkingTime> {
        Some(&self.1)
    }
}

/// Also where nothing but the calendar is read: it may be another one tomorrow.
#[test]
fn cells_ask_the_calendar() {
    let office = "calendar: office\nzone: UTC\nhours: { monday to friday: [09:00-17:00] }\n";
    let (calendars, _) = Calendars::load(vec![("office.yaml".to_owned(), office.to_owned())]).unwrap();
    let source = r#"
hit: first
in: { due: po.due }
out: { level: text, then: date }
rows:
  - ['date("2026-03-06") + 1 working day', '"next"', 'date("2026-03-06") + 2 working days']
  - ['isWorkingDay(?)', '"open"', 'po.due + 1 working day']
  - ['-', '"closed"', 'po.due']
"#;
    let table = table_in(source, &env().with_calendar());
    assert!(table.rows[0].outputs[1].constant.is_none() && table.rows[0].outputs[0].constant.is_some());
    for (due, level, then) in [
        ("2026-03-09", "next", "2026-03-10"),
        ("2026-03-06", "open", "2026-03-09"),
        ("2026-03-07", "closed", "2026-03-07"),
    ] {
        let calendar = calendars.get("office").unwrap().calendar.clone();
        let scope = AtWork(po(&[("due", Value::Date(day(due)))]), calendar);
        let expected = Value::record([("level", Value::text(level)), ("then", Value::Date(day(then)))]);
        assert_eq!(table.eval(&scope, day("2026-03-01")).unwrap().value(), Some(&expected), "{due}");
    }
}

#[test]
fn a_size_leaves_no_gap_below_nothing() {
    let gaps = |column: &str, first: &str| {
        let rows = format!("  - [\"{first}\", '\"few\"']\n  - [\"> 2\", '\"many\"']\n");
        let source = format!("in: {{ n: {column} }}\nout: {{ level: text }}\nrows:\n{rows}");
        compiled(&source).1.iter().map(|finding| finding.message.clone()).collect::<Vec<_>>()
    };
    for column in ["po.tags.size()", "po.supplier.size()"] {
        assert_eq!(gaps(column, "[0..2]"), [""; 0], "{column}");
        assert_eq!(gaps(column, "[1..2]").len(), 1, "{column}: none at all is a size");
    }
    assert_eq!(gaps("po.lines", "[0..2]").len(), 1, "other numbers are below 0, too");
}
