//! A page for each code of a mapping file, as those of definitions are: what is wrong, why it matters, an example that has the
//! finding and the corrected one, which `tests.rs` holds against a company's files. To add one: write `pages/CODE.md` and
//! add its code to the list here.

/// All pages by code.
pub const PAGES: &[(&str, &str)] = fluxor_engine::pages! {
    "FLX0700"
    "FLX0701"
    "FLX0702"
    "FLX0703"
    "FLX0704"
    "FLX0705"
    "FLX0706"
    "FLX0707"
    "FLX0708"
};
