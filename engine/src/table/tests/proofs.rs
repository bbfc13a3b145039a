//! What is proved of tables, by hand: the cases that random tables do not reach.

use super::*;

const HEAD: &str = "out: { level: text }\nrows:\n";

fn table(input: &str, rows: &[&str]) -> String {
    let rows: String = rows.iter().map(|row| format!("  - ['{}', '\"x\"']\n", row.replace('\'', "''"))).collect();
    format!("in: {{ c: {input} }}\n{HEAD}{rows}")
}

fn messages(source: &str) -> String {
    compiled(source).1.iter().map(|finding| format!("{}\n", finding.message)).collect()
}

#[test]
fn steps_leave_no_gap_and_decimals_do() {
    for (input, rows, codes) in [
        ("po.lines", ["<= 5", ">= 6"], &[][..]),
        ("po.share", ["<= 5", ">= 6"], &["FLX0660"]),
        ("po.amount", ["<= 5 EUR", ">= 5.0001 EUR"], &[]),
        ("po.amount", ["<= 5 EUR", ">= 5.01 EUR"], &["FLX0660"]),
        ("po.due", ["<= 2026-01-31", ">= 2026-02-01"], &[]),
        ("po.weight", ["< 5 kg", ">= 5 kg"], &[]),
        ("po.wait", ["< 1 day", "> 24 hours"], &["FLX0660"]),
        ("po.urgent", ["true", "false"], &[]),
        ("po.urgent", ["? == true", "!?"], &[]),
        ("po.supplier", ["< \"m\"", ">= \"m\""], &[]),
        ("po.supplier", ["<= \"m\"", "> \"m\""], &[]),
        ("po.supplier", ["\"a\"", "not(\"a\")"], &[]),
        ("po.supplier", ["\"a\"", "\"b\""], &["FLX0660"]),
        ("po.category", ["\"a\"", "not(\"a\")"], &[]),
        ("po.category", ["< \"m\"", ">= \"m\""], &["FLX0661"]),
        ("po.buyer", ["person(\"ann\")", "!= person(\"ann\")"], &[]),
    ] {
        assert_eq!(codes_of(&table(input, &rows)), codes, "{input} {rows:?}\n{}", messages(&table(input, &rows)));
    }
}

#[test]
fn the_witness_lies_where_a_person_would_look() {
    for (input, rows, shown) in [
        ("po.amount", ["<= 1000 EUR", "> 2000 EUR"], "c = 1000.01 EUR"),
        ("po.amount", ["<= 1000 EUR", "(1000 EUR..2000 EUR]"], "c = 2000.01 EUR"),
        ("po.amount", [">= 0 EUR", "> 2000 EUR"], "c = -0.01 EUR"),
        ("po.lines", ["<= 5", ">= 10"], "c = 6"),
        ("po.share", ["<= 0.5", "> 0.52"], "c = 0.51"),
        ("po.due", ["<= 2026-02-28", ">= 2026-03-02"], "c = 2026-03-01"),
        ("po.supplier", ["\"a\"", "\"b\""], "c = \"x\""),
        ("po.sent", ["< 2026-01-01T00:00:00Z", "> 2026-01-01T00:00:00Z"], "c = 2026-01-01T00:00:00Z"),
    ] {
        let source = table(input, &rows);
        assert!(messages(&source).contains(&format!("no row matches {shown}")), "{}", messages(&source));
    }
}

#[test]
fn cells_that_only_evaluation_decides_make_no_false_error() {
    // `> n` may match where `<= 5` does: no overlap is told, and no gap above.
    assert_eq!(codes_of(&table("po.lines", &["<= 5", "> n"])), ["FLX0667"]);
    assert_eq!(codes_of(&table("po.lines", &["<= 5", "> 5", "? > n"])), Vec::<&str>::new());
    // A gap that such a row cannot fill stays one: its other column excludes it.
    let source =
        format!("in: {{ a: po.lines, b: n }}\n{HEAD}  - ['<= 5', '-', '\"x\"']\n  - ['> m', '> 0', '\"y\"']\n");
    assert!(messages(&source).contains("no row matches a = 6, b = 0"), "{}", messages(&source));
}

#[test]
fn columns_that_read_one_field_make_warnings_only() {
    let source = format!(
        "in: {{ a: po.lines, b: po.lines > 5 }}\n{HEAD}  - ['<= 5', 'false', '\"x\"']\n  - ['> 5', 'true', '\"y\"']\n"
    );
    let (table, found) = compiled(&source);
    assert!(table.is_some());
    assert!(found.iter().all(|finding| finding.severity == Severity::Warning && finding.code == "FLX0660"));
    assert!(found.iter().all(|finding| finding.help.contains("two columns read the same field")));
}

#[test]
fn what_cannot_come_in_is_no_gap() {
    let source = |values: &str| {
        format!("in: {{ c: {{ value: po.lines, values: \"{values}\" }} }}\n{HEAD}  - ['[0..5]', '\"x\"']\n")
    };
    assert_eq!(codes_of(&source("[0..5]")), Vec::<&str>::new());
    assert_eq!(codes_of(&source(">= 0")), ["FLX0660"]);
}

#[test]
fn a_table_of_ten_thousand_rows_is_proved() {
    let mut source = format!("in: {{ c: po.lines }}\n{HEAD}");
    (0..10_000).for_each(|n| source.push_str(&format!("  - ['{n}', '\"x\"']\n")));
    source.push_str("  - ['< 0, > 10000', '\"x\"']\n");
    let (_, found) = compiled(&source);
    assert_eq!(found.len(), 1, "{}", rendered(&source, &found));
    assert_eq!(found[0].message, "no row matches c = 10000");
}

#[test]
fn of_many_gaps_some_are_told_and_that_there_are_more() {
    let rows: Vec<_> = (0..20).map(|n| format!("{}", n * 2)).collect();
    let rows: Vec<_> = rows.iter().map(String::as_str).collect();
    let (_, found) = compiled(&table("po.lines", &rows));
    assert_eq!(found.len(), 5);
    assert!(found.iter().any(|finding| finding.help.contains("there may be more")));
}

#[test]
fn a_table_that_is_too_large_to_be_proved_says_so() {
    // Each row leaves out one value of each column: what is left has no short proof.
    let columns: Vec<_> = (0..12).map(|at| format!("c{at}: po.lines + {at}")).collect();
    let mut source = format!("hit: first\nin: {{ {} }}\n{HEAD}", columns.join(", "));
    for row in 0..60 {
        let cells: Vec<_> =
            (0..12).map(|at| format!("not({}, {})", (row * 7 + at * 3) % 11, (row * 5 + at) % 13)).collect();
        source.push_str(&format!("  - ['{}', '\"x\"']\n", cells.join("', '")));
    }
    let found = table_in(&source, &env()).analyse_within(20_000);
    assert!(!found.complete);
    assert_eq!(found.findings.iter().filter(|finding| finding.code == "FLX0668").count(), 1);
}

#[test]
fn too_many_rows_and_columns_are_refused() {
    let many: String = (0..=MAX_ROWS).map(|_| "- [x]\n".to_owned()).collect();
    assert_eq!(codes_of(&format!("in: {{}}\nout: {{ level: text }}\nrows:\n{many}")), ["FLX0654"]);
    let columns: Vec<_> = (0..=MAX_COLUMNS).map(|at| format!("c{at}: n")).collect();
    assert_eq!(codes_of(&format!("in: {{ {} }}\n{HEAD}  - ['x']\n", columns.join(", "))), ["FLX0654"]);
}
