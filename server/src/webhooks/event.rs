//! The body of a delivery: a CloudEvent (1.0, structured JSON) around what the engine tells of a transition.

use fluxor_engine::ids::TenantId;
use serde_json::{Map, Value, json};

/// The type of transitions.
pub(crate) const TRANSITION: &str = "fluxor.transition.v1";
/// The type of what is sent to try an endpoint out.
pub(crate) const TEST: &str = "fluxor.test.v1";
/// The media type.
pub(crate) const MEDIA_TYPE: &str = "application/cloudevents+json";

/// The longest body with a document in it, bytes.
const LONGEST: usize = 256 * 1024;

/// What the events of a tenant name as their source.
pub(crate) fn source(public_url: Option<&str>, tenant: TenantId) -> String {
    format!("{}/tenants/{tenant}", public_url.unwrap_or_default())
}

/// The id of a transition: unique, and the same however often it is delivered.
pub(crate) fn id(event: &Map<String, Value>) -> Option<String> {
    Some(format!("{}.{}", event.get("instance")?.as_str()?, event.get("seq")?.as_i64()?))
}

/// The body. A document that is too long is left out, and that is told.
pub(crate) fn body(source: &str, event: &Map<String, Value>, with_document: bool) -> String {
    let mut data = event.clone();
    let (instance, seq) = (data.remove("instance"), data.remove("seq").and_then(|seq| seq.as_i64()).unwrap_or(0));
    let (time, document) = (data.remove("at"), data.remove("document"));
    let mut whole = json!({
        "specversion": "1.0",
        "id": id(event),
        "source": source,
        "type": TRANSITION,
        "subject": instance,
        "time": time,
        // As text it is ordered, too.
        "sequence": format!("{seq:010}"),
        "datacontenttype": "application/json",
        "data": data,
    });
    whole["data"]["seq"] = seq.into();
    if !with_document {
        return whole.to_string();
    }
    let bare = whole["data"].clone();
    whole["data"]["document"] = document.unwrap_or_default();
    let text = whole.to_string();
    if text.len() <= LONGEST {
        return text;
    }
    whole["data"] = bare;
    whole["data"]["document_omitted"] = true.into();
    whole.to_string()
}

/// The body of an attempt to reach an endpoint.
pub(crate) fn test_body(source: &str, id: &str, time: &str, endpoint: &str) -> String {
    let data = json!({ "endpoint": endpoint, "message": "This endpoint was tried out. Nothing has happened." });
    let whole = json!({
        "specversion": "1.0", "id": id, "source": source, "type": TEST, "time": time,
        "datacontenttype": "application/json", "data": data,
    });
    whole.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transition_is_a_cloud_event() {
        let event = json!({
            "instance": "0198c", "seq": 12, "at": "2026-03-02T09:00:00Z", "workflow": "order", "to": "done",
            "document": { "note": "x" },
        });
        let event = event.as_object().unwrap();
        let read = |with| serde_json::from_str::<Value>(&body(&source(None, TenantId(7)), event, with)).unwrap();
        let told = read(true);
        assert_eq!(
            told,
            json!({
                "specversion": "1.0", "id": "0198c.12", "source": "/tenants/7", "type": "fluxor.transition.v1",
                "subject": "0198c", "time": "2026-03-02T09:00:00Z", "sequence": "0000000012",
                "datacontenttype": "application/json",
                "data": { "workflow": "order", "to": "done", "seq": 12, "document": { "note": "x" } },
            })
        );
        assert_eq!(read(false)["data"], json!({ "workflow": "order", "to": "done", "seq": 12 }));
        assert_eq!(source(Some("https://f.example.com"), TenantId(1)), "https://f.example.com/tenants/1");
    }

    #[test]
    fn a_document_that_is_too_long_is_left_out() {
        let event = json!({ "instance": "i", "seq": 1, "at": "t", "document": { "note": "x".repeat(LONGEST) } });
        let told: Value = serde_json::from_str(&body("/tenants/1", event.as_object().unwrap(), true)).unwrap();
        assert_eq!(told["data"], json!({ "seq": 1, "document_omitted": true }));
    }
}
