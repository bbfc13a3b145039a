//! Answers that no entry keeps, for whoever asks again under the same `Idempotency-Key`.
//!
//! What must hold: under one key a thing is done once, whoever asks meanwhile waits for its answer, and another request under
//! the key is refused; what failed is done when it is asked for again. Only of this server, and only the last ones: what is
//! asked for so does no harm when it is done twice.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{Digest, TenantId};
use fluxor_engine::refusal::Refusal;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::asked::Asking;
use super::problem::Problem;

/// So many answers of a tenant are kept.
const KEPT: usize = 32;

/// The answers that were given last, by tenant.
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<BTreeMap<TenantId, VecDeque<Kept>>>);

/// What was asked under a key, and its answer once there is one.
#[derive(Debug)]
struct Kept {
    /// Of what, by whom, under which key.
    key: String,
    /// Of the whole request.
    hash: Digest,
    at: Timestamp,
    answer: Arc<OnceCell<Value>>,
}

impl Answers {
    /// What `make` answers; what it answered, if it was asked for before.
    ///
    /// # Errors
    /// The key was used for another request; what `make` fails with.
    pub(crate) async fn once<T: Serialize>(
        &self,
        asking: &Asking,
        what: &str,
        now: Timestamp,
        make: impl Future<Output = Result<T, Problem>>,
    ) -> Result<Json<Value>, Problem> {
        let key = format!("{what}\0{}\0{}", asking.caller.person(), asking.request.as_str());
        let answer = self.place(asking.caller.tenant(), key, asking.hash(), now)?;
        let told = async { Ok(serde_json::to_value(make.await?).unwrap_or_default()) };
        answer.get_or_try_init(|| told).await.cloned().map(Json)
    }

    /// Where the answer is, or will be.
    fn place(
        &self,
        tenant: TenantId,
        key: String,
        hash: Digest,
        at: Timestamp,
    ) -> Result<Arc<OnceCell<Value>>, Refusal> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.entry(tenant).or_default();
        // What failed, and nobody waits for, was not done: it is forgotten.
        kept.retain(|one| one.answer.initialized() || Arc::strong_count(&one.answer) > 1);
        if let Some(known) = kept.iter().find(|known| known.key == key) {
            let same = known.hash == hash;
            return if same {
                Ok(known.answer.clone())
            } else {
                Err(Refusal::RequestReused { first_at: known.at, started: None })
            };
        }
        // Whoever is under way is not pushed out.
        if kept.len() >= KEPT
            && let Some(oldest) = kept.iter().position(|one| one.answer.initialized())
        {
            kept.remove(oldest);
        }
        let answer = Arc::default();
        kept.push_back(Kept { key, hash, at, answer: Arc::clone(&answer) });
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(7);

    fn place(answers: &Answers, tenant: i64, key: &str, hash: &str) -> Result<Arc<OnceCell<Value>>, Refusal> {
        answers.place(TenantId(tenant), key.to_owned(), Digest::of(hash), NOW)
    }

    #[test]
    fn a_key_is_for_one_request_and_its_answer_is_kept() {
        let answers = Answers::default();
        let first = place(&answers, 1, "a", "x").unwrap();
        assert!(Arc::ptr_eq(&first, &place(&answers, 1, "a", "x").unwrap()), "under way");
        assert!(matches!(place(&answers, 1, "a", "y"), Err(Refusal::RequestReused { first_at: NOW, .. })));
        assert!(!Arc::ptr_eq(&first, &place(&answers, 2, "a", "y").unwrap()), "keys are each tenant's own");
        drop(first);
        let second = place(&answers, 1, "a", "y").expect("the first one failed, and was not done");
        second.set(Value::from("done")).unwrap();
        drop(second);
        assert_eq!(place(&answers, 1, "a", "y").unwrap().get(), Some(&Value::from("done")));
        assert!(place(&answers, 1, "a", "x").is_err());
    }

    #[test]
    fn the_last_answers_are_kept_and_what_is_under_way() {
        let answers = Answers::default();
        let running = place(&answers, 1, "running", "x").unwrap();
        let other = place(&answers, 2, "other", "x").unwrap();
        other.set(Value::Null).unwrap();
        for number in 0..=KEPT {
            place(&answers, 1, &number.to_string(), "x").unwrap().set(Value::Null).unwrap();
        }
        assert!(Arc::ptr_eq(&running, &place(&answers, 1, "running", "x").unwrap()));
        assert!(Arc::ptr_eq(&other, &place(&answers, 2, "other", "x").unwrap()), "others' answers stay");
        assert!(place(&answers, 1, "1", "x").unwrap().get().is_none(), "pushed out");
        assert!(place(&answers, 1, &KEPT.to_string(), "x").unwrap().get().is_some());
    }
}
