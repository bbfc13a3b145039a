//! A reader whose first bytes can be looked at before they are read.

use std::io::{self, Read};

pub(super) struct Head<R> {
    bytes: Vec<u8>,
    /// How many of them have been read.
    read: usize,
    rest: R,
}

impl<R: Read> Head<R> {
    /// Reads up to `most` bytes ahead.
    pub(super) fn new(mut rest: R, most: usize) -> io::Result<Head<R>> {
        let mut bytes = Vec::new();
        rest.by_ref().take(most as u64).read_to_end(&mut bytes)?;
        Ok(Head { bytes, read: 0, rest })
    }

    /// The first bytes that have not been read: all there are, or as many as were asked for.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.bytes[self.read..]
    }

    /// Reads over a byte order mark of UTF-8.
    pub(super) fn skip_mark(&mut self) {
        if self.ahead().starts_with(b"\xef\xbb\xbf") {
            self.read += 3;
        }
    }
}

impl<R: Read> Read for Head<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.read == self.bytes.len() {
            return self.rest.read(out);
        }
        let read = (&self.bytes[self.read..]).read(out)?;
        self.read += read;
        if self.read == self.bytes.len() {
            (self.bytes, self.read) = (Vec::new(), 0);
        }
        Ok(read)
    }
}
