//! Scenarios: text in, trace out. A `.scenario` file is its own golden file: lines that begin with `>` are what is done,
//! the line below each is what came of it.
//!
//! ```text
//! organisation company.json
//! now 2026-03-02T08:00:00Z
//!
//! > start leave as ann {"days": 3}
//! draft
//! > submit as ann
//! review; asked: manager bob
//! > approve manager as bob
//! granted (final)
//! ```
//!
//! What must hold: a line that cannot be read is an error with its place, never skipped; the same text on the same
//! definitions gives the same trace, on every store (on a runtime of one thread); whatever is not a trace stays as it is, byte for byte. Nothing here
//! knows a domain: sinks for its messages come from the caller.
//!
//! `script` cuts a file into lines, `read` makes a step of a line (with `words` and `phrase`), `stage` plays it on an engine, `shown` says
//! what came of it, `covered` tells what no scenario has walked. The language is explained in `definitions/README.md`.

mod covered;
mod phrase;
mod read;
mod script;
mod shown;
mod stage;
mod step;
#[cfg(test)]
mod tests;
mod words;

pub use covered::{Counted, Coverage, Covered, Kind, Missing};
pub use script::{Known, Line, MAX_SIZE, Script, Wrong};
pub use stage::{Came, Played, Stage, TENANT};
pub use step::{Ask, Deliver, Place, Step};
