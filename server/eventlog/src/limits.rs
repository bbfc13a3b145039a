//! How much of a log is read at most.

/// The limits of reading. Tests take smaller ones.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Events that are kept.
    pub(crate) events: u64,
    /// Bytes of a value in UTF-8.
    pub(crate) text: usize,
    /// Bytes that a packed file may unpack to.
    pub(crate) unpacked: u64,
    /// Bytes of a row, or of a tag, comment or text of XML: what is held at once whether it is wanted or not.
    pub(crate) piece: u64,
    /// How deep elements may stand in each other.
    pub(crate) depth: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { events: 50_000_000, text: 64 << 10, unpacked: 64 << 30, piece: 16 << 20, depth: 1_000 }
    }
}
