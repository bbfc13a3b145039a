//! How much of an entry stands on a page: a trail keeps documents whole, however long they are.

use fluxor_engine::audit::Entry;
use serde_json::Value;

/// Bytes of an entry as programs have it.
const ENTRY: usize = 8 * 1024;

/// Bytes of a reason.
pub(super) const REASON: usize = 4 * 1024;

/// Bytes of a note, and how many there are of one entry.
const NOTE: usize = 1_000;
const NOTES: usize = 24;

/// Bytes of a value that became another, and how much of what is the same stands before that.
const VALUE: usize = 300;
const SAME: usize = 40;

/// The last place not behind `at` where a letter begins.
fn letter(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A text, or its beginning where it is longer.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most { text.to_owned() } else { format!("{}…", &text[..letter(text, most)]) }
}

/// Two values; of long ones the part in which they differ.
pub(super) fn beside(before: &str, after: &str) -> (String, String) {
    if before.len() <= VALUE && after.len() <= VALUE {
        return (before.to_owned(), after.to_owned());
    }
    let same = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    let from = letter(before, same.saturating_sub(SAME));
    // Up to there both are the same.
    let part = |text: &str| match from {
        0 => cut(text, VALUE),
        from => format!("…{}", cut(&text[from..], VALUE)),
    };
    (part(before), part(after))
}

/// The notes of an entry, each at most so long, and how many more there are.
pub(super) fn notes(all: Vec<String>) -> Vec<String> {
    let more = all.len().saturating_sub(NOTES);
    let mut notes: Vec<String> = all.iter().take(NOTES).map(|note| cut(note, NOTE)).collect();
    notes.extend((more > 0).then(|| format!("and {more} more")));
    notes
}

/// An entry as programs have it, or its beginning and where the whole is.
pub(super) fn entry(entry: &Entry, body: &Value) -> (String, Option<String>) {
    let header = serde_json::from_str::<Value>(&entry.header);
    let header = header.map_or_else(|_| entry.header.clone(), |header| format!("{header:#}"));
    let body = match body {
        Value::Null => entry.body.clone(),
        // What is cut is not laid out first.
        _ if entry.body.len() > ENTRY => cut(&entry.body, ENTRY),
        body => format!("{body:#}"),
    };
    let written = format!("{header}\n{body}");
    let is_whole = written.len() <= ENTRY;
    let whole = || format!("/v1/instances/{}/history?after={}&limit=1", entry.stream, entry.seq - 1);
    (cut(&written, ENTRY), (!is_whole).then(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_long_values_the_part_is_shown_in_which_they_differ() {
        assert_eq!(beside("a", "b"), ("a".to_owned(), "b".to_owned()));
        let long = "ä".repeat(40_000);
        let (before, after) = beside(&format!("{long}old"), &format!("{long}new"));
        assert_eq!((before, after), (format!("…{}old", "ä".repeat(20)), format!("…{}new", "ä".repeat(20))));
        let (before, after) = beside("–", &long);
        assert_eq!((&*before, after.len(), after.ends_with('…')), ("–", VALUE + '…'.len_utf8(), true));
        let (before, after) = beside(&long, &format!("x{long}"));
        assert!(before.len() < 310 && after.starts_with('x') && after.len() < 310);
        // A letter is not cut where only its first byte is the same.
        let (before, after) = beside(&format!("{long}ä"), &format!("{long}ö"));
        assert!(before.ends_with('ä') && after.ends_with('ö'));
    }

    #[test]
    fn an_entry_has_so_many_notes() {
        let many = notes((0..40).map(|note| format!("{note}{}", "x".repeat(2_000))).collect());
        assert_eq!((many.len(), many.last().map(String::as_str)), (NOTES + 1, Some("and 16 more")));
        assert!(many.iter().all(|note| note.len() <= NOTE + '…'.len_utf8()));
        assert_eq!(notes(vec!["one".to_owned()]), ["one"]);
    }
}
