//! Whatever comes in: findings or a chart, soon, and never a panic.

use proptest::prelude::*;

use super::*;

const SEEDS: [&str; 2] = [
    include_str!("../../../../definitions/purchase_order.yaml"),
    include_str!("../../../../definitions/requisition.yaml"),
];

/// Compiles and renders; a definition comes exactly when nothing is refused.
fn survives(source: &str) {
    let checked = compile("x.yaml", source, &vocabulary());
    assert_eq!(checked.definition.is_none(), checked.is_refused(), "{source}");
    let shown = checked.render("x.yaml", source);
    assert_eq!(shown.is_empty(), checked.diagnostics.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_text_of_the_language(words in prop::collection::vec(prop::sample::select(vec![
        "workflow", "states", "on", "to", ": ", "\n", "  ", "{ ", " }", "[", "]", ", ", "- ", "draft", "approval", "steps",
        "who", "start", "subject", "purchase_order", "if", "\"", "'", "&a ", "*a", "<<", "!", "|\n", ">", "~", "1", "é", "# ",
        "final", "true", "events", "always", "after", "in", "2 days", "po.amount", "? ", "---\n", "\t", "late", "table", "rows",
    ]), 0..80)) {
        survives(&words.concat());
    }

    #[test]
    fn shipped_files_with_lines_lost_doubled_moved_and_cut(
        seed in 0..SEEDS.len(),
        changes in prop::collection::vec((0..5_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6),
    ) {
        let mut lines: Vec<String> = SEEDS[seed].lines().map(str::to_owned).collect();
        for (change, at, other) in changes {
            let (at, other) = (at.index(lines.len()), other.index(lines.len()));
            match change {
                0 if lines.len() > 1 => { lines.remove(at); }
                1 => { let line = lines[at].clone(); lines.insert(other, line); }
                2 => lines.swap(at, other),
                3 => {
                    let cut = lines[at].char_indices().map(|(i, _)| i).nth(other % lines[at].len().max(1)).unwrap_or(0);
                    lines[at].truncate(cut);
                }
                _ => {
                    let (words, from): (Vec<String>, usize) = (lines[other].split(' ').map(str::to_owned).collect(), at % 7);
                    lines[at] = lines[at].replacen(' ', words.get(from).map_or("", |w| w), 1);
                }
            }
        }
        survives(&lines.join("\n"));
    }

    #[test]
    fn shipped_files_with_characters_changed(
        seed in 0..SEEDS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec!['{', '}', '[', ':', ' ', '\n', '"', '\'', '&', '*', '!', '?', 'é', '\t', '0', '.', '@', '|', '\u{feff}', '\0'])), 1..8),
    ) {
        let mut chars: Vec<char> = SEEDS[seed].chars().collect();
        for (at, c) in changes {
            let at = at.index(chars.len());
            chars[at] = c;
        }
        survives(&chars.into_iter().collect::<String>());
    }
}

#[test]
fn depth_repetition_and_size_are_bounded() {
    survives(&"[".repeat(100_000));
    survives(&"a: {".repeat(50_000));
    survives(&format!("a: {}{}", "[".repeat(60), "]".repeat(60)));
    let nested = (0..70).fold(String::new(), |text, n| format!("{text}{}s{n}:\n", " ".repeat(2 * n)));
    survives(&nested);
    let bomb = (0..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        format!("{text}a{}: &a{} [*a{n}, *a{n}, *a{n}, *a{n}]\n", n + 1, n + 1)
    });
    survives(&bomb);
    let large = format!("workflow: x # {}\n", "y".repeat(1 << 20));
    assert_eq!(compile("x.yaml", &large, &vocabulary()).diagnostics[0].code, "FLX0011");
}

#[test]
fn two_thousand_states_take_no_time() {
    let states = (0..2_000).fold(String::new(), |text, n| {
        format!("{text}  s{n}: {{ on: {{ go: {{ to: s{} }}, back: {{ to: s0 }} }} }}\n", n + 1)
    });
    let source = format!(
        "workflow: long\nversion: 1\nsubject: purchase_order\nstart: s0\nstates:\n{states}  s2000: {{ final: true }}\n"
    );
    let began = std::time::Instant::now();
    let checked = compile("long.yaml", &source, &vocabulary());
    assert!(checked.definition.is_some(), "{}", checked.render("long.yaml", &source));
    assert!(began.elapsed().as_secs() < 20, "it took {:?}", began.elapsed());
}
