//! A page for each code of a mapping file of an event log, as those of definitions are.
//!
//! `tests/explained.rs` holds its examples against a log and the definitions that they are about. To add one: write the file
//! and add its code to the list here.

/// All pages by code.
pub const PAGES: &[(&str, &str)] = crate::pages! {
    "FLX0720"
    "FLX0721"
    "FLX0722"
    "FLX0723"
    "FLX0724"
    "FLX0725"
    "FLX0726"
    "FLX0727"
    "FLX0728"
    "FLX0729"
    "FLX0730"
    "FLX0731"
    "FLX0732"
    "FLX0733"
    "FLX0734"
    "FLX0735"
};
