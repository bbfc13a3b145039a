//! A gzip file, unpacked: one member or several, up to a limit.

use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::trouble::Trouble;

pub(super) struct Unpacked<R> {
    decoder: MultiGzDecoder<BufReader<R>>,
    left: u64,
    most: u64,
}

impl<R: Read> Unpacked<R> {
    pub(super) fn new(reader: R, most: u64) -> Unpacked<R> {
        let decoder = MultiGzDecoder::new(BufReader::with_capacity(128 << 10, reader));
        Unpacked { decoder, left: most, most }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(out).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                Trouble::Gzip(error.to_string()).into()
            }
            _ => error,
        })?;
        self.left = self.left.checked_sub(read as u64).ok_or(Trouble::Unpacked(self.most))?;
        Ok(read)
    }
}
