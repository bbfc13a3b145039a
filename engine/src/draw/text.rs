//! How wide text is, and how it is broken into lines. There are no fonts at hand: widths are those of a wide sans-serif,
//! so that text in a narrower one has room to spare.

/// A line has at most so many characters.
pub(super) const LINE: usize = 24;

/// Text has no more lines than these; what is longer ends in dots, and is whole in the title.
pub(super) const MOST_LINES: usize = 4;

/// The width of `text` in pixels, at a font size in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * size
}

/// The width of a character in parts of the font size.
fn em(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.30,
        ' ' | '.' | ',' | ':' | ';' | '!' | 'I' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '\\' => 0.40,
        'm' | 'M' | '%' | '@' => 0.97,
        'w' | '+' | '=' | '<' | '>' | '&' | '~' | '#' => 0.83,
        'W' => 1.0,
        'a'..='z' | '0'..='9' | '-' | '_' | '"' | '?' | '*' | '$' | '^' | '`' | '{' | '}' => 0.63,
        'A'..='Z' => 0.74,
        // Latin, Greek, Cyrillic with their marks; then scripts as wide as they are high, and pictures.
        '\u{80}'..='\u{2ff}' => 0.74,
        '\u{300}'..='\u{1fff}' => 0.90,
        _ => 1.05,
    }
}

/// What may stand in any text: one line, no character that moves others or that XML forbids.
pub(super) fn clean(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => None,
        '\u{fffe}' | '\u{ffff}' => Some('\u{fffd}'),
        c if c.is_whitespace() => Some(' '),
        c if c.is_control() => Some('\u{fffd}'),
        c => Some(c),
    };
    let text: String = text.chars().filter_map(plain).collect();
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Clean text, cut at `most` characters with dots.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let text = clean(text);
    match text.char_indices().nth(most) {
        // At the end of a word, if there is one near.
        Some((end, _)) => {
            let cut = &text[..end];
            let at = cut.rfind(' ').filter(|at| cut[*at..].chars().count() < most / 3).unwrap_or(end);
            format!("{}…", cut[..at].trim_end())
        }
        None => text,
    }
}

/// Lines of at most `most` characters, broken between words; a longer word is cut. No more than [`MOST_LINES`].
pub(super) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let text = clean(text);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(' ').flat_map(|word| pieces(word, most)) {
        let more = word.chars().count();
        if length > 0 && length + 1 + more > most {
            lines.push(std::mem::take(&mut line));
            length = 0;
            if lines.len() == MOST_LINES {
                break;
            }
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(&word);
        length += more;
    }
    if length > 0 {
        lines.push(line);
        return lines;
    }
    if let Some(last) = lines.last_mut().filter(|_| text.chars().count() > 0 && length == 0) {
        last.push('…');
    }
    lines
}

/// A word in pieces of at most `most` characters.
fn pieces(word: &str, most: usize) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    if chars.len() <= most {
        return vec![word.to_owned()];
    }
    chars.chunks(most).map(|piece| piece.iter().collect()).collect()
}

/// For XML, in text and in attributes.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_long_words_are_cut() {
        let wrapped = |text: &str| wrapped(text, LINE);
        assert_eq!(wrapped("Being checked"), ["Being checked"]);
        assert_eq!(wrapped("Waiting for the director of finance"), ["Waiting for the director", "of finance"]);
        assert_eq!(wrapped(&"x".repeat(30)), ["x".repeat(24), "x".repeat(6)]);
        assert!(wrapped(" \n ").is_empty());
        let long = wrapped(&"word ".repeat(200));
        assert_eq!(long.len(), MOST_LINES);
        assert!(long.last().unwrap().ends_with('…'), "{long:?}");
    }

    #[test]
    fn nothing_that_moves_other_text_stays() {
        assert_eq!(clean("a\u{202e}b\r\n c\u{0}\u{ffff}"), "ab c\u{fffd}\u{fffd}");
        assert_eq!(shortened("if order.amount is beyond what may be", 20), "if order.amount is…");
        assert_eq!(shortened(&"é".repeat(50), 40), format!("{}…", "é".repeat(40)));
    }
}
