//! What makes one name look like another to whoever reads it: the confusables and scripts of the Unicode Consortium (UTS 39), and what
//! people who procure need besides.

use std::collections::BTreeSet;

use unicode_normalization::{UnicodeNormalization as _, is_nfkc};
use unicode_script::{Script, UnicodeScript as _};
use unicode_security::mixed_script::AugmentedScriptSet;
use unicode_security::skeleton;

/// What nobody sees of a character; `None`: it is seen, or is a blank.
#[must_use]
pub fn unseen(c: char) -> Option<&'static str> {
    match c {
        c if c.is_control() => Some("a control character"),
        c if c.is_ascii() => None,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some("a mark of the direction of writing")
        }
        // Separators, the blank of Braille and marks of annotations: Unicode has them seen.
        '\u{2028}' | '\u{2029}' | '\u{2800}' | '\u{fff0}'..='\u{fffb}' => Some("a character without width"),
        // Fillers, joiners, selectors of variants, tags (Default_Ignorable_Code_Point): of them no skeleton has anything.
        c if skeleton(c.encode_utf8(&mut [0; 4])).next().is_none() => Some("a character without width"),
        _ => None,
    }
}

/// The same within a text that people wrote: some scripts join letters by characters without width, and emoji choose how they look.
#[must_use]
pub fn unseen_in_text(c: char) -> Option<&'static str> {
    unseen(c).filter(|_| !matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{2028}' | '\u{2029}'))
}

/// The first letter of a name that is of another alphabet than those before it: in one word every other, but that Chinese, Japanese and
/// Korean are written beside Latin; in all of it Latin, Greek and Cyrillic, which have most of the letters that look alike.
#[must_use]
pub fn of_another_script(name: &str) -> Option<char> {
    let (mut word, mut first) = (AugmentedScriptSet::default(), None);
    name.chars().find(|&c| {
        let script = c.script();
        if !c.is_alphanumeric() && script != Script::Inherited {
            word = AugmentedScriptSet::default();
            return false;
        }
        let mut own = AugmentedScriptSet::from(c);
        if script == Script::Latin {
            (own.hanb, own.jpan, own.kore) = (true, true, true);
        }
        word.intersect_with(own);
        let alike = Some(script).filter(|_| matches!(script, Script::Latin | Script::Greek | Script::Cyrillic));
        first = first.or(alike);
        word.is_empty() || (alike.is_some() && alike != first)
    })
}

/// What is wrong with a new name: in it nothing is unseen, stands for something else, or is of two alphabets that look alike.
#[must_use]
pub fn mistaken(name: &str) -> Option<String> {
    if let Some(what) = name.chars().find_map(unseen) {
        return Some(format!("has in it what nobody sees, {what}: leave it out"));
    }
    if let Some(plain) = compatible(name) {
        return Some(format!("has characters in it that stand for others (Unicode's NFKC): write `{plain}`"));
    }
    of_another_script(name).map(|c| format!("mixes letters of two alphabets that look alike (`{c}`): write it in one"))
}

/// The text that these characters stand for, such as `bob` for letters of full width; `None`: they stand for themselves.
fn compatible(text: &str) -> Option<String> {
    // Thai and Lao write their `am` by a character that stands for two, and by no other.
    let is_own = |c: char| matches!(c, '\u{e33}' | '\u{eb3}');
    (!text.split(is_own).all(is_nfkc)).then(|| text.nfkc().collect())
}

/// What a name looks like, as it is, in small letters and in capitals: names that share one of these are taken for one.
#[must_use]
pub fn looks(name: &str) -> BTreeSet<String> {
    let all = [name.to_owned(), name.to_lowercase(), name.to_uppercase()];
    all.iter().map(|form| skeleton(form).collect()).collect()
}

/// A name with letters from a to z in place of those of others that look like them; all else in it stays.
#[must_use]
pub fn in_latin(name: &str) -> String {
    let latin = |c: char| {
        if c.is_ascii() {
            return c.to_string();
        }
        let forms = [c.to_string(), c.to_uppercase().to_string()];
        let alike = forms.iter().map(|form| skeleton(form).collect::<String>()).find(|form| form.is_ascii());
        alike.map_or_else(|| c.to_string(), |alike| alike.to_lowercase())
    };
    name.chars().map(latin).collect()
}

