//! The codes of what may be found in files (definitions, expressions, tables, calendars, mail templates, mappings), with
//! their pages.

use std::borrow::Cow;

use fluxor_engine::definition::{self, pages};
use fluxor_engine::{calendar, diagnostic, expression, migrate, replay, table};
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

/// The page of a code: one of its own with an example, else its meaning.
#[must_use]
pub(crate) fn page(code: &str) -> Option<Cow<'static, str>> {
    let (code, meaning) = known(code)?;
    Some(pages::page(code).map_or_else(|| format!("# {code}: {meaning}\n").into(), Cow::Borrowed))
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
        for code in codes {
            assert!(page(code).is_some_and(|page| page.starts_with(&format!("# {code}: "))), "{code}");
        }
        assert!(page("flx0703").is_some_and(|page| page.contains("no file")));
        assert_eq!(nearest("flx0312x"), Some("FLX0312"));
    }
}
