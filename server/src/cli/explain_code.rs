//! `fluxor explain-code CODE`: what an error code means and what to do about it.

use clap::Args;
use fluxor_engine::{definition, diagnostic, expression};
use fluxor_workflows::import;
use serde_json::json;

use super::out::Out;
use super::{End, Failure};
use crate::http::problems;
use crate::mail;

#[derive(Debug, Args)]
pub(super) struct ExplainCode {
    /// A code as an answer or `check` has it, such as `not_accepted` or FLX0202
    code: String,
}

impl ExplainCode {
    pub(super) fn run(&self, out: &Out) -> Result<End, Failure> {
        if let Some((code, meaning)) = of_files(&self.code) {
            out.result(&json!({ "code": code, "page": meaning }), || format!("{code}: {meaning}"));
            return Ok(End::Done);
        }
        let Some(page) = problems::page(&self.code) else {
            let perhaps = nearest(&self.code).map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
            return Err(Failure::Declined(
                "not_found".to_owned(),
                format!("There is no code `{}`.{perhaps}", self.code),
            ));
        };
        out.result(&json!({ "code": self.code, "page": page }), || page.to_owned());
        Ok(End::Done)
    }
}

/// What may be found in files: definitions, expressions, mail templates, mappings.
fn findings() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    definition::CODES.iter().chain(expression::CODES).chain(mail::CODES).chain(import::CODES)
}

/// The meaning of a finding in a file.
fn of_files(code: &str) -> Option<&'static (&'static str, &'static str)> {
    findings().find(|(known, _)| known.eq_ignore_ascii_case(code))
}

/// The code most like this one, of either kind.
fn nearest(code: &str) -> Option<&'static str> {
    let known = findings().map(|(known, _)| *known);
    problems::nearest(code).or_else(|| diagnostic::nearest(&code.to_ascii_uppercase(), known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_meaning() {
        let mut codes: Vec<&str> = findings().map(|(code, _)| *code).collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
        assert!(of_files("flx0703").is_some_and(|(_, meaning)| meaning.contains("no file")));
    }
}
