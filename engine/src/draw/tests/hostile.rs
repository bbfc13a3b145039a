//! Titles that mean something elsewhere stand in a picture as they are.

use super::layouts::values;
use super::*;

/// What each format would take for something of its own.
const TITLES: [&str; 9] = [
    r#"</title><script>alert("x")</script>"#,
    r#"quote \" and backslash \\ and \\N"#,
    "semi; colon: --> s1 : no",
    "100 %% & more #quot; #59;",
    r"line\nbreak\r\ttab",
    "naïve Straße 東京 🛒 مرحبا",
    "%%{init: {'theme':'dark'}}%%",
    "]]> <![CDATA[ x ]]>",
    "{ } [ ] ` | end note",
];

fn chart(title: &str) -> Arc<Definition> {
    let title = serde_json::to_string(title).unwrap();
    right(&format!(
        "workflow: hostile\nversion: 1\ntitle: {title}\nsubject: {{ name: it, fields: {{ note: text }} }}\nstart: here\n\
         events:\n  go: {{ title: {title} }}\nstates:\n  here:\n    title: {title}\n    on:\n      go:\n        \
         - {{ if: 'it.note == \"<&>\"', to: there }}\n        - {{ to: there }}\n  there: {{ title: {title}, final: true }}\n",
    ))
}

#[test]
fn titles_stand_in_an_svg_as_they_are() {
    let long = "x".repeat(3_000);
    for title in TITLES.into_iter().chain(["\u{202e}turned", "bell\u{7}", "line\nbreak", &long]) {
        let definition = chart(title);
        let text = svg(&definition, None);
        let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{title}: {error}\n{text}"));
        let names: Vec<&str> =
            document.descendants().filter(|node| node.is_element()).map(|node| node.tag_name().name()).collect();
        assert!(!names.contains(&"script"), "{title}");
        let first = document.root_element().first_element_child().unwrap();
        assert_eq!(first.text().unwrap(), super::super::text::clean(title));
        assert_eq!(values(&document, "data-state"), ["here", "there"]);
        assert!(!text.contains('\u{202e}') && !text.contains('\u{7}'));
    }
}

#[test]
fn strings_of_dot_end_where_they_should() {
    for title in TITLES {
        let text = draw(&chart(title), None, Format::Dot, Dress::Whole).unwrap();
        let mut depth = 0;
        let (mut within, mut escaped) = (false, false);
        for c in text.chars() {
            match (within, escaped, c) {
                (true, true, _) => escaped = false,
                (true, false, '\\') => escaped = true,
                (_, false, '"') => within = !within,
                (true, _, '\n') => panic!("a string over lines: {text}"),
                (false, _, '{') => depth += 1,
                (false, _, '}') => depth -= 1,
                _ => {}
            }
        }
        assert!(!within && depth == 0, "{title}: {text}");
    }
}

#[test]
fn nothing_of_a_title_is_mermaid() {
    for title in TITLES {
        let text = draw(&chart(title), None, Format::Mermaid, Dress::Whole).unwrap();
        let body = text.split_once("stateDiagram-v2").unwrap().1;
        let arrows = body.lines().filter(|line| line.contains("-->")).count();
        assert_eq!(arrows, 3, "{text}");
        assert!(!body.contains("%%") && !body.contains('`') && !body.contains("<script"), "{text}");
        let states: Vec<&str> = body.lines().filter(|line| line.trim_start().starts_with("state ")).collect();
        assert_eq!(states.len(), 2);
        assert!(states.iter().all(|line| line.matches('"').count() == 2), "{text}");
    }
}
