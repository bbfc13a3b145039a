#![doc = include_str!("../README.md")]

pub mod log;
pub mod text;
pub mod unreadable;
pub mod wanted;

use std::io::Read;
use std::path::Path;

pub use log::{Case, Event, Log, Skipped};
pub use text::{Text, Texts};
pub use unreadable::Unreadable;
pub use wanted::{Format, Time, Wanted};

/// Reads a log from a file. `progress` is told now and then how many bytes of the file have been read, and its size (0 if
/// that is not known).
///
/// # Errors
/// If the file cannot be read as a log: see [`Unreadable`].
pub fn read(path: &Path, wanted: &Wanted, progress: &mut dyn FnMut(u64, u64)) -> Result<Log, Unreadable> {
    let _ = (path, wanted, progress);
    Err(Unreadable::NoEvents { skipped: Vec::new(), left_out: 0 })
}

/// Reads a log from a reader, which need not be buffered. `name` is looked at for its ending.
///
/// # Errors
/// If it cannot be read as a log: see [`Unreadable`].
pub fn read_from(reader: impl Read, name: &str, wanted: &Wanted) -> Result<Log, Unreadable> {
    let _ = (reader, name, wanted);
    Err(Unreadable::NoEvents { skipped: Vec::new(), left_out: 0 })
}
