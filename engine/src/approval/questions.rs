//! Questions of a review and their answers (approvals.md section 10, `ask` and `answer`). They decide and stop nothing: no vote,
//! no step and no timer reads them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::review::Review;
use crate::clock::Timestamp;
use crate::ids::PersonId;

/// How many a review keeps: of more, the oldest that is answered goes, else the oldest. The audit trail has them all.
const MOST: usize = 50;

/// How much of a text a review keeps, in characters. The audit trail has all of it.
const LONGEST: usize = 2_000;

/// A question, and its answer once there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its number in this review, from 1.
    pub id: u32,
    /// Who asks.
    pub by: PersonId,
    /// The step in which he is asked.
    pub step: Arc<str>,
    /// Whom it is for besides the requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PersonId>,
    /// What he wants to know.
    pub text: Arc<str>,
    /// When.
    pub at: Timestamp,
    /// The answer; none yet: it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Answered>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Who gave it.
    pub by: PersonId,
    /// What he says.
    pub text: Arc<str>,
    /// When.
    pub at: Timestamp,
}

/// A question as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeenQuestion {
    /// Its number in this review, from 1.
    pub id: u32,
    /// Who asks.
    pub by: PersonId,
    /// The step in which he is asked.
    pub step: Arc<str>,
    /// Whom it is for besides the requester.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<PersonId>,
    /// What he wants to know.
    pub text: Arc<str>,
    /// When, RFC 3339.
    pub at: String,
    /// The answer; none yet: it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Arc<str>>,
    /// Who gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<PersonId>,
    /// When, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<String>,
}

impl From<&Question> for SeenQuestion {
    fn from(question: &Question) -> Self {
        let Question { id, by, step, to, text, at, answered } = question.clone();
        let (answer, answered_by, answered_at) = match answered {
            Some(Answered { by, text, at }) => (Some(text), Some(by), Some(at.to_string())),
            None => (None, None, None),
        };
        Self { id, by, step, to, text, at: at.to_string(), answer, answered_by, answered_at }
    }
}

impl Review {
    /// The questions that have no answer yet, and that this person may answer: the requester all, others those for them.
    pub(super) fn answerable(&self, by: &PersonId) -> impl Iterator<Item = &Question> {
        let all = self.subject.requester().as_ref() == Some(by);
        let open = self.questions.iter().filter(|question| question.answered.is_none());
        open.filter(move |question| all || question.to.as_ref() == Some(by))
    }

    pub(super) fn ask(&mut self, by: &PersonId, step: Arc<str>, to: Option<PersonId>, text: Arc<str>, at: Timestamp) {
        if self.questions.len() >= MOST {
            let oldest = self.questions.iter().position(|question| question.answered.is_some());
            self.questions.remove(oldest.unwrap_or(0));
        }
        let text = kept(text);
        let id = self.questions.last().map_or(1, |last| last.id.saturating_add(1));
        self.questions.push(Question { id, by: by.clone(), step, to, text, at, answered: None });
    }

    pub(super) fn answer(&mut self, ids: &[u32], by: &PersonId, text: &Arc<str>, at: Timestamp) {
        let text = kept(Arc::clone(text));
        for question in self.questions.iter_mut().filter(|question| ids.contains(&question.id)) {
            question.answered = Some(Answered { by: by.clone(), text: Arc::clone(&text), at });
        }
    }
}

fn kept(text: Arc<str>) -> Arc<str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]).into(),
        None => text,
    }
}
