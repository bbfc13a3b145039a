//! `fluxor explain-code CODE`: what an error code means and what to do about it.

use clap::Args;
use fluxor_engine::{definition, diagnostic, expression};
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
        if let Some((code, meaning)) = of_definitions(&self.code) {
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

/// The meaning of a finding in a definition.
fn of_definitions(code: &str) -> Option<&'static (&'static str, &'static str)> {
    let mut all = definition::CODES.iter().chain(expression::CODES).chain(mail::CODES);
    all.find(|(known, _)| known.eq_ignore_ascii_case(code))
}

/// The code most like this one, of either kind.
fn nearest(code: &str) -> Option<&'static str> {
    let definitions = definition::CODES.iter().chain(expression::CODES).chain(mail::CODES).map(|(known, _)| *known);
    problems::nearest(code).or_else(|| diagnostic::nearest(&code.to_ascii_uppercase(), definitions))
}
