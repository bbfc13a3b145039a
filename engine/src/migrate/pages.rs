//! A page for each code of a mapping file of a migration, as those of definitions are.
//!
//! `tests/explained.rs` holds its examples against the definitions that they are about. To add one: write the file and add its
//! code to the list here.

/// All pages by code.
pub const PAGES: &[(&str, &str)] = crate::pages! {
    "FLX0740"
    "FLX0741"
    "FLX0742"
    "FLX0743"
    "FLX0744"
    "FLX0745"
    "FLX0746"
    "FLX0747"
    "FLX0748"
    "FLX0749"
    "FLX0750"
    "FLX0751"
    "FLX0752"
    "FLX0753"
};
