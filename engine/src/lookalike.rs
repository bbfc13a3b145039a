//! What makes one name look like another to whoever reads it.

/// What nobody sees of a character; `None`: it is seen, or is a blank.
#[must_use]
pub fn unseen(c: char) -> Option<&'static str> {
    match c {
        c if c.is_control() => Some("a control character"),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some("a mark of the direction of writing")
        }
        // Fillers of Hangul and Braille, joiners, selectors of variants, tags: Default_Ignorable_Code_Point of Unicode, and U+2800.
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => Some("a character without width"),
        _ => None,
    }
}

/// The same within a text that people wrote: some scripts join letters by characters without width, and emoji choose how they look.
#[must_use]
pub fn unseen_in_text(c: char) -> Option<&'static str> {
    unseen(c).filter(|_| !matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{2028}' | '\u{2029}'))
}

/// The first letter of a name that is of another script than those before it, where the two have letters that look alike: Latin,
/// Greek and Cyrillic.
#[must_use]
pub fn of_another_script(name: &str) -> Option<char> {
    let script = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Some('l'),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some('g'),
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}' => {
            Some('c')
        }
        _ => None,
    };
    let mut first = None;
    name.chars().find(|&c| match (script(c).filter(|_| c.is_alphabetic()), first) {
        (Some(own), Some(known)) => own != known,
        (own, _) => {
            first = first.or(own);
            false
        }
    })
}

/// What is wrong with a new name: nothing in it is unseen, or of two scripts that look alike.
#[must_use]
pub fn mistaken(name: &str) -> Option<String> {
    if let Some(what) = name.chars().find_map(unseen) {
        return Some(format!("has in it what nobody sees, {what}: leave it out"));
    }
    of_another_script(name).map(|c| format!("mixes letters of two alphabets that look alike (`{c}`): write it in one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_others_are_told() {
        for name in [
            "gus\u{3164}",
            "gus\u{34f}",
            "gus\u{2800}",
            "gus\u{e0041}",
            "gus\u{fe0f}",
            "gus\u{206a}",
            "a\u{202e}b",
            "a\nb",
        ] {
            assert!(mistaken(name).is_some_and(|why| why.contains("nobody sees")), "{name:?}");
        }
        for name in ["b\u{43e}b", "\u{430}cme", "\u{3bf}ss"] {
            assert!(mistaken(name).is_some_and(|why| why.contains("two alphabets")), "{name:?}");
        }
        for name in ["bob", "Jörg-Peter", "müller & sons", "Михаил", "Ελένη", "山田", "a1 ß"] {
            assert_eq!(mistaken(name), None, "{name}");
        }
        assert_eq!(unseen_in_text('\u{200d}'), None);
    }
}
