//! The text of cells.

use super::super::unary::*;

fn shown(text: &str) -> String {
    fn one(item: &Item) -> String {
        match &item.kind {
            Kind::Compare(op, part) => format!("{op:?} {}", part.text),
            Kind::Interval(low, a, high, b) => format!("{a} {}|{} {b}", low.text, high.text),
            Kind::Is(part) => part.text.clone(),
            Kind::Where(part) => format!("where {}", part.text),
            Kind::Not(items) => format!("not<{}>", items.iter().map(one).collect::<Vec<_>>().join(" ; ")),
        }
    }
    match parse(text) {
        Ok(items) => items.iter().map(one).collect::<Vec<_>>().join(" ; "),
        Err(findings) => findings.iter().map(|f| format!("! {}", f.help)).collect::<Vec<_>>().join(" "),
    }
}

#[test]
fn cells_become_tests() {
    for (text, tests) in [
        ("-", ""),
        ("<= 1000 EUR", "LessEqual 1000 EUR"),
        ("[1..5)", "true 1|5 false"),
        ("]1..5[", "false 1|5 false"),
        ("(1.5..2.5], 7", "false 1.5|2.5 true ; 7"),
        ("]a[0]..b[1][, 3", "false a[0]|b[1] false ; 3"),
        ("\"a,b\", 'c'", "\"a,b\" ; 'c'"),
        ("not([1..2[, >5), 3", "not<true 1|2 false ; Greater 5> ; 3"),
        ("= 5, == 6, != 7", "5 ; 6 ; NotEqual 7"),
        ("? > 3 && ? % 2 == 0", "where _ > 3 && _ % 2 == 0"),
        ("x ? ? > 1 : ?.startsWith(\"?\")", "where x ? _ > 1 : _.startsWith(\"?\")"),
        ("(a + b) * 2", "(a + b) * 2"),
        ("[1, 2]", "[1, 2]"),
        ("date(\"2026-01-31\")", "date(\"2026-01-31\")"),
        ("f(1, 2), 3", "f(1, 2) ; 3"),
    ] {
        assert_eq!(shown(text), tests, "{text}");
    }
}

#[test]
fn other_forms_are_told_how_they_are_written_here() {
    for (text, help) in [
        ("1..5", "[1..5]"),
        ("between 1 and 5", "[1..5]"),
        ("1 to 5", "[1..5]"),
        ("[1..]", ">= 1"),
        ("[..5)", "< 5"),
        ("[1..5", "[1..5]"),
        ("\"a\" or \"b\"", "\"a\", \"b\""),
        ("=< 5", "<="),
        (">= 5 and < 9", "`[5..9)`"),
        ("<= 9 && > 5", "`(5..9]`"),
        ("!= 9 && > 5", "? != 9 && ? > 5"),
        ("not \"a\"", "not(\"a\")"),
        ("*", "write `-`"),
        ("", "write `-`"),
        ("1,,2", "leave out the comma"),
        ("not(1", "`)`"),
        ("[1..2] 3", "put a `,`"),
    ] {
        assert!(shown(text).contains(help), "{text}: {}", shown(text));
    }
}
