//! Choices from a seed, and the story of a run that failed.

use std::fmt::Write as _;

/// A seeded generator (SplitMix64): the same seed, the same history.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `n - 1`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.roll() % (n.max(1) as u64)).unwrap()
    }

    /// True that often in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// One of a hundred cases that seldom matter, else nothing.
    pub fn seldom<T>(&mut self, percent: usize, value: T) -> Option<T> {
        self.chance(percent).then_some(value)
    }

    /// Another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// The seeds of a test: `few` of them, `many` with `FLUXOR_TEST_ALL`, or the one that `FLUXOR_TEST_SEED` names.
#[must_use]
pub fn seeds(few: u64, many: u64) -> Vec<u64> {
    if let Some(seed) = std::env::var("FLUXOR_TEST_SEED").ok().and_then(|seed| seed.parse().ok()) {
        return vec![seed];
    }
    let count = if std::env::var_os("FLUXOR_TEST_ALL").is_some() { many } else { few };
    (1..=count).collect()
}

/// What was done so far; printed when the test fails.
#[derive(Debug)]
pub struct Story {
    name: String,
    seed: u64,
    text: String,
}

impl Story {
    /// Of one run.
    #[must_use]
    pub fn new(name: &str, seed: u64) -> Self {
        Self { name: name.to_owned(), seed, text: String::new() }
    }

    /// Adds a line.
    pub fn tell(&mut self, line: impl std::fmt::Display) {
        let _ = writeln!(self.text, "{line}");
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let lines: Vec<&str> = self.text.lines().collect();
            let last = lines[lines.len().saturating_sub(60)..].join("\n");
            eprintln!("{}, run it again with FLUXOR_TEST_SEED={}; it ended with:\n{last}", self.name, self.seed);
        }
    }
}
