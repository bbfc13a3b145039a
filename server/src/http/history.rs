//! An instance's audit entries, as they are stored: whoever has a page can check its hashes.

use axum::Json;
use axum::extract::State;
use fluxor_engine::audit::{Entry, canonical};
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{Digest, InstanceId, StreamId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::extract::{Limit, Path, Query, next};
use super::json;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::desk::NotDone;

/// Which entries.
#[derive(Debug, Clone, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// After this number: where the page before ended.
    #[serde(default)]
    #[param(default = 0)]
    after: i64,
    /// At most this many: 1 to 500.
    #[serde(default)]
    #[param(value_type = Option<i64>, default = 50)]
    limit: Limit,
}

/// Entries, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct History {
    /// This page.
    items: Vec<Line>,
    /// The next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// An audit entry. `hash` = SHA-256(0x00 || header), over the header's bytes as they stand here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Entry)]
pub(crate) struct Line {
    /// From 1 without a gap.
    seq: i64,
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Canonical JSON: who, what, from, to, and the digests.
    #[schema(value_type = Object)]
    header: Box<RawValue>,
    #[schema(value_type = String)]
    hash: Digest,
    /// SHA-256(salt || body).
    #[schema(value_type = String)]
    body_digest: Digest,
    /// Hexadecimal; empty once the body was purged, and where something is left out of it.
    salt: String,
    /// Each changed field before and after, reason, request; absent once purged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    body: Option<Box<RawValue>>,
}

impl TryFrom<Entry> for Line {
    type Error = NotDone;

    fn try_from(entry: Entry) -> Result<Self, NotDone> {
        let place = format!("{} {}", entry.stream, entry.seq);
        let raw = |text: String| {
            RawValue::from_string(text).map_err(|why| {
                let (id, what) = (place.clone(), why.to_string());
                NotDone::Broken(fluxor_engine::store::StoreError::Inconsistent { table: "audit_entry", id, what })
            })
        };
        Ok(Self {
            seq: entry.seq,
            at: entry.at,
            header: raw(entry.header)?,
            hash: entry.hash,
            body_digest: entry.body_digest,
            salt: entry.salt.iter().map(|byte| format!("{byte:02x}")).collect(),
            body: Some(entry.body).filter(|body| !body.is_empty()).map(raw).transpose()?,
        })
    }
}

/// An instance's history.
#[utoipa::path(get, path = "/v1/instances/{id}/history", tag = "instances",
    params(("id" = String, Path), Which), responses((status = 200, body = History), Problems))]
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    Path((id,)): Path<(InstanceId,)>,
    Query(which): Query<Which>,
) -> Result<Json<History>, Problem> {
    app.desk().look(caller.tenant(), id).await?;
    let Json(page) = which.page(&app, &caller, id.into(), &format!("/v1/instances/{id}/history")).await?;
    Ok(Json(if caller.is_administrator() { page } else { page.without_notes() }))
}

/// A body without the notes of absences; `None`: it has none.
fn without_notes(body: &str) -> Option<Box<RawValue>> {
    if !body.contains("\"note\"") {
        return None;
    }
    let mut body: Value = serde_json::from_str(body).ok()?;
    let acts = body.get_mut("acted").and_then(Value::as_array_mut).into_iter().flatten();
    let ways = acts.filter_map(|act| act.pointer_mut("/right/seat/through").and_then(Value::as_array_mut));
    let absences = ways.flatten().filter_map(|link| link.get_mut("substitute").and_then(Value::as_object_mut));
    let gone = absences.filter_map(|absence| absence.remove("note")).count();
    (gone > 0).then(|| RawValue::from_string(canonical::value(&body)).ok()).flatten()
}

impl History {
    /// Without what somebody noted of why he was away, which entries of old have in the way to whoever acted for him. Such a body is not
    /// as it was written, and so has no salt; headers and hashes still add up.
    pub(super) fn without_notes(mut self) -> Self {
        for line in &mut self.items {
            if let Some(body) = line.body.as_ref().and_then(|body| without_notes(body.get())) {
                line.body = Some(body);
                line.salt = String::new();
            }
        }
        self
    }

    /// Without the bodies (and the salts, which go with them) that are not for the reader; headers and hashes still add up.
    pub(super) fn without_bodies(mut self, is_hidden: impl Fn(&str) -> bool) -> Self {
        for line in self.items.iter_mut().filter(|line| line.body.as_ref().is_some_and(|body| is_hidden(body.get()))) {
            line.body = None;
            line.salt = String::new();
        }
        self
    }
}

impl Which {
    /// A page of a stream.
    pub(super) async fn page(
        &self,
        app: &App,
        caller: &Caller,
        stream: StreamId,
        path: &str,
    ) -> Result<Json<History>, Problem> {
        let mut rows = app.desk().entries(caller.tenant(), stream, self.after, self.limit.and_one()).await?;
        let next = self.limit.cut(&mut rows).map(|last| next(path, &Self { after: last.seq, ..self.clone() }));
        Ok(Json(History { items: rows.into_iter().map(Line::try_from).collect::<Result<_, _>>()?, next }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_noted_of_an_absence_is_left_out_of_an_entry_of_old_and_nothing_else() {
        let link = |note: Option<&str>| match note {
            Some(note) => json!({ "substitute": { "person": "bob", "substitute": "hal", "note": note } }),
            None => json!({ "substitute": { "person": "bob", "substitute": "hal" } }),
        };
        let body = |note: Option<&str>| {
            json!({
                "acted": [{ "act": "approve", "person": "hal", "right": { "seat": { "person": "hal", "through": [link(note)] } } },
                    { "act": "remind", "person": "ann", "right": "requester" }],
                "request": { "payload": { "note": "for all" } },
            })
        };
        let line = |body: &Value| Line {
            seq: 1,
            at: Timestamp::from_micros(0),
            header: RawValue::from_string("{}".to_owned()).unwrap(),
            hash: Digest::of(""),
            body_digest: Digest::of(""),
            salt: "00".to_owned(),
            body: Some(RawValue::from_string(body.to_string()).unwrap()),
        };
        let items = vec![line(&body(Some("in hospital"))), line(&body(None))];
        let shown = History { items, next: None }.without_notes().items;
        let read = |line: &Line| serde_json::from_str::<Value>(line.body.as_ref().unwrap().get()).unwrap();
        assert_eq!((read(&shown[0]), &*shown[0].salt), (body(None), ""));
        assert_eq!((read(&shown[1]), &*shown[1].salt), (body(None), "00"), "what has none is as it was written");
    }
}
