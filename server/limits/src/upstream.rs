//! Limits that others send us, for outgoing calls: what an answer says about when the next call may go, and a
//! [`Pacer`] that remembers it for each destination.
//!
//! What must hold: nothing that the other side sends makes us panic, or wait longer than a bound that we set.
//! Reading is in `upstream/heard.rs`.

mod heard;
mod pacer;

pub use heard::{DEFAULT_BOUND, wait};
pub use pacer::{DEFAULT_DESTINATIONS, Pacer};
