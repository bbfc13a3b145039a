//! Which policies in shadow would have refused a call: names as they are given, or numbers of texts as they are kept.

use std::collections::HashMap;

use super::dictionary::Texts;

/// Names of policies in shadow that would have refused a call; of most calls none. Made of names: `(&["watched"][..]).into()`.
#[derive(Clone, Copy, Default)]
pub struct Would<'a>(Names<'a>);

#[derive(Clone, Copy, Default)]
enum Names<'a> {
    #[default]
    None,
    Given(&'a [&'a str]),
    Kept(&'a Texts, &'a [u32]),
}

impl<'a> From<&'a [&'a str]> for Would<'a> {
    fn from(names: &'a [&'a str]) -> Self {
        Would(Names::Given(names))
    }
}

impl<'a> Would<'a> {
    pub(super) fn kept(texts: &'a Texts, numbers: &'a [u32]) -> Would<'a> {
        Would(Names::Kept(texts, numbers))
    }

    /// The names.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        let (given, kept): (&'a [&'a str], Option<(&'a Texts, &'a [u32])>) = match self.0 {
            Names::None => (&[], None),
            Names::Given(names) => (names, None),
            Names::Kept(texts, numbers) => (&[], Some((texts, numbers))),
        };
        let kept = kept.into_iter().flat_map(|(texts, numbers)| numbers.iter().filter_map(|&id| texts.get(id)));
        given.iter().copied().chain(kept)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }
}

impl std::fmt::Debug for Would<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

/// Lists of texts, each kept once and known by a number from 1 on; 0 is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    lists: Vec<Box<[u32]>>,
    numbers: HashMap<Box<[u32]>, u32>,
}

impl Lists {
    pub(super) fn number(&mut self, list: Vec<u32>) -> u32 {
        if list.is_empty() {
            return 0;
        }
        if let Some(&number) = self.numbers.get(&*list) {
            return number;
        }
        let list = list.into_boxed_slice();
        self.lists.push(list.clone());
        // Each list came from bytes of its own, and four thousand million are not read at once.
        let number = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        self.numbers.insert(list, number);
        number
    }

    pub(super) fn get(&self, number: u32) -> &[u32] {
        (number as usize).checked_sub(1).and_then(|place| self.lists.get(place)).map_or(&[], |list| list)
    }

    /// Bytes of memory.
    pub(super) fn memory(&self) -> usize {
        let each = |list: &[u32]| 2 * (size_of::<Box<[u32]>>() + size_of_val(list)) + size_of::<u32>();
        self.lists.iter().map(|list| each(list)).sum()
    }
}
