//! Why playing stops.

use std::sync::Arc;

use crate::decide::Stop;
use crate::refusal::Refusal;

use super::report::EndKind;

/// Why it does not go on.
#[derive(Debug)]
pub(super) enum Halt<Need> {
    /// Nothing was played: there is no simulation.
    Stop(Stop<Need>),
    /// It has come to its end.
    End(Ending),
}

/// The end, as far as it is known where it is met.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) kind: EndKind,
    pub(super) sentence: String,
    pub(super) code: Option<Arc<str>>,
}

impl<Need> Halt<Need> {
    pub(super) fn end(kind: EndKind, sentence: impl Into<String>) -> Self {
        Self::End(Ending { kind, sentence: sentence.into(), code: None })
    }

    pub(super) fn incident(code: &Arc<str>, sentence: String) -> Self {
        Self::End(Ending { kind: EndKind::Incident, sentence, code: Some(code.clone()) })
    }

    /// What was to be done is declined.
    pub(super) fn refused(what: &str, refusal: &Refusal) -> Self {
        let sentence = format!("{what}: {}", refusal.sentence());
        Self::End(Ending { kind: EndKind::Refused, sentence, code: Some(refusal.code().into()) })
    }

    /// The body of what was asked cannot be used as it is: JSON Pointer and sentence.
    pub(super) fn invalid(pointer: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Stop(Stop::Refused(Refusal::Invalid(vec![(pointer.into(), why.into())])))
    }
}
