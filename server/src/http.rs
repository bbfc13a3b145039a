//! The HTTP interface, `/v1/...`: JSON in and out, problem+json for every error.
//!
//! What must hold: handlers only translate. [`extract`] and [`asked`] turn a request into domain values, one call is
//! made, and [`problem`] with [`status`] turns every "no" into an answer. [`routes`] is the table.

mod absences;
pub(crate) mod act;
pub(crate) mod answers;
pub(crate) mod asked;
pub(crate) mod audit;
pub(crate) mod auth;
mod barred;
mod books;
mod deciders;
mod definitions;
mod doors;
pub(crate) mod extract;
pub(crate) mod gate;
pub(crate) mod health;
pub(crate) mod history;
mod in_force;
pub(crate) mod instances;
pub(crate) mod json;
pub(crate) mod keys;
pub(crate) mod layers;
mod limits;
pub(crate) mod listen;
pub(crate) mod me;
mod migrations;
mod noted;
mod notices;
pub(crate) mod organisation;
pub(crate) mod pages;
mod parameters;
mod pictures;
pub(crate) mod problem;
pub(crate) mod problems;
pub(crate) mod records;
mod repairs;
pub(crate) mod routes;
pub(crate) mod sessions;
mod settings;
pub(crate) mod shown;
mod simulate;
mod site;
pub(crate) mod spent;
pub(crate) mod status;
pub(crate) mod tasks;
mod webhooks;
mod workflows;

#[cfg(test)]
mod tests;
