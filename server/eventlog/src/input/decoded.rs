//! Text in another encoding, decoded into UTF-8.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::trouble::Trouble;
use crate::unreadable::{Said, Unreadable};

/// The encoding of a text, none if it is UTF-8: by its byte order mark, else by the label, else by its XML declaration.
pub(super) fn encoding(bytes: &[u8], label: Option<&str>) -> Result<Option<&'static Encoding>, Unreadable> {
    let found = match (Encoding::for_bom(bytes), label) {
        (Some((encoding, _)), _) => encoding,
        (None, Some(label)) => named(label).ok_or_else(|| Unreadable::EncodingLabel(label.to_owned()))?,
        // Of an encoding of two bytes the declaration could not have been read: then it is wrong.
        (None, None) => match declared(bytes) {
            Some(label) => named(label)
                .map(|encoding| if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
                .ok_or_else(|| Unreadable::EncodingLabel(label.to_owned()))?,
            None => UTF_8,
        },
    };
    Ok((found != UTF_8).then_some(found))
}

/// Who says what [`encoding`] finds.
pub(super) fn said(bytes: &[u8], label: Option<&str>) -> Said {
    match (Encoding::for_bom(bytes), label) {
        (Some(_), _) => Said::Mark,
        (None, Some(_)) => Said::Wanted,
        (None, None) => Said::Nowhere,
    }
}

/// The encoding of a label, but for those that are not read for safety (`replacement`).
fn named(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label.as_bytes())
}

/// The label in an XML declaration.
fn declared(bytes: &[u8]) -> Option<&str> {
    let bytes = bytes.trim_ascii_start().strip_prefix(b"<?xml")?;
    let end = bytes.windows(2).position(|two| two == b"?>")?;
    let declaration = std::str::from_utf8(&bytes[..end]).ok()?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next()
}

pub(crate) struct Decoded<R> {
    reader: R,
    decoder: Decoder,
    raw: Vec<u8>,
    /// What of `raw` is still to be decoded.
    from: usize,
    to: usize,
    ended: bool,
    /// What was decoded for a reader that took fewer bytes than a letter has.
    kept: Vec<u8>,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(reader: R, encoding: &'static Encoding) -> Decoded<R> {
        let (decoder, raw) = (encoding.new_decoder_with_bom_removal(), vec![0; 64 << 10]);
        Decoded { reader, decoder, raw, from: 0, to: 0, ended: false, kept: Vec::new() }
    }

    /// Decodes into `out`, which has place for a letter; 0 at the end.
    fn decode(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.from == self.to && !self.ended {
                (self.from, self.to) = (0, self.reader.read(&mut self.raw)?);
                self.ended = self.to == 0;
            }
            let raw = &self.raw[self.from..self.to];
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(raw, out, self.ended);
            self.from += read;
            if let DecoderResult::Malformed(..) = result {
                return Err(Trouble::Encoding(self.decoder.encoding().name()).into());
            }
            let done = self.ended && matches!(result, DecoderResult::InputEmpty);
            if written > 0 || done {
                if done {
                    self.finish();
                }
                return Ok(written);
            }
        }
    }

    /// A decoder must not be asked again after its end: this one has nothing to say.
    fn finish(&mut self) {
        self.decoder = UTF_8.new_decoder_without_bom_handling();
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        /// Enough for any letter and what a decoder wants to have free.
        const ROOM: usize = 64;
        if self.kept.is_empty() && out.len() >= ROOM {
            return self.decode(out);
        }
        if self.kept.is_empty() {
            let mut room = [0; ROOM];
            let written = self.decode(&mut room)?;
            self.kept.extend_from_slice(&room[..written]);
        }
        let read = self.kept.as_slice().read(out)?;
        self.kept.drain(..read);
        Ok(read)
    }
}
