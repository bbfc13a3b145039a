//! Files that are right, changed a little at random: for tests that nothing that is read stops the reader.

use proptest::prelude::*;
use proptest::sample::Index;

/// Which lines are changed, and how.
pub(crate) type LineChanges = Vec<(u8, Index, Index)>;

/// Changes for [`with_lines`].
pub(crate) fn line_changes() -> impl Strategy<Value = LineChanges> {
    prop::collection::vec((0..5_u8, any::<Index>(), any::<Index>()), 1..6)
}

/// The text with lines lost, doubled, moved and cut, and with words from other lines.
pub(crate) fn with_lines(text: &str, changes: LineChanges) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (change, at, other) in changes {
        let (at, other) = (at.index(lines.len()), other.index(lines.len()));
        match change {
            0 if lines.len() > 1 => drop(lines.remove(at)),
            1 => lines.insert(other, lines[at].clone()),
            2 => lines.swap(at, other),
            3 => {
                let cut = lines[at].char_indices().map(|(i, _)| i).nth(other % lines[at].len().max(1)).unwrap_or(0);
                lines[at].truncate(cut);
            }
            _ => {
                let words: Vec<String> = lines[other].split(' ').map(str::to_owned).collect();
                lines[at] = lines[at].replacen(' ', words.get(at % 7).map_or("", |word| word), 1);
            }
        }
    }
    lines.join("\n")
}

/// Changes for [`with_characters`]: fewer than `most` of them.
pub(crate) fn character_changes(most: usize) -> impl Strategy<Value = Vec<(Index, char)>> {
    let any_of = prop::sample::select(vec![
        '{', '}', '[', ':', ' ', '\n', '"', '\'', '&', '*', '!', '?', 'é', '\t', '0', '9', '.', '-', '@', '|',
        '\u{feff}', '\0',
    ]);
    prop::collection::vec((any::<Index>(), any_of), 1..most)
}

/// The text with some of its characters replaced.
pub(crate) fn with_characters(text: &str, changes: Vec<(Index, char)>) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (at, c) in changes {
        let at = at.index(chars.len());
        chars[at] = c;
    }
    chars.into_iter().collect()
}
