//! `fluxor explain-code CODE`: what an error code means and what to do about it.

use clap::Args;
use serde_json::json;

use super::out::Out;
use super::{End, Failure};
use crate::http::problems;

#[derive(Debug, Args)]
pub(super) struct ExplainCode {
    /// A code as an answer has it, such as `not_accepted`
    code: String,
}

impl ExplainCode {
    pub(super) fn run(&self, out: &Out) -> Result<End, Failure> {
        let Some(page) = problems::page(&self.code) else {
            let perhaps =
                problems::nearest(&self.code).map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
            return Err(Failure::Declined(
                "not_found".to_owned(),
                format!("There is no code `{}`.{perhaps}", self.code),
            ));
        };
        out.result(&json!({ "code": self.code, "page": page }), || page.to_owned());
        Ok(End::Done)
    }
}
