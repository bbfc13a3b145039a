//! A page for each code of a finding: what is wrong, why it matters, an example and the corrected one.
//!
//! A page is `pages/FLX....md`. It begins with `# CODE: its meaning`, the sentence of the list of codes, and then says
//! `Error.` or `Warning.`. Its first block of code has the finding, its second has none; `tests/explained.rs` compiles both
//! and tells what the words behind the fences mean. To add one: write the file and add its code to the list here.

macro_rules! pages {
    ($($code:literal)*) => {
        /// All pages by code, sorted.
        pub const PAGES: &[(&str, &str)] = &[$(($code, include_str!(concat!("pages/", $code, ".md"))),)*];
    };
}

pages! {
    "FLX0001"
    "FLX0002"
    "FLX0003"
    "FLX0004"
    "FLX0005"
    "FLX0006"
    "FLX0007"
    "FLX0008"
    "FLX0009"
    "FLX0010"
    "FLX0011"
    "FLX0012"
    "FLX0013"
    "FLX0014"
    "FLX0015"
    "FLX0016"
    "FLX0017"
    "FLX0018"
    "FLX0019"
    "FLX0020"
    "FLX0100"
    "FLX0101"
    "FLX0102"
    "FLX0103"
    "FLX0104"
    "FLX0105"
    "FLX0106"
    "FLX0107"
    "FLX0108"
    "FLX0109"
    "FLX0110"
    "FLX0111"
    "FLX0112"
    "FLX0113"
    "FLX0114"
    "FLX0115"
    "FLX0116"
    "FLX0117"
    "FLX0118"
    "FLX0119"
    "FLX0120"
    "FLX0121"
    "FLX0122"
    "FLX0123"
    "FLX0150"
    "FLX0190"
    "FLX0200"
    "FLX0201"
    "FLX0202"
    "FLX0203"
    "FLX0204"
    "FLX0205"
    "FLX0206"
    "FLX0207"
    "FLX0208"
    "FLX0209"
    "FLX0210"
    "FLX0211"
    "FLX0213"
    "FLX0214"
    "FLX0300"
    "FLX0301"
    "FLX0302"
    "FLX0303"
    "FLX0304"
    "FLX0305"
    "FLX0306"
    "FLX0307"
    "FLX0308"
    "FLX0309"
    "FLX0310"
    "FLX0311"
    "FLX0312"
    "FLX0313"
    "FLX0314"
    "FLX0315"
    "FLX0316"
    "FLX0400"
    "FLX0401"
    "FLX0402"
    "FLX0403"
    "FLX0404"
    "FLX0405"
    "FLX0406"
    "FLX0407"
    "FLX0408"
    "FLX0409"
    "FLX0410"
    "FLX0411"
    "FLX0412"
    "FLX0413"
    "FLX0414"
    "FLX0415"
    "FLX0416"
    "FLX0417"
    "FLX0500"
    "FLX0501"
    "FLX0502"
}

/// The page of a code.
#[must_use]
pub fn page(code: &str) -> Option<&'static str> {
    PAGES.binary_search_by_key(&code, |(known, _)| known).ok().map(|place| PAGES[place].1)
}

/// Whether a finding of this code can be a warning; others are always errors.
#[must_use]
pub fn warns(code: &str) -> bool {
    let kind = page(code).and_then(|page| page.split_once("\n\n")).map_or("", |(_, rest)| rest);
    ["Warning.", "Error or warning."].iter().any(|word| kind.starts_with(word))
}
