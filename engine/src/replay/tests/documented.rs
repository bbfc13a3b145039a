//! What `definitions/replay.md` says is so.

use super::*;

const DOCUMENT: &str = include_str!("../../../../definitions/replay.md");

/// The blocks of the document that begin with this fence.
pub(super) fn blocks(fence: &str) -> Vec<&'static str> {
    let fence = format!("```{fence}\n");
    let after = DOCUMENT.split(&*fence).skip(1);
    after.map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn its_examples_hold() {
    let (maps, definitions) = (blocks("yaml"), blocks("yaml definition"));
    let ([map], [definition]) = (maps.as_slice(), definitions.as_slice()) else { panic!() };
    let read = Map::read(map).unwrap_or_else(|found| panic!("{}", shown(&found, map)));
    bound(&read, definition, &Written::default()).unwrap_or_else(|found| panic!("{}", shown(&found, map)));
    let parts = blocks("yaml part");
    assert_eq!(parts.len(), 3);
    for part in parts {
        let whole =
            if part.starts_with("activities") { part.to_owned() } else { format!("{part}activities: {{ A: pay }}\n") };
        Map::read(&whole).unwrap_or_else(|found| panic!("{}", shown(&found, &whole)));
    }
}

#[test]
fn it_lists_every_code_and_every_key_of_the_report() {
    for (code, meaning) in CODES {
        assert!(DOCUMENT.contains(&format!("| {code} | {meaning} |")), "{code}");
    }
    let report =
        Run { instants: &["2026-01-07T00:00:00Z"], against: Some(DECLARATION), ..Run::new(DECLARATION, MAP, LOG) }
            .report();
    let serde_json::Value::Object(report) = serde_json::to_value(&report).unwrap() else { panic!() };
    for key in report.keys() {
        assert!(DOCUMENT.contains(&format!("`{key}`")), "{key}");
    }
}
