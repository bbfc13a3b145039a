//! Chance that comes out the same on every machine and with every version of every library: SplitMix64 (Steele, Lea,
//! Flood 2014), written out, and whole numbers only. A library's seeded generator may change its values between
//! versions, and a float's logarithm differs between platforms.

/// A stream of numbers; each part of the company draws from a stream of its own, so that a change in one part leaves
/// the others as they were.
pub(crate) struct Dice(u64);

impl Dice {
    /// The stream of a name.
    pub(crate) fn of(name: &str) -> Self {
        // FNV-1a, so that names that differ in one letter begin far apart.
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both inclusive. (The bias of the remainder is below 2^-40 for the ranges here.)
    pub(crate) fn from(&mut self, low: i64, high: i64) -> i64 {
        let span = high.abs_diff(low) + 1;
        low + i64::try_from(self.next() % span).unwrap_or(0)
    }

    /// True in `percent` of all cases.
    pub(crate) fn chance(&mut self, percent: i64) -> bool {
        self.from(1, 100) <= percent
    }

    /// A number round about 100, seldom under 40 or over 160: the sum of four dice.
    pub(crate) fn spread(&mut self) -> i64 {
        (0..4).map(|_| self.from(5, 45)).sum()
    }
}
