//! A page for each code of a template, as those of definitions are: what is wrong, why it matters, an example that has the
//! finding and the corrected one, which the tests check as files of the names behind the fences. To add one: write
//! `pages/CODE.md` and add its code to the list here.

/// All pages by code.
pub(crate) const PAGES: &[(&str, &str)] = fluxor_engine::pages! {
    "FLX0600"
    "FLX0601"
    "FLX0602"
    "FLX0603"
    "FLX0635"
};
