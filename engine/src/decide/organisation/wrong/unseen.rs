//! Characters that make one name look like another.

/// What nobody sees of a character; `None`: it is seen, or is a blank.
pub(super) fn unseen(c: char) -> Option<&'static str> {
    match c {
        c if c.is_control() => Some("a control character"),
        '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => {
            Some("a character without width")
        }
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some("a mark of the direction of writing")
        }
        _ => None,
    }
}

/// The same within a text that people wrote: some scripts join letters by characters without width.
pub(super) fn unseen_in_text(c: char) -> Option<&'static str> {
    unseen(c).filter(|_| !matches!(c, '\u{200c}' | '\u{200d}'))
}
