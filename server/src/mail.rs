//! Notices as mail: each person one message, text and HTML, to an SMTP server or as a file into a folder.
//!
//! What must hold: a redelivery is the same mail (its Message-ID, date and boundary follow from the outbox row), nothing
//! that somebody typed gets into a header or becomes markup, and a person who cannot be written to holds up nobody else.
//! Look next at [`templates`] for the texts, at [`letter`] for the message, at [`transport`] for the ways out.

mod contacts;
mod facts;
mod helpers;
mod letter;
mod templates;
mod transport;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use fluxor_engine::commit::OutboxRow;
use fluxor_engine::definition::Library;
use fluxor_engine::ids::PersonId;
use fluxor_engine::runtime::{Delivering, Reply, Sink, Undelivered};

use crate::config::Config;
use crate::desk::Desk;
use crate::telemetry::metrics;

pub(crate) use facts::{fields, fields_of};
pub(crate) use helpers::grouped;
pub(crate) use templates::{CODES, check};

pub(crate) use contacts::Contacts;
use contacts::Directory;
use facts::Payload;
use letter::Sender;
use templates::Templates;
use transport::{Failed, Transport};

/// Writes to people.
pub(crate) struct Mail {
    templates: Templates,
    sender: Sender,
    transport: Transport,
    directory: Directory,
    public_url: Option<String>,
}

impl Mail {
    /// As configured; `None`: mail is not.
    ///
    /// # Errors
    /// A sentence: an option that cannot be used, or a broken template.
    pub(crate) fn new(config: &Config, library: &Library) -> anyhow::Result<Option<Arc<Self>>> {
        let Some(transport) = Transport::new(config)? else { return Ok(None) };
        let sender = Sender::new(config.mail_from.as_deref())?;
        let templates = Templates::load(config.definitions().as_deref(), fields_of(library))?;
        let public_url = config.public_url()?;
        Ok(Some(Arc::new(Self { templates, sender, transport, directory: Directory::default(), public_url })))
    }

    /// Whose contacts are asked: known only when the engine runs, which holds this sink itself.
    pub(crate) fn ask(&self, desk: &Arc<dyn Desk>) {
        self.directory.ask(Arc::downgrade(desk));
    }

    async fn write(&self, message: &OutboxRow) -> Result<(), Undelivered> {
        let payload = Payload::read(&message.payload).map_err(Undelivered::Never)?;
        let contacts = self.directory.of(message.tenant).await.map_err(Undelivered::Again)?;
        // One row is for one person; what an older version left behind may name several. All are tried before any failure
        // is told: a repeat is the same mail to those who have it.
        let mut worst = Ok(());
        for person in &payload.notice.people {
            let done = self.write_to(message, &payload, &contacts, person).await;
            worst = match (worst, done) {
                (Ok(()) | Err(Undelivered::Never(_)), Err(why)) => Err(why),
                (worst, _) => worst,
            };
        }
        worst
    }

    async fn write_to(
        &self,
        message: &OutboxRow,
        payload: &Payload,
        contacts: &Contacts,
        person: &PersonId,
    ) -> Result<(), Undelivered> {
        let (instance, kind) = (message.instance, &*payload.notice.kind);
        let to = match contacts.mailbox(person) {
            Ok(to) => to,
            Err(skipped) => {
                tracing::warn!(%person, %instance, kind, "no mail to `{person}`: {}", skipped.sentence());
                metrics::mail(skipped.outcome());
                return Ok(());
            }
        };
        let facts = facts::of(payload, message.instance, contacts, person, self.public_url.as_deref());
        let words = self.templates.render(kind, &facts).map_err(|why| {
            metrics::mail("broken");
            Undelivered::Never(why)
        })?;
        let letter = self.sender.letter(message, payload, person, to, words).map_err(|why| {
            metrics::mail("broken");
            Undelivered::Never(why)
        })?;
        match self.transport.send(&letter).await {
            Ok(()) => {
                metrics::mail("sent");
                Ok(())
            }
            Err(Failed::Refused(why)) => {
                tracing::warn!(%person, %instance, kind, "the mail to `{person}` was refused: {why}");
                metrics::mail("refused");
                Err(Undelivered::Never(format!("the mail to `{person}` was refused: {why}")))
            }
            Err(Failed::Later(why)) => {
                tracing::warn!(%person, %instance, kind, "the mail to `{person}` did not go out and is tried again: {why}");
                metrics::mail("failed");
                Err(Undelivered::Again(format!("the mail to `{person}` did not go out: {why}")))
            }
        }
    }
}

impl Sink for Mail {
    fn deliver<'a>(&'a self, message: &'a OutboxRow) -> Delivering<'a> {
        Box::pin(async move {
            let delivered = self.write(message).await;
            metrics::outbox(&message.destination, delivered.is_ok());
            delivered.map(|()| Reply::new())
        })
    }
}
