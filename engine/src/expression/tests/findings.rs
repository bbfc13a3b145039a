use std::collections::BTreeSet;

use super::env;
use crate::expression::{CODES, Type, compile};

/// Source, then each finding as its code and the text under its carets.
const REFUSED: &[(&str, &[(&str, &str)])] = &[
    // Characters, text, numbers.
    ("po.count # 3", &[("FLX0100", "#"), ("FLX0105", "3")]),
    ("po.count = 3", &[("FLX0100", "=")]),
    ("po.urgent & po.count <> 3", &[("FLX0100", "&"), ("FLX0100", "<>")]),
    ("po.title == 'a", &[("FLX0101", "'")]),
    (r"po.title == '\q'", &[("FLX0102", r"\q")]),
    ("po.rate > 1e-3", &[("FLX0103", "1e-3")]),
    ("po.count > 9223372036854775808", &[("FLX0104", "9223372036854775808")]),
    ("po.rate > 0.12345678901234567890123456789", &[("FLX0104", "0.12345678901234567890123456789")]),
    ("po.total > 0.00001 EUR", &[("FLX0104", "0.00001 EUR")]),
    ("po.total > 99999999999999999999999 EUR", &[("FLX0104", "99999999999999999999999")]),
    ("po.lead > 1.5 working days", &[("FLX0104", "1.5 working days")]),
    ("po.weight > 5kg", &[("FLX0109", "5kg")]),
    ("po.count > 1_000", &[("FLX0109", "1_000")]),
    ("po.title == \u{201c}it\u{201d} && po.urgent", &[("FLX0100", "\u{201c}it\u{201d}")]),
    ("po.total > 1,000 EUR && po.urgent", &[("FLX0109", "1,000 EUR")]),
    ("po.total > 1 000 EUR", &[("FLX0109", "1 000 EUR")]),
    ("po.total > 1'000'000 EUR", &[("FLX0109", "1'000'000 EUR")]),
    ("po.total > 1.000.000 EUR", &[("FLX0109", "1.000.000 EUR")]),
    ("po.total > 1.000,50 EUR", &[("FLX0109", "1.000,50 EUR")]),
    ("(po.total > 1,000.50EUR)", &[("FLX0109", "1,000.50EUR")]),
    ("po.rate > 1,5", &[("FLX0109", "1,5")]),
    ("po.total > 20\u{20ac}", &[("FLX0109", "20\u{20ac}")]),
    ("po.total > \u{20ac} 20", &[("FLX0109", "\u{20ac} 20")]),
    ("po.total > 1,000 \u{20ac}", &[("FLX0109", "1,000 \u{20ac}")]),
    ("po.total > \u{20ac}1,000", &[("FLX0109", "\u{20ac}1,000")]),
    ("po.total > 20 EURO", &[("FLX0109", "20 EURO")]),
    ("po.total > $20", &[("FLX0109", "$20")]),
    ("po.total > 99999999999999999999999\u{20ac}", &[("FLX0104", "99999999999999999999999")]),
    ("po.total > \u{20ac}99999999999999999999999", &[("FLX0104", "99999999999999999999999")]),
    ("po.count in [100,200] && po.urgent && po.rate > 5%", &[("FLX0105", "5%")]),
    ("po.lead > 2 months", &[("FLX0109", "2 months")]),
    ("po.lead > 2 working weeks", &[("FLX0109", "2 working weeks")]),
    // Syntax: several at once.
    ("", &[("FLX0105", "")]),
    ("po.count >", &[("FLX0105", "")]),
    ("size(po.tags, +) > 1 && po.totl > 1 EUR", &[("FLX0105", "+"), ("FLX0111", "totl")]),
    ("[1, , 2].size() > 0 && {'a' 1}.size() > 0", &[("FLX0105", ","), ("FLX0105", "1")]),
    (
        "po.urgent and po.count > 1 or not po.urgent",
        &[("FLX0105", "and"), ("FLX0105", "or"), ("FLX0105", "not po.urgent")],
    ),
    ("(po.urgent", &[("FLX0105", "")]),
    ("po.urgent)", &[("FLX0105", ")")]),
    ("po.lines[0.code == 'a'", &[("FLX0111", "code"), ("FLX0105", "")]),
    ("po.urgent ? true", &[("FLX0105", "")]),
    ("let == 3", &[("FLX0108", "let")]),
    // Names.
    ("poo.urgent", &[("FLX0110", "poo")]),
    ("po.totl > 5 EUR && po.cuont > 1", &[("FLX0111", "totl"), ("FLX0111", "cuont")]),
    ("po.total.amount > 1", &[("FLX0111", "amount")]),
    ("sise(po.tags) > 1", &[("FLX0112", "sise")]),
    ("startsWith(po.title, 'a')", &[("FLX0112", "startsWith")]),
    ("po.count.abs() > 1", &[("FLX0112", "abs")]),
    ("math.isNaN(po.rate)", &[("FLX0118", "math.isNaN")]),
    ("math.rount(po.rate) > 1", &[("FLX0112", "math.rount")]),
    ("po.title.getFullYear() > 1", &[("FLX0117", "po.title.getFullYear()")]),
    ("double(po.count) > 1", &[("FLX0118", "double")]),
    ("po.count > 1u", &[("FLX0118", "1u")]),
    ("po.title == b'x'", &[("FLX0118", "b'x'")]),
    ("Order{total: po.totl}.ok", &[("FLX0118", "Order"), ("FLX0111", "totl")]),
    // Types.
    ("po.total", &[("FLX0113", "po.total")]),
    ("po.urgent && po.count", &[("FLX0113", "po.count")]),
    ("po.urgent ? 1 : 'a'", &[("FLX0113", "'a'")]),
    ("po.total > 1000", &[("FLX0116", "1000")]),
    ("1000 < po.total && po.weight == 0.5", &[("FLX0116", "1000"), ("FLX0116", "0.5")]),
    ("po.total + 3 > 5 EUR", &[("FLX0116", "3")]),
    ("po.title > po.count", &[("FLX0114", "po.title > po.count")]),
    ("po.requester < po.requester", &[("FLX0114", "po.requester < po.requester")]),
    ("po.requester == 'ann'", &[("FLX0114", "po.requester == 'ann'")]),
    ("po.needed > '2026-01-01'", &[("FLX0114", "po.needed > '2026-01-01'")]),
    ("-po.title == 'a'", &[("FLX0114", "-po.title")]),
    ("po.total * po.total > 1 EUR", &[("FLX0114", "po.total * po.total")]),
    ("po.lead > 3 dayz", &[("FLX0114", "po.lead > 3 dayz")]),
    ("po.total > 3 eur", &[("FLX0114", "po.total > 3 eur")]),
    ("'a' in po.title", &[("FLX0114", "'a' in po.title")]),
    ("po.tags['a'] == 'b'", &[("FLX0114", "po.tags['a']")]),
    ("po.count > null", &[("FLX0114", "po.count > null")]),
    ("1 EUR == 1 USD", &[("FLX0115", "1 EUR == 1 USD")]),
    ("3 days < 2 working days", &[("FLX0115", "3 days < 2 working days")]),
    ("5 kg + 3 g > 1 kg", &[("FLX0115", "5 kg + 3 g")]),
    ("max(2 * 1 EUR, 1 USD) > po.total", &[("FLX0115", "max(2 * 1 EUR, 1 USD)")]),
    ("1 EUR in [1 USD, 2 USD]", &[("FLX0115", "1 EUR in [1 USD, 2 USD]")]),
    ("size(3) > 1", &[("FLX0117", "size(3)")]),
    ("po.tags.contains('a')", &[("FLX0117", "po.tags.contains('a')")]),
    ("po.title.startsWith()", &[("FLX0117", "po.title.startsWith()")]),
    ("has(po)", &[("FLX0117", "has(po)")]),
    ("po.total == null", &[("FLX0119", "po.total")]),
    ("1 in [1, 'a']", &[("FLX0120", "'a'")]),
    ("po.count in [1, null]", &[("FLX0120", "null")]),
    ("{1.5: 2}.size() > 0", &[("FLX0113", "1.5")]),
    ("{1: 2, 'a': 3}.size() > 0", &[("FLX0120", "'a'")]),
    ("1 in {'a': 1}", &[("FLX0114", "1 in {'a': 1}")]),
    ("{1: 2}['a'] > 1", &[("FLX0114", "{1: 2}['a']")]),
    ("[?po.note, 1].size() > 0", &[("FLX0120", "1")]),
    ("po.title.format([null]) == ''", &[("FLX0120", "null")]),
    // Optionals.
    ("po.title.hasValue()", &[("FLX0119", "po.title")]),
    ("po.note.orValue(3) == ''", &[("FLX0113", "3")]),
    ("optional.of(null).hasValue()", &[("FLX0117", "null")]),
    ("optional.of().hasValue()", &[("FLX0117", "optional.of()")]),
    ("optional.none().value() == 1", &[("FLX0123", "optional.none().value()")]),
    ("po.tags[?'a'].hasValue()", &[("FLX0114", "po.tags[?'a']")]),
    ("po.note.optMap(n, n.sise()).hasValue()", &[("FLX0112", "sise")]),
    ("po.note.optMap(po, 1).hasValue()", &[("FLX0121", "po")]),
    ("po.?nope.hasValue()", &[("FLX0111", "nope")]),
    ("cel.bind(x, 1)", &[("FLX0117", "cel.bind(x, 1)")]),
    ("cel.bind(po, 1, true)", &[("FLX0121", "po")]),
    // Lists.
    ("po.lines.sort().size() > 0", &[("FLX0117", "po.lines.sort()")]),
    ("po.tags.sum() > 0", &[("FLX0117", "po.tags.sum()")]),
    ("po.lines.sortBy(l, l.tags).size() > 0", &[("FLX0113", "l.tags")]),
    ("[1 EUR].sum(0 USD) > 1 EUR", &[("FLX0115", "[1 EUR].sum(0 USD)")]),
    ("[1, 2].sum(0 EUR) > 1 EUR", &[("FLX0117", "[1, 2].sum(0 EUR)")]),
    // Patterns, zones, templates.
    ("po.title.matches('a(')", &[("FLX0125", "'a('")]),
    ("'abc'.matches('(a{1000}){1000}')", &[("FLX0125", "'(a{1000}){1000}'")]),
    ("po.title.matches('x{500}y{500}')", &[("FLX0125", "'x{500}y{500}'")]),
    ("po.title.matches('\\\\w{3,20}@(a|b){2}\\\\{9000}') || po.count", &[("FLX0113", "po.count")]),
    ("po.created.getHours('Mars/Base') > 1", &[("FLX0126", "'Mars/Base'")]),
    ("date(now, '+99:00') > today", &[("FLX0126", "'+99:00'")]),
    ("'%q'.format([po.count]) == ''", &[("FLX0127", "'%q'")]),
    ("'%d %d'.format([po.count]) == ''", &[("FLX0127", "'%d %d'")]),
    // Working time where there is no calendar.
    ("now + 2 working days > now", &[("FLX0124", "now + 2 working days")]),
    ("isWorkingDay(today)", &[("FLX0124", "isWorkingDay(today)")]),
    (
        "timestamp('2026-03-02T08:00:00Z') + 1 working hour > now",
        &[("FLX0124", "timestamp('2026-03-02T08:00:00Z') + 1 working hour")],
    ),
    // Macros.
    ("po.lines.all(l.x, true)", &[("FLX0121", "l.x")]),
    ("po.lines.all(po, true)", &[("FLX0121", "po")]),
    ("po.lines.all(a, po.lines.all(a, true))", &[("FLX0121", "a")]),
    ("po.lines.all(l, l.prise > 1 EUR)", &[("FLX0111", "prise")]),
    ("po.lines.all(l, l.price)", &[("FLX0113", "l.price")]),
    ("po.lines.all(l)", &[("FLX0117", "all")]),
    ("po.lines.all(i, l, i, l)", &[("FLX0117", "all")]),
    ("po.lines.filter(i, l, true).size() > 0", &[("FLX0117", "filter")]),
    ("po.lines.transformList(l, l.price).size() > 0", &[("FLX0117", "transformList")]),
    ("po.lines.exists(i, l, l == i)", &[("FLX0114", "l == i")]),
    ("po.lines.transformMapEntry(i, l, l.code).size() > 0", &[("FLX0113", "l.code")]),
    ("po.total.all(l, true)", &[("FLX0113", "po.total")]),
    (
        "po.tags.all(a, po.tags.all(b, po.tags.all(c, a == b && b == c)))",
        &[("FLX0122", "po.tags.all(a, po.tags.all(b, po.tags.all(c, a == b && b == c)))")],
    ),
    // Constants.
    ("po.count > 1 / 0", &[("FLX0123", "1 / 0")]),
    ("po.needed > date('2026-02-30')", &[("FLX0123", "date('2026-02-30')")]),
    ("po.total > 1 EUR * 0.00001", &[("FLX0123", "1 EUR * 0.00001")]),
];

