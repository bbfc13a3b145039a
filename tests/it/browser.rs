//! Pages in a real browser: what they look like, who can use them, and what the browser complains of.
//!
//! Without Chromium and chromedriver each says so in a line and passes.

mod away;
mod begin;
mod decide;
mod keyboard;
mod limits;
mod lost;
mod pages;
mod scene;
mod sessions;
mod together;
mod tools;
