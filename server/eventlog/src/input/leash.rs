//! A reader that is let go on piece by piece: whoever reads it holds no more at once than a piece may have.

use std::io::{self, Read};

use super::trouble::Trouble;

pub(crate) struct Leash<R> {
    reader: R,
    given: u64,
    until: u64,
    piece: u64,
    /// How many quotes have passed.
    quotes: u64,
    /// The last byte that has passed.
    last: u8,
}

impl<R: Read> Leash<R> {
    pub(crate) fn new(reader: R, piece: u64) -> Leash<R> {
        Leash { reader, given: 0, until: piece, piece, quotes: 0, last: b'\n' }
    }

    /// What ends at this byte has been read: the next piece begins.
    pub(crate) fn reached(&mut self, byte: u64) {
        self.until = byte.saturating_add(self.piece);
    }

    /// Whether what ends at this byte is the last there is, without the end of a line.
    pub(crate) fn ends_bare(&self, byte: u64) -> bool {
        byte == self.given && self.last != b'\n'
    }

    /// Whether a quote is left over at this point.
    pub(crate) fn odd(&self) -> bool {
        self.quotes % 2 == 1
    }
}

impl<R: Read> Read for Leash<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given > self.until {
            return Err(Trouble::Piece(self.piece).into());
        }
        let read = self.reader.read(out)?;
        self.given += read as u64;
        self.last = out[..read].last().copied().unwrap_or(self.last);
        self.quotes += out[..read].iter().filter(|byte| **byte == b'"').count() as u64;
        Ok(read)
    }
}
