//! Fixes are promises: with its text in its place a finding is gone, and nothing else is wrong that was not before, but for
//! what a misspelt name had hidden.

use super::*;

/// How often each code and message is found.
fn count(checked: &Checked) -> std::collections::BTreeMap<(&'static str, String), usize> {
    let mut counts = std::collections::BTreeMap::new();
    for finding in &checked.diagnostics {
        *counts.entry((finding.code, finding.message.clone())).or_default() += 1;
    }
    counts
}

#[test]
fn every_fix_of_every_wrong_file_mends_what_it_is_offered_for() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for (name, source, _) in golden::files() {
        let before = compile(&name, &source, &vocabulary());
        for finding in &before.diagnostics {
            let Some(fix) = &finding.fix else { continue };
            tried += 1;
            let mended = format!("{}{}{}", &source[..fix.span.start], fix.text, &source[fix.span.end..]);
            let after = compile(&name, &mended, &vocabulary());
            let key = (finding.code, finding.message.clone());
            if count(&after).get(&key).unwrap_or(&0) >= &count(&before)[&key] {
                wrong.push(format!(
                    "{name}: {} with `{}`\n{}",
                    finding.message,
                    fix.text,
                    after.render(&name, &mended)
                ));
            }
            if let Some(new) = after.diagnostics.iter().find(|d| d.code == "FLX0001" && finding.code != "FLX0001") {
                wrong.push(format!("{name}: `{}` breaks the file: {}", fix.text, new.message));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried >= 60, "only {tried} fixes are offered");
}

/// A help that names a similar name, or one thing to write, has it as a fix.
#[test]
fn what_a_help_names_is_a_fix() {
    let mut without = Vec::new();
    for finding in golden::findings() {
        if finding.fix.is_none() && finding.help.contains("a similar ") {
            without.push(format!("{}: {}", finding.message, finding.help));
        }
    }
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn yaml_is_mended_with_blanks_and_quotes() {
    for (line, fixed) in [
        ("  a: { if: !x.y, to: b }", "  a: { if: \"!x.y\", to: b }"),
        ("  a: { refuse: one: two }", "  a: { refuse: \"one: two\" }"),
        ("  a: not so: no", "  a: \"not so: no\""),
        ("  a: @home", "  a: \"@home\""),
        ("\ta: 1\n\tb: 2", "  a: 1\n  b: 2"),
        ("    a: 1\n\tb: 2", "    a: 1\n    b: 2"),
        ("  a: { if: x.y in [1, 2], to: b }", "  a: { if: \"x.y in [1, 2]\", to: b }"),
        ("  a: { if: x.all(y, y > 1), to: b }", "  a: { if: \"x.all(y, y > 1)\", to: b }"),
        ("  a: { to: b, if: f(x, y) ? z : w }", "  a: { to: b, if: \"f(x, y) ? z : w\" }"),
        ("  a: { if: x == \"y, z\" }", "  a: { if: 'x == \"y, z\"' }"),
        ("  a: [f(x, y), z]", "  a: [\"f(x, y)\", z]"),
    ] {
        let source = format!("workflow: x\nstates:\n{line}\n");
        let checked = compile("x.yaml", &source, &vocabulary());
        let finding = checked.diagnostics.iter().find(|finding| finding.code == "FLX0001");
        let fix = finding
            .and_then(|finding| finding.fix.clone())
            .unwrap_or_else(|| panic!("{}", checked.render("x", &source)));
        let mended = format!("{}{}{}", &source[..fix.span.start], fix.text, &source[fix.span.end..]);
        assert_eq!(mended, format!("workflow: x\nstates:\n{fixed}\n"));
    }
}

/// A fix that would leave the file unreadable, or quote half of a text, is none.
#[test]
fn yaml_that_cannot_be_mended_has_no_fix() {
    for line in ["   a: 1\n\tb: 2\n\t\tc: 3", "  a: { if: x.y in [1, 2, to: b }"] {
        let source = format!("workflow: x\nstates:\n{line}\n");
        let checked = compile("x.yaml", &source, &vocabulary());
        assert_eq!(checked.diagnostics[0].code, "FLX0001", "{line}");
        assert_eq!(checked.diagnostics[0].fix, None, "{line}");
    }
}

#[test]
fn bytes_that_are_no_text_are_a_finding() {
    let (checked, source) = compile_bytes("x.yaml", b"workflow: x\xff\xfe\n", &vocabulary());
    assert_eq!((checked.diagnostics[0].code, checked.diagnostics[0].span.start), ("FLX0001", 11));
    assert!(checked.render("x.yaml", &source).contains("x.yaml:1:12"));
}
