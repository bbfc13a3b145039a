//! `fluxor explain-code [CODE]`: what an error code means and what to do about it; without one, all there are.

use clap::Args;
use serde_json::{Value, json};

use super::out::Out;
use super::{End, Failure};
use crate::codes;
use crate::http::problems;

#[derive(Debug, Args)]
pub(super) struct ExplainCode {
    /// A code as an answer or `check` has it, such as `not_accepted` or FLX0202; or what an approval needs, as its
    /// incident has it, such as `nobody:manager` [default: list all]
    code: Option<String>,
}

impl ExplainCode {
    pub(super) fn run(&self, out: &Out) -> Result<End, Failure> {
        let Some(code) = &self.code else {
            list(out);
            return Ok(End::Done);
        };
        let found = codes::known(code).and_then(|(known, _)| Some((*known, codes::page(known)?)));
        let found = found.or_else(|| problems::explaining(code).and_then(|code| Some((code, problems::page(code)?))));
        let Some((code, page)) = found else {
            return Err(Failure::Declined("not_found".to_owned(), codes::unknown(code)));
        };
        out.result(&json!({ "code": code, "page": page }), || page.trim_end().to_owned());
        Ok(End::Done)
    }
}

/// Every code with one line about it: first those of files, by number, then those of answers.
fn list(out: &Out) {
    let mut all = codes::sorted();
    all.extend(problems::PAGES.iter().map(|(code, _)| (*code, problems::title(code))));
    let machine: Vec<Value> = all.iter().map(|(code, meaning)| json!({ "code": code, "meaning": meaning })).collect();
    out.result(&json!({ "codes": machine }), || {
        all.iter().map(|(code, meaning)| format!("{code}  {meaning}\n")).collect()
    });
}