/// What is wrong with an address: that mail could not be written there, as far as the text shows it, or that it looks like another one.
#[must_use]
pub fn wrong_address(text: &str) -> Option<String> {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '<' | '>'))
    };
    let Some((_, place)) = text.trim().split_once('@').filter(|(name, place)| plain(name) && plain(place)) else {
        return Some("is no address: write one such as ann@example.com, or leave it out".to_owned());
    };
    if let Some(what) = text.chars().find_map(unseen) {
        return Some(format!("has in it what nobody sees, {what}: leave it out"));
    }
    place.split('.').find_map(|label| mistaken(label).map(|why| format!("has a domain of which `{label}` {why}")))
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
            "gus\u{ad}",
            "gus\u{2029}",
            "gus\u{fffa}",
            "a\u{202e}b",
            "a\nb",
        ] {
            assert!(mistaken(name).is_some_and(|why| why.contains("nobody sees")), "{name:?}");
        }
        for name in ["b\u{43e}b", "\u{430}cme", "\u{3bf}ss", "b\u{585}b", "Bob и Ко", "b\u{ab9f}b", "bo\u{5e1}"] {
            assert!(mistaken(name).is_some_and(|why| why.contains("two alphabets")), "{name:?}");
        }
        for name in ["ｂｏｂ", "𝐛𝐨𝐛", "ａcme", "bob\u{a0}s", "ﬁn", "bu\u{308}hler"] {
            assert!(mistaken(name).is_some_and(|why| why.contains("stand for others")), "{name:?}");
        }
        assert!(mistaken("ｂｏｂ").is_some_and(|why| why.ends_with("write `bob`")));
        assert_eq!(unseen_in_text('\u{200d}'), None);
    }

    #[test]
    fn names_of_every_alphabet_stay_possible() {
        for name in [
            "bob",
            "Jörg-Peter",
            "müller & sons",
            "Михаил",
            "Ελένη",
            "山田",
            "a1 ß",
            "Łukasz",
            "Жанна",
            "李",
            "bühler",
            "O'Brien",
            "Nguyễn Thị Ánh",
            "Արմեն",
            "דוד",
            "محمد",
            "น้ำ",
            "김민수",
            "東京オフィス",
            "ラーメン",
            "株式会社ABC",
            "отдел 7",
            "IT מחלקה",
            "प्रिया",
            "it.2",
        ] {
            assert_eq!(mistaken(name), None, "{name}");
        }
    }

    #[test]
    fn names_look_alike_by_their_skeletons() {
        let alike = |a: &str, b: &str| !looks(a).is_disjoint(&looks(b));
        for (a, b) in [
            ("bob", "Bob"),
            ("bab", "b\u{251}b"),
            ("gus", "\u{261}us"),
            ("bob", "\u{42c}\u{43e}\u{42c}"),
            ("acme", "асме"),
            ("acme", "АСМЕ"),
            ("acme", "\u{251}cme"),
            ("b0b", "bob"),
            ("a1", "al"),
            ("acme", "acrne"),
            ("Ida", "lda"),
        ] {
            assert!(alike(a, b), "{a} {b}: {:?} {:?}", looks(a), looks(b));
        }
        for (a, b) in [("ian", "lan"), ("ann", "anna"), ("u1", "u2"), ("Łukasz", "Lukasz"), ("bühler", "buhler")] {
            assert!(!alike(a, b), "{a} {b}");
        }
        assert_eq!(
            ["асме", "АСМЕ-1", "\u{251}cme", "bühler", "жук", "M1"].map(in_latin),
            ["acme", "acme-1", "acme", "bühler", "жyk", "M1"]
        );
    }

    #[test]
    fn an_address_is_one_as_far_as_it_shows() {
        for text in [" ann@example.com ", "a.b+c@localhost", "ann@bücher.example", "аня@почта.рф", "x@李.example"]
        {
            assert_eq!(wrong_address(text), None, "{text}");
        }
        for text in ["", "ann", "@x", "ann@", "a@b@c", "ann ahrens@x", "Ann <a@b>", "a@b\r\nc"] {
            assert!(wrong_address(text).is_some_and(|why| why.starts_with("is no address")), "{text}");
        }
        for (text, why) in [
            ("bob@ex\u{430}mple.com", "of which `ex\u{430}mple` mixes letters of two alphabets"),
            ("bob@example.com\u{200d}", "nobody sees"),
            ("b\u{200b}ob@example.com", "nobody sees"),
            ("bob@ｅxample.com", "write `example`"),
        ] {
            assert!(wrong_address(text).is_some_and(|told| told.contains(why)), "{text}: {:?}", wrong_address(text));
        }
    }
}
