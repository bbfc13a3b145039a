//! Where messages to the outside go. The folder sink writes each as a file: for trying things out, for tests, and for
//! whatever picks files up. The webhook sink (`sink/webhook.rs`) posts each to an address.

mod post;
mod webhook;

use std::path::{Path, PathBuf};

use fluxor_engine::commit::OutboxRow;
use fluxor_engine::runtime::{Delivering, Reply, Sink};
use serde_json::json;

use crate::telemetry::metrics;

pub(crate) use post::{Address, Answer};
pub(crate) use webhook::Webhook;

/// Writes `<folder>/<destination>/<id>.json`.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Under `root`.
    #[must_use]
    pub(crate) fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
}

impl Sink for Folder {
    fn deliver<'a>(&'a self, message: &'a OutboxRow) -> Delivering<'a> {
        Box::pin(async move {
            let delivered = self.write(message).await;
            metrics::outbox(&message.destination, delivered.is_ok());
            delivered.map(|()| Reply::new()).map_err(Into::into)
        })
    }
}

impl Folder {
    async fn write(&self, message: &OutboxRow) -> Result<(), String> {
        let text = told(message)?;
        let folder = self.root.join(file_name(&message.destination));
        let written = write(&folder, &format!("{}.json", message.id), format!("{text:#}\n").as_bytes()).await;
        written.map_err(|e| format!("{}: {e}", folder.display()))
    }
}

/// A message as whoever takes it reads it.
fn told(message: &OutboxRow) -> Result<serde_json::Value, String> {
    let payload: serde_json::Value =
        serde_json::from_str(&message.payload).map_err(|e| format!("the payload is not JSON: {e}"))?;
    Ok(json!({
        "id": message.id,
        "tenant": message.tenant,
        "instance": message.instance,
        "destination": message.destination,
        "seq": message.seq,
        "payload": payload,
    }))
}

/// Whole or not at all: a half-written file has another name.
pub(crate) async fn write(folder: &Path, name: &str, text: &[u8]) -> std::io::Result<()> {
    let (to, part) = (folder.join(name), folder.join(format!(".{name}.part")));
    tokio::fs::create_dir_all(folder).await?;
    tokio::fs::write(&part, text).await?;
    tokio::fs::File::open(&part).await?.sync_all().await?;
    tokio::fs::rename(&part, &to).await
}

/// A destination as a folder's name: nothing in it leads elsewhere.
fn file_name(destination: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
    destination.chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxor_engine::clock::Timestamp;
    use fluxor_engine::ids::{InstanceId, TenantId};

    /// A message as it waits in the outbox.
    pub(super) fn message() -> OutboxRow {
        OutboxRow {
            tenant: TenantId(1),
            id: uuid::Uuid::from_u128(7),
            instance: InstanceId(uuid::Uuid::from_u128(8)),
            destination: "order_to_supplier".into(),
            seq: 3,
            payload: r#"{"number":"PO-1"}"#.to_owned(),
            times: 1,
            from: 0,
            to: 0,
            sent_event: None,
            next_at: Timestamp::from_micros(0),
        }
    }

    #[tokio::test]
    async fn a_message_is_one_file_however_often_it_comes() {
        let folder = tempfile::tempdir().unwrap();
        let message = OutboxRow { destination: "../order".into(), ..message() };
        let sink = Folder::new(folder.path());
        sink.deliver(&message).await.unwrap();
        sink.deliver(&message).await.unwrap();
        let files: Vec<_> =
            std::fs::read_dir(folder.path().join("___order")).unwrap().map(|f| f.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        let read: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&files[0]).unwrap()).unwrap();
        assert_eq!(read["payload"]["number"], "PO-1");
        let broken = OutboxRow { payload: "{".to_owned(), ..message };
        assert!(sink.deliver(&broken).await.is_err());
    }
}
