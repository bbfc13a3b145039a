//! Whatever comes in: findings or a table, soon, and never a panic.

use proptest::prelude::*;

use super::*;
use crate::mutants::{line_changes, with_lines};

const SEED: &str = r#"hit: first
in: { amount: po.amount, category: po.category, lines: { value: po.lines, values: ">= 0" } }
out: { level: { type: text, values: [high, low] }, need: int? }
rows:
  - ["<= 1000 EUR", '"it", "hr"', "[1..5)", '"low"', "1"]
  - { amount: "(1000 EUR..20000 EUR]", category: 'not("it", null)', level: '"high"', need: "n", from: 2026-01-01, until: 2026-12-31 }
  - { lines: "? > 3 && ? % 2 == 0", amount: "> po.limit", level: '"low"', need: "null" }
otherwise: { level: '"high"', need: "3" }
"#;

/// Compiles, renders, evaluates: a table comes exactly when nothing is refused.
fn survives(source: &str) {
    let (table, found) = compiled(source);
    let refused = found.iter().any(|finding| finding.severity == Severity::Error);
    assert!(table.is_none() || !refused, "{source}");
    assert!(table.is_some() || refused, "{source}");
    let shown = rendered(source, &found);
    assert_eq!(shown.is_empty(), found.is_empty());
    if let Some(table) = table {
        let _ = (table.ty(), table.eval(&po(&[]), day("2026-03-01")));
    }
}

#[test]
fn the_seed_is_right() {
    assert_eq!(rendered(SEED, &compiled(SEED).1), "");
}

#[test]
fn deep_and_long_cells_are_refused_or_read() {
    let cell = |text: &str| format!("in: {{ lines: po.lines }}\nout: {{ o: int }}\nrows:\n  - ['{text}', '1']\n");
    survives(&cell(&"not(".repeat(5000)));
    survives(&cell(&"[".repeat(5000)));
    survives(&cell(&"1, ".repeat(5000)));
    survives(&cell(&"? + ".repeat(3000)));
    survives(&cell(&format!("{}1{}", "(".repeat(2000), ")".repeat(2000))));
    survives(&cell("[-9223372036854775808..9223372036854775807]"));
    survives(&cell("(9223372036854775806..9223372036854775807)"));
    survives(&cell("> 9223372036854775807"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cell(text in "\\PC{0,40}") {
        let text = text.replace('\'', "''");
        survives(&format!("in: {{ amount: po.amount }}\nout: {{ o: int }}\nrows:\n  - ['{text}', '1']\n"));
    }

    #[test]
    fn any_cell_of_the_language(words in prop::collection::vec(prop::sample::select(vec![
        "-", "<", "<=", ">", "=", "!=", "[", "]", "(", ")", "..", ",", "not(", "null", "?", "5", "5 EUR", "1.5", "\"a\"",
        "2026-01-31", "po.amount", "n", "&&", "||", " ", "date(", "é", "\"", "and", "to", "{", "}", ".size()", "true",
    ]), 0..14), column in prop::sample::select(vec![
        "po.amount", "po.category", "po.lines", "po.share", "po.urgent", "po.due", "po.tags", "po.buyer", "po.limit",
    ])) {
        let text = words.concat();
        survives(&format!("in: {{ c: {column} }}\nout: {{ o: int }}\nrows:\n  - ['{text}', '1']\n  - ['-', '2']\n"));
    }

    #[test]
    fn a_table_with_lines_lost_doubled_moved_and_cut(changes in line_changes()) {
        survives(&with_lines(SEED, changes));
    }
}