#[test]
fn what_is_refused_has_its_code_and_its_place() {
    let mut wrong = String::new();
    for (source, expected) in REFUSED {
        let findings = compile(source, &env(), &Type::Bool).expect_err(source);
        let found: Vec<_> = findings.iter().map(|f| (f.code, &source[f.span.start..f.span.end])).collect();
        if found != *expected {
            wrong.extend(findings.iter().map(|finding| finding.render("x", source)));
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn help_says_what_to_write() {
    for (source, help) in [
        ("po.total > 1000", "write `1000 EUR`"),
        ("po.total > 1 USD + 5", "write `5 USD`"),
        ("po.weight > 5kg", "write `5 kg`"),
        ("po.count > 1_000", "write `1000`"),
        ("po.total > 1,000 EUR", "write `1000 EUR`"),
        ("po.total > 1.000,50 EUR", "write `1000.50 EUR`"),
        ("po.count in [1,000]", "write `1000`"),
        ("po.count > 1_00_000", "write `100000`"),
        ("po.total > 20\u{20ac}", "write `20 EUR`"),
        ("po.total > 20 Euro", "write `20 EUR`"),
        ("po.rate > 5%", "write `0.05`"),
        ("po.rate > 1e-3", "write `0.001`"),
        ("po.count = 3", "write `==`"),
        ("po.urgent and true", "write `&&`"),
        ("po.totl > 5 EUR", "a similar field exists: `total`"),
        ("op.urgent", "a similar name exists: `po`"),
        ("sise(po.tags) > 1", "a similar function exists: `size`"),
        ("po.title.startWith('a')", "a similar method exists: `startsWith`"),
        ("startsWith(po.title, 'a')", "write `po.title.startsWith(\"a\")`"),
        ("po.count.abs() > 1", "write `abs(po.count)`"),
        ("po.tags.contains('a')", "write `\"a\" in po.tags`"),
        ("'a' in po.title", "write `po.title.contains(\"a\")`"),
        ("po.requester == 'ann'", "write `person(\"ann\")`"),
        ("po.needed > '2026-01-01'", "write `date(\"2026-01-01\")`"),
        ("po.title + po.count == 'a'", "write `string(po.count)`"),
        ("po.lead > 3 dayz", "write `3 days`"),
        ("po.total > 3 eur", "write `3 EUR`"),
        ("po.title.hasVallue()", "a similar method exists: `hasValue`"),
        ("math.cei(po.rate) > 1", "a similar function exists: `math.ceil`"),
        ("now + 2 working days > now", "write `calendar: office`"),
        ("{'a': 1}[1] > 0", "a map by its keys"),
        ("po.tags", "write `po.tags.size() > 0`"),
    ] {
        let findings = compile(source, &env(), &Type::Bool).expect_err(source);
        assert!(findings.iter().any(|f| f.help.contains(help)), "{source}: {findings:#?}");
    }
}

#[test]
fn a_missing_value_is_warned_of_unless_guarded() {
    for (source, places) in [
        ("po.buyer == po.requester", &[][..]),
        ("po.limit > 5 EUR", &["po.limit"]),
        ("po.limit != null && po.limit > 5 EUR", &[]),
        ("po.limit > 5 EUR && po.limit != null", &[]),
        ("po.limit == null || po.limit > 5 EUR", &[]),
        ("po.limit == null || po.urgent && po.limit > 5 EUR", &[]),
        ("po.limit != null || po.limit > 5 EUR", &["po.limit"]),
        ("has(po.limit) ? po.limit > 5 EUR : po.limit < 3 EUR", &["po.limit"]),
        ("!(po.limit == null) && po.limit > 5 EUR", &[]),
        ("!has(po.limit) || po.limit > 5 EUR", &[]),
        ("po.supplier.name == 'x'", &["po.supplier"]),
        ("po.supplier != null && po.supplier.rating > 3", &["po.supplier.rating"]),
        ("has(po.supplier) && has(po.supplier.rating) && po.supplier.rating > 3", &[]),
        ("(po.urgent ? po.limit : 5 EUR) > 3 EUR", &["(po.urgent ? po.limit : 5 EUR)"]),
        ("(po.limit != null ? po.limit : 5 EUR) > 3 EUR", &[]),
        ("(po.limit == null ? 5 EUR : po.limit) > 3 EUR", &[]),
        ("po.lines.all(l, po.limit != null) && po.limit > 5 EUR", &["po.limit"]),
        ("po.limit.hasValue() && po.limit > 5 EUR", &[]),
        ("po.limit.orValue(0 EUR) > 5 EUR", &[]),
        ("po.limit.or(po.limit) > 5 EUR", &["po.limit.or(po.limit)"]),
        ("po.limit.value() > 5 EUR", &[]),
        ("po.limit.optMap(l, l > 5 EUR).orValue(false)", &[]),
        ("po.?supplier.rating.orValue(0) > 3", &[]),
        ("po.supplier.?rating > 3", &["po.supplier.?rating"]),
        ("po.tags.first() == 'a'", &[]),
        ("po.tags.first().size() > 1", &["po.tags.first()"]),
        ("po.tags[?7].orValue('') == ''", &[]),
    ] {
        let expr = compile(source, &env(), &Type::Bool).unwrap_or_else(|e| panic!("{source}: {e:#?}"));
        let warned: Vec<_> = expr.warnings().iter().map(|f| &source[f.span.start..f.span.end]).collect();
        assert_eq!(warned, places, "{source}");
        assert!(expr.warnings().iter().all(|f| f.code == "FLX0150"));
    }
}

#[test]
fn a_default_that_is_never_needed_is_warned_of() {
    for (source, place) in [
        ("po.title.orValue('x') == 'x'", "orValue"),
        ("po.title.optMap(t, t.size()).orValue(0) > 3", "optMap"),
        ("[?po.title].size() == 1", "?po.title"),
        ("{?'a': po.title}.size() == 1", "po.title"),
    ] {
        let expr = compile(source, &env(), &Type::Bool).unwrap_or_else(|e| panic!("{source}: {e:#?}"));
        let warned: Vec<_> = expr.warnings().iter().map(|f| (f.code, &source[f.span.start..f.span.end])).collect();
        assert_eq!(warned, [("FLX0151", place)], "{source}");
    }
}

#[test]
fn every_code_is_listed_once_in_order_and_has_a_case() {
    assert!(CODES.is_sorted_by(|a, b| a.0 < b.0));
    let mut seen: BTreeSet<_> = REFUSED.iter().flat_map(|(_, found)| found.iter().map(|(code, _)| *code)).collect();
    // Depth and length have tests of their own; the last three are no refusals.
    seen.extend(["FLX0106", "FLX0107", "FLX0150", "FLX0151", "FLX0190"]);
    assert_eq!(CODES.iter().map(|(code, _)| *code).collect::<BTreeSet<_>>(), seen);
}

#[test]
fn reads_are_paths_and_cost_is_bounded() {
    for (source, reads, cost) in [
        ("po.total > 5 EUR", &["po.total"][..], 7),
        ("po.supplier.name == 'x'", &["po.supplier.name"], 8),
        ("po.lines.all(l, l.price > 1 EUR)", &["po.lines", "po.lines.price"], 1028),
        (
            "po.lines.filter(l, l.gift).exists(g, g.code in po.tags)",
            &["po.lines", "po.lines.code", "po.lines.gift", "po.tags"],
            100_613,
        ),
        ("po.lines[po.count].gift && has(po.note)", &["po.count", "po.lines.gift", "po.note"], 12),
        ("[1, 2].all(x, x < 3)", &[], 19),
        ("po.lines.transformList(i, l, l.price).size() > 1", &["po.lines", "po.lines.price"], 522),
        ("po.?supplier.rating.hasValue()", &["po.supplier.rating"], 5),
        ("po.note.optMap(n, n.size()).orValue(0) > 1", &["po.note"], 18),
        ("cel.bind(s, po.title, s + s == 'x')", &["po.title"], 20),
        ("po.lines[?0].code.hasValue()", &["po.lines.code"], 14),
        ("po.prices.a > 1 EUR && po.prices['b'] > 1 USD", &["po.prices", "po.prices.a"], 25),
    ] {
        let expr = compile(source, &env(), &Type::Bool).unwrap_or_else(|e| panic!("{source}: {e:#?}"));
        assert_eq!(expr.fields_read().iter().map(String::as_str).collect::<Vec<_>>(), reads, "{source}");
        assert_eq!(expr.cost(), cost, "{source}");
    }
}
