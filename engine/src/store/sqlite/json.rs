//! The rows of a batch as one JSON text, an array of arrays, for `json_each`: one parameter a statement, however many
//! rows. Bytes go as hexadecimal text and come back by `unhex`.

use crate::audit::canonical;

/// Rows being written.
pub(super) struct Rows {
    out: String,
    pub(super) count: i64,
}

impl Rows {
    pub(super) fn new() -> Self {
        Self { out: String::from("["), count: 0 }
    }

    /// Writes all of `items`, a row each.
    pub(super) fn of<T>(items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) -> Self {
        let mut rows = Self::new();
        for item in items {
            rows.out.push_str(if rows.count == 0 { "[" } else { ",[" });
            rows.count += 1;
            write(&mut rows, item);
            rows.out.push(']');
        }
        rows
    }

    fn comma(&mut self) {
        if !self.out.ends_with('[') {
            self.out.push(',');
        }
    }

    pub(super) fn int(&mut self, value: i64) -> &mut Self {
        self.comma();
        self.out.push_str(&value.to_string());
        self
    }

    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        self.comma();
        canonical::string(&mut self.out, value);
        self
    }

    pub(super) fn opt_text(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    pub(super) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.comma();
        self.out.push('"');
        for byte in value {
            self.out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            self.out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        self.out.push('"');
        self
    }

    fn null(&mut self) -> &mut Self {
        self.comma();
        self.out.push_str("null");
        self
    }

    pub(super) fn finish(mut self) -> String {
        self.out.push(']');
        self.out
    }
}
