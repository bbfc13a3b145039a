//! Interned texts: each text of a log is kept once and named by a number.
//!
//! What must hold: equal texts have equal numbers, and numbers are given in the order in which texts are first seen, without
//! gaps. The table is seeded: nobody can write a log whose texts all collide.

use std::hash::BuildHasher;
use std::num::NonZeroU32;

use hashbrown::{DefaultHashBuilder, HashTable};

/// An interned text of a log, four bytes (as is an `Option` of it). [`Texts::get`] has its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(NonZeroU32);

impl Text {
    /// Its place among the texts of its log, from 0 and without gaps.
    #[must_use]
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    fn at(index: usize) -> Option<Text> {
        u32::try_from(index + 1).ok().and_then(NonZeroU32::new).map(Text)
    }
}

/// The texts of a log.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    letters: String,
    /// Where each text ends in `letters`.
    ends: Vec<usize>,
    table: HashTable<Text>,
    hasher: DefaultHashBuilder,
}

impl Texts {
    /// The letters of a text; none (`""`) if it belongs to another log and this one has fewer.
    #[must_use]
    pub fn get(&self, text: Text) -> &str {
        slice(&self.letters, &self.ends, text)
    }

    /// The text with these letters, if the log has it.
    #[must_use]
    pub fn find(&self, letters: &str) -> Option<Text> {
        let hash = self.hasher.hash_one(letters);
        self.table.find(hash, |text| self.get(*text) == letters).copied()
    }

    /// The letters of the text with this index; none (`""`) if there are not so many.
    #[must_use]
    pub fn nth(&self, index: usize) -> &str {
        Text::at(index).map_or("", |text| self.get(text))
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text with these letters, which is added if it is new; none if there are as many as can be numbered.
    pub(crate) fn intern(&mut self, letters: &str) -> Option<Text> {
        let hash = self.hasher.hash_one(letters);
        if let Some(text) = self.table.find(hash, |text| slice(&self.letters, &self.ends, *text) == letters) {
            return Some(*text);
        }
        let text = Text::at(self.ends.len())?;
        self.letters.push_str(letters);
        self.ends.push(self.letters.len());
        let (all, ends, hasher) = (&self.letters, &self.ends, &self.hasher);
        self.table.insert_unique(hash, text, |text| hasher.hash_one(slice(all, ends, *text)));
        Some(text)
    }

    pub(crate) fn shrink(&mut self) {
        self.letters.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

fn slice<'a>(letters: &'a str, ends: &[usize], text: Text) -> &'a str {
    let index = text.index();
    let begin = index.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    ends.get(index).and_then(|&end| letters.get(begin..end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one() {
        let mut texts = Texts::default();
        assert!(texts.is_empty());
        let made: Vec<Text> = ["a", "", "bé", "a", ""].iter().filter_map(|letters| texts.intern(letters)).collect();
        assert_eq!(made.iter().map(|text| text.index()).collect::<Vec<_>>(), [0, 1, 2, 0, 1]);
        assert_eq!(made.iter().map(|text| texts.get(*text)).collect::<Vec<_>>(), ["a", "", "bé", "a", ""]);
        assert_eq!((texts.len(), texts.find("bé"), texts.find("b")), (3, Some(made[2]), None));
    }

    #[test]
    fn a_text_of_another_log_is_empty() {
        let mut texts = Texts::default();
        let far = (0..10).filter_map(|n| texts.intern(&n.to_string())).last().unwrap();
        assert_eq!(texts.get(far), "9");
        assert_eq!(Texts::default().get(far), "");
    }

    #[test]
    fn many_texts_are_found_again() {
        let mut texts = Texts::default();
        let made: Vec<Text> = (0..5_000).filter_map(|n: u32| texts.intern(&n.to_string())).collect();
        for (n, text) in made.iter().enumerate() {
            assert_eq!(texts.find(&n.to_string()), Some(*text));
        }
    }
}
