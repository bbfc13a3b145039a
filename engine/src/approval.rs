//! Placeholder until the approval branch lands.
#![allow(missing_docs)]
use serde::{Deserialize, Serialize};
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Review(pub serde_json::Map<String, serde_json::Value>);
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    Approve,
}
impl Verb {
    #[must_use]
    pub fn name(&self) -> &'static str {
        "approve"
    }
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotApprover,
}
impl Refusal {
    #[must_use]
    pub fn code(&self) -> &'static str {
        "not_approver"
    }
    #[must_use]
    pub fn sentence(&self) -> String {
        "x".to_owned()
    }
    #[must_use]
    pub fn is_authority(&self) -> bool {
        true
    }
}
#[derive(Debug)]
pub struct Policy;
#[derive(Debug)]
pub struct Organisation;
