//! Makes the sample company's files: `cargo run -p fluxor-tests --bin sample -- definitions/sample`.
//!
//! The same program makes the same bytes everywhere, so that a change to it is seen in the files as what it is.
//! [`history`] plays two years on the master data of the other files; [`files`] writes what came of it.
#![allow(clippy::expect_used, reason = "a tool for developers")]

#[path = "generator/dice.rs"]
mod dice;
#[path = "generator/families.rs"]
mod families;
#[path = "generator/files.rs"]
mod files;
#[path = "generator/history.rs"]
mod history;
#[path = "generator/items.rs"]
mod items;
#[path = "generator/number.rs"]
mod number;
#[path = "generator/orders.rs"]
mod orders;
#[path = "generator/people.rs"]
mod people;
#[path = "generator/policies.rs"]
mod policies;
#[path = "generator/suppliers.rs"]
mod suppliers;
#[path = "generator/terms.rs"]
mod terms;

use std::fs;
use std::path::Path;

fn main() {
    let folder = std::env::args().nth(1).expect("the folder to write into, such as definitions/sample");
    let suppliers = suppliers::suppliers();
    let items = items::items();
    let terms: Vec<_> = items.iter().map(|item| terms::terms(item, &suppliers)).collect();
    let own = items.iter().zip(&terms).enumerate();
    let policies = own.flat_map(|(place, (item, terms))| policies::policies(place, item, terms, &suppliers)).collect();
    let mut history = history::History::new(suppliers, items, terms, policies);
    history.play();
    for (name, text) in files::files(&history) {
        fs::write(Path::new(&folder).join(name), text).expect("the folder can be written");
    }
}
