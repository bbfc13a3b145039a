//! Reordering against the oracles, by example, and for any numbers.

mod examples;
mod prices;
mod properties;
mod quantities;
