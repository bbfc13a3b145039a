#![doc = include_str!("../README.md")]

mod gather;
mod input;
mod limits;
pub mod log;
mod plan;
mod table;
pub mod text;
mod time;
pub mod unreadable;
pub mod wanted;
mod xes;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

pub use log::{Case, Event, Log, Skipped};
pub use text::{Text, Texts};
pub use unreadable::{Missing, Said, Unreadable};
pub use wanted::{Format, Time, Wanted};

use gather::Gather;
use limits::Limits;
use plan::Plan;
use time::Clock;

/// Reads a log from a file. `progress` is told about once a mebibyte, and at the end, how many bytes of the file have been
/// read, and its size (0 if that is not known, as of a pipe).
///
/// # Errors
/// If the file cannot be read as a log: see [`Unreadable`].
pub fn read(path: &Path, wanted: &Wanted, progress: &mut dyn FnMut(u64, u64)) -> Result<Log, Unreadable> {
    let failed = |source| Unreadable::Open { path: path.display().to_string(), source };
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if about.is_dir() {
        return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let size = if about.is_file() { about.len() } else { 0 };
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    read_within(Told { file, size, read: 0, told: 0, progress }, &name, wanted, &Limits::default())
}

/// Reads a log from a reader, which need not be buffered. `name` is looked at for its ending only.
///
/// # Errors
/// If it cannot be read as a log: see [`Unreadable`].
pub fn read_from(reader: impl Read, name: &str, wanted: &Wanted) -> Result<Log, Unreadable> {
    read_within(reader, name, wanted, &Limits::default())
}

fn read_within(reader: impl Read, name: &str, wanted: &Wanted, limits: &Limits) -> Result<Log, Unreadable> {
    let clock = Clock::new(&wanted.time)?;
    let plan = Plan::new(wanted);
    let mut gather = Gather::new(&plan, clock, limits);
    let opened = input::open(reader, name, wanted, limits)?;
    let (format, said) = (opened.format, opened.said);
    let read = match format {
        Format::Csv => table::read(opened, wanted.delimiter, &plan, limits, &mut gather),
        Format::Xes => xes::read(opened, &plan, limits, &mut gather),
    };
    read.map_err(|error| error.said(said))?;
    gather.finish(format)
}

/// A file that tells how far it has been read.
struct Told<'a> {
    file: File,
    size: u64,
    read: u64,
    told: u64,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl Read for Told<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        /// Bytes between two words about it.
        const STEP: u64 = 1 << 20;
        let read = self.file.read(out)?;
        self.read += read as u64;
        if self.read - self.told >= STEP || (read == 0 && self.told < self.read) {
            self.told = self.read;
            (self.progress)(self.read, self.size);
        }
        Ok(read)
    }
}
