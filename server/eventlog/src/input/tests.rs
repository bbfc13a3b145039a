//! Limits that no test could reach at their real size, and readers that give little at a time.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

/// Gives a byte at a time.
struct Dripping<'a>(&'a [u8]);

impl Read for Dripping<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(1);
        self.0.read(&mut out[..most])
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn text(reader: impl Read, wanted: &Wanted) -> Result<String, Unreadable> {
    let mut out = String::new();
    open(reader, "log", wanted, &Limits::default())?.reader.read_to_string(&mut out).map_err(of)?;
    Ok(out)
}

#[test]
fn text_comes_out_the_same_whatever_it_was_wrapped_in() {
    let own = "a;é;Ω;𝄞\n".repeat(20_000);
    let utf16 = |big: bool, text: &str| {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(|unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect::<Vec<u8>>()
    };
    let marked = format!("\u{feff}{own}");
    let wanted = Wanted::default();
    for bytes in [own.clone().into_bytes(), marked.into_bytes(), utf16(true, &own), utf16(false, &own)] {
        assert!(text(bytes.as_slice(), &wanted).unwrap() == own);
        assert!(text(Dripping(&bytes), &wanted).unwrap() == own);
        assert!(text(packed(&bytes).as_slice(), &wanted).unwrap() == own);
    }
    let latin = Wanted { encoding: Some("windows-1252".to_owned()), ..Wanted::default() };
    assert_eq!(text(&b"caf\xe9 \x80"[..], &latin).unwrap(), "café €");
    assert_eq!(
        text(&b"<?xml version='1.0' encoding = 'ISO-8859-1'?><caf\xe9/>"[..], &wanted).unwrap().chars().last(),
        Some('>')
    );
}

#[test]
fn a_reader_that_takes_little_gets_all() {
    let bytes: Vec<u8> = "\u{feff}é𝄞x".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut reader = open(bytes.as_slice(), "", &Wanted::default(), &Limits::default()).unwrap().reader;
    let mut decoded = Decoded::new(bytes.as_slice(), encoding_rs::UTF_16LE);
    for source in [&mut reader as &mut dyn Read, &mut decoded] {
        let mut out = Vec::new();
        let mut byte = [0];
        while source.read(&mut byte).unwrap() == 1 {
            out.push(byte[0]);
        }
        assert_eq!(String::from_utf8(out).unwrap(), "é𝄞x");
        assert_eq!(source.read(&mut byte).unwrap(), 0);
    }
}

#[test]
fn what_unpacks_to_too_much_is_given_up() {
    let bomb = packed(&vec![b'a'; 1 << 20]);
    let limits = Limits { unpacked: 100_000, ..Limits::default() };
    let mut opened = open(bomb.as_slice(), "log.csv.gz", &Wanted::default(), &limits).unwrap();
    let error = of(io::copy(&mut opened.reader, &mut io::sink()).unwrap_err());
    assert_eq!(
        error.to_string(),
        "the gzip file unpacks to more than 100000 bytes: check that it is a log, or divide it"
    );
}

#[test]
fn a_piece_must_end() {
    let mut leash = Leash::new(io::repeat(b'"'), 1_000);
    let mut out = [0; 600];
    assert!((0..2).all(|_| leash.read(&mut out).is_ok()) && !leash.odd());
    assert!(matches!(of(leash.read(&mut out).unwrap_err()), Unreadable::TooLarge { .. }));
    leash.reached(1_200);
    assert!(leash.read(&mut out[..1]).is_ok() && leash.odd());
}
