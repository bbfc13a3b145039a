//! Random histories of the real engine, and what must hold after each command (design.md, section 3).
//!
//! `dice` chooses from a seed, `company` and `rules` are the world in words of their own, `bench` is a store that can be
//! dumped, `play` draws and submits commands, `judge` and `authority` say what was allowed to happen: both are written
//! from the documents and call none of the engine's own judging.

pub mod authority;
pub mod bench;
pub mod burst;
pub mod company;
pub mod dice;
pub mod draw;
pub mod judge;
pub mod past;
pub mod play;
pub mod repairs;
pub mod rows;
pub mod rules;
pub mod stage;
