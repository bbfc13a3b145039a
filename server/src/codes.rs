//! The codes of what may be found in files (definitions, expressions, tables, calendars, mail templates, mappings), with
//! their pages.

use fluxor_engine::{calendar, definition, diagnostic, expression, migrate, replay, table};
use fluxor_workflows::import;

use crate::http::problems;
use crate::mail;

/// Every code with its meaning.
pub(crate) fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let engine = [definition::CODES, expression::CODES, calendar::CODES, table::CODES, replay::CODES, migrate::CODES];
    engine.into_iter().flatten().chain(mail::CODES).chain(import::CODES)
}

/// All of them, by number.
pub(crate) fn sorted() -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<_> = all().copied().collect();
    all.sort_unstable();
    all
}

/// The code, as it is written, with its meaning; however the letters are written here.
#[must_use]
pub(crate) fn known(code: &str) -> Option<&'static (&'static str, &'static str)> {
    all().find(|(known, _)| known.eq_ignore_ascii_case(code))
}

/// The page of a code: what is wrong, why it matters, an example and the corrected one.
#[must_use]
pub(crate) fn page(code: &str) -> Option<&'static str> {
    let (code, _) = known(code)?;
    pages().find(|(of, _)| of == code).map(|(_, page)| *page)
}

/// Every page with its code, each beside what finds it.
fn pages() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    [definition::pages::PAGES, replay::PAGES, migrate::PAGES, import::PAGES, mail::PAGES].into_iter().flatten()
}

/// What is said of a code that there is none of, neither of answers nor of files.
pub(crate) fn unknown(code: &str) -> String {
    let near = problems::nearest(code).or_else(|| nearest(code));
    let perhaps = near.map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
    format!("There is no code `{code}`.{perhaps}")
}

fn nearest(code: &str) -> Option<&'static str> {
    diagnostic::nearest(&code.to_ascii_uppercase(), all().map(|(known, _)| *known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_meaning_and_a_page() {
        let mut codes: Vec<&str> = all().map(|(code, _)| *code).collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
        let paged: Vec<&str> = pages().map(|(code, _)| *code).collect();
        assert_eq!(paged.iter().filter(|code| known(code).is_none()).count(), 0, "a page of a code that nothing finds");
        assert_eq!(
            paged.len(),
            count,
            "one page for each: {:?}",
            codes.iter().filter(|code| !paged.contains(code)).collect::<Vec<_>>()
        );
        for (code, meaning) in all() {
            let page = page(code).unwrap_or_else(|| panic!("{code} has no page"));
            let mut lines = page.lines();
            assert_eq!(lines.next(), Some(&*format!("# {code}: {meaning}")));
            let kind = lines.nth(1).unwrap_or_default();
            assert!(["Error.", "Warning.", "Error or warning."].contains(&kind), "{code}: {kind}");
            assert!(page.lines().all(|line| line.chars().count() <= 120), "{code} has a long line");
            assert!(page.contains("\nCorrected:\n") || page.contains("\nNo example: "), "{code} has no example");
        }
        assert_eq!(page("flx0703"), page("FLX0703"));
        assert_eq!(nearest("flx0312x"), Some("FLX0312"));
    }
}
