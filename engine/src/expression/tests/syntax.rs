use crate::expression::{MAX_DEPTH, MAX_LENGTH, parse};

/// Prints the tree with every operation in brackets' place: `Display` shows how it was read.
#[test]
fn the_whole_grammar_is_read_and_printed() {
    for (source, printed) in [
        ("1+2*3", "1 + 2 * 3"),
        ("(1+2)*3", "(1 + 2) * 3"),
        ("1-(2-3)", "1 - (2 - 3)"),
        ("1-2-3", "1 - 2 - 3"),
        ("a||b&&c", "a || b && c"),
        ("(a||b)&&c||(d||e)", "(a || b) && c || (d || e)"),
        ("a ? b : c ? d : e", "a ? b : c ? d : e"),
        ("(a ? b : c) ? d : e", "(a ? b : c) ? d : e"),
        ("a in b == true", "a in b == true"),
        ("!-a", "!-a"),
        ("- 5", "-5"),
        ("-(5)", "-(5)"),
        ("--5", "--5"),
        ("-(5).abs()", "-(5.abs())"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("0x2A + 0XfF", "42 + 255"),
        ("7u", "7u"),
        ("0.10 + .5", "0.10 + 0.5"),
        ("20000 EUR > 1.5 EUR", "20000 EUR > 1.5 EUR"),
        ("2 working days", "2 working days"),
        ("-5 kg", "-5 kg"),
        ("5 in [5, 6,]", "5 in [5, 6]"),
        (".a.b.c(1)[2].d", ".a.b.c(1)[2].d"),
        ("a.`b-c`", "a.`b-c`"),
        ("{'a': 1, 'b': [2]}", r#"{"a": 1, "b": [2]}"#),
        ("{}.size() // comment", "{}.size()"),
        ("a.B{c: 1, d: 'x',}", r#"a.B{c: 1, d: "x"}"#),
        (r#"'a"b' + "\n\t\\\x41\u00e9\101" + r'\n' + '''x'y''' "#, r#""a\"b" + "\n\t\\AéA" + "\\n" + "x'y""#),
        (r"b'\xff\000A' + bR'\n'", r#"b"\xff\x00\x41" + b"\x5c\x6e""#),
        ("\"\"\"two\nlines\"\"\"", r#""two\nlines""#),
    ] {
        let node = parse(source).unwrap_or_else(|e| panic!("{source}: {e:?}"));
        assert_eq!(node.to_string(), printed, "{source}");
        assert_eq!(parse(printed).unwrap(), node, "{printed}");
    }
}

#[test]
fn sizes_that_cel_asks_for_are_read() {
    let repeat = |part: &str, times: usize, last: &str| part.repeat(times) + last;
    for source in [
        repeat("a || ", 200, "a"),
        repeat("a && ", 200, "a"),
        repeat("a + ", 32, "a"),
        repeat("a ? b : ", 32, "c"),
        repeat("!", 32, "a"),
        "a".to_owned() + &".b".repeat(32) + &"[0]".repeat(24),
        format!("f({})", ["1"; 100].join(", ")),
        "(".repeat(32) + "a" + &")".repeat(32),
    ] {
        assert!(parse(&source).is_ok(), "{source}");
    }
}

#[test]
fn what_is_too_deep_or_too_long_is_refused_once() {
    let deep = MAX_LENGTH / 2 - 1;
    for source in [
        "(".repeat(deep),
        "(".repeat(deep) + "a" + &")".repeat(deep),
        "[".repeat(MAX_LENGTH),
        "{".repeat(MAX_LENGTH),
        "!".repeat(MAX_LENGTH),
        "-".repeat(MAX_LENGTH),
        "a?b:".repeat(MAX_LENGTH / 4),
        "a".to_owned() + &"+a".repeat(deep),
        "a".to_owned() + &".b".repeat(deep),
        "a".to_owned() + &"[".repeat(deep),
        "a".to_owned() + &"{b:".repeat(MAX_LENGTH / 3 - 1),
        "f(".repeat(deep),
    ] {
        let findings = parse(&source).unwrap_err();
        assert_eq!(findings.iter().filter(|f| f.code == "FLX0106").count(), 1, "{}: {findings:?}", &source[..9]);
        assert!(findings[0].message.contains(&MAX_DEPTH.to_string()));
    }
    assert_eq!(parse(&"a".repeat(MAX_LENGTH + 1)).unwrap_err()[0].code, "FLX0107");
}
