#![doc = include_str!("../README.md")]
//! The binary `fluxor`: command line, HTTP interface, and the engine behind them.
//!
//! What must hold: deciding happens in the engine; everything here translates. Look next at [`desk`], which is all
//! that this crate asks of the engine, at [`http`] for the interface and at [`cli`] for the commands.

mod absences;
mod app;
mod audit;
mod backup;
mod calendars;
mod cli;
mod codes;
mod config;
mod deciders;
mod desk;
mod door;
mod found;
mod http;
mod kept;
mod limits;
mod lock;
mod mail;
mod migrations;
mod open;
mod page;
mod pictures;
mod reload;
mod reorder;
mod repairs;
mod replay;
mod rounds;
mod secret;
mod settings;
mod simulate;
mod sink;
mod telemetry;
mod traffic;
mod unserved;
mod webhooks;
mod yaml;

/// Its threads hand memory to each other at every commit, which it is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
