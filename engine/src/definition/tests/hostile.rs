//! Whatever comes in: findings or a chart, soon, and never a panic.

use proptest::prelude::*;

use super::*;
use crate::mutants::{character_changes, line_changes, with_characters, with_lines};

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Every definition that is shipped, and every wrong one of the corpus.
static SEEDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions");
    let files = std::fs::read_dir(shipped).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = files.filter(|path| path.extension().is_some_and(|ext| ext == "yaml")).collect();
    all.sort();
    assert!(all.len() >= 5, "{all:?}");
    let shipped = all.into_iter().map(|path| std::fs::read_to_string(path).unwrap());
    shipped.chain(golden::files().into_iter().map(|(_, source, _)| source)).collect()
});

/// Compiles and renders: soon, with few findings, each in the text; a definition comes exactly when nothing is refused.
fn survives(source: &str) {
    let began = Instant::now();
    let checked = compile("x.yaml", source, &vocabulary());
    assert_eq!(checked.definition.is_none(), checked.is_refused(), "{source}");
    let shown = checked.render("x.yaml", source);
    assert_eq!(shown.is_empty(), checked.diagnostics.is_empty() && checked.silenced.is_empty());
    assert!(checked.diagnostics.len() <= MOST_FINDINGS + 1, "{}", checked.diagnostics.len());
    // No more than a finding for every other byte, even of a short text.
    assert!(checked.diagnostics.len() <= 4 + source.len() / 2, "{} of {source}", checked.diagnostics.len());
    for finding in checked.diagnostics.iter().chain(&checked.silenced) {
        let fix = finding.fix.iter().map(|fix| fix.span);
        for span in finding.related.iter().map(|(span, _)| *span).chain([finding.span]).chain(fix) {
            assert!(span.start <= span.end && span.end <= source.len().max(1), "{span:?} of {finding:?}\n{source}");
        }
        if let Some(fix) = &finding.fix {
            assert!(source.get(fix.span.start..fix.span.end).is_some(), "{fix:?} splits a character\n{source}");
        }
    }
    assert!(began.elapsed() < Duration::from_secs(20), "it took {:?}", began.elapsed());
}

/// The words of a text with the blanks and marks between them: joined they are the text again.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut word = false;
    for c in text.chars() {
        let letter = c.is_alphanumeric() || c == '_';
        match tokens.last_mut() {
            Some(last) if letter && word => last.push(c),
            _ => tokens.push(c.to_string()),
        }
        word = letter;
    }
    tokens
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
        seed in any::<prop::sample::Index>(),
        changes in line_changes(),
    ) {
        survives(&with_lines(seed.get::<String>(&SEEDS), changes));
    }

    #[test]
    fn files_with_words_swapped_doubled_lost_and_made_huge(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec((0..7_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..8),
    ) {
        let mut tokens = tokens(seed.get::<String>(&SEEDS));
        for (change, at, other) in changes {
            let (at, other) = (at.index(tokens.len()), other.index(tokens.len()));
            match change {
                0 => tokens.swap(at, other),
                1 if tokens.len() > 1 => { tokens.remove(at); }
                2 => { let token = tokens[at].clone(); tokens.insert(other, token); }
                3 => tokens[at] = "9".repeat(1 + other % 500),
                4 => tokens[at] = format!("-{}e{other}", tokens[at]),
                5 => { let token = tokens[other].clone(); tokens[at] = format!("{{ {token}: [{token}, \"{token}\"] }}"); }
                _ => tokens[at] = tokens[at].repeat(1 + other % 200),
            }
        }
        survives(&tokens.concat());
    }

    #[test]
    fn files_with_their_indentation_changed(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..12_usize), 1..6),
    ) {
        let mut lines: Vec<String> = seed.get::<String>(&SEEDS).lines().map(str::to_owned).collect();
        for (from, to, blanks) in changes {
            let (from, to) = (from.index(lines.len()), to.index(lines.len()));
            for line in &mut lines[from.min(to)..=from.max(to)] {
                *line = if blanks == 11 { format!("\t{line}") } else { format!("{}{}", " ".repeat(blanks), line.trim_start()) };
            }
        }
        survives(&lines.join("\n"));
    }

    #[test]
    fn shipped_files_with_characters_changed(
        seed in any::<prop::sample::Index>(),
        changes in character_changes(8),
    ) {
        survives(&with_characters(seed.get::<String>(&SEEDS), changes));
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
