//! Notices as mail: each person one message, text and HTML, to an SMTP server or as a file into a folder; at once, or together
//! with others in a digest, as each person wants it.
//!
//! What must hold: a redelivery is the same mail (its Message-ID, date and boundary follow from the outbox row), nothing
//! that somebody typed gets into a header or becomes markup, and a person who cannot be written to holds up nobody else.
//! Look next at [`press`] for what stands in a mail, at [`templates`] for the texts, at [`letter`] for the message, at
//! [`transport`] for the ways out, at [`digest`] for what is told together.

mod contacts;
mod digest;
mod facts;
mod helpers;
mod letter;
mod links;
mod press;
mod preview;
mod sign_in;
mod templates;
mod transport;
mod waits;
mod when;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::commit::OutboxRow;
use fluxor_engine::ids::{Mint, PersonId};
use fluxor_engine::runtime::{Delivering, Reply, Sink, Undelivered};
use fluxor_workflows::{DigestItem, Preference, Way};
use uuid::Uuid;

use crate::config::Config;
use crate::http::problem::chain;
use crate::telemetry::metrics;

pub(crate) use contacts::{Contacts, Directory};
pub(crate) use facts::{fields, fields_of};
pub(crate) use helpers::{is_hostile, money};
pub(crate) use links::{Linking, Links, Meant};
pub(crate) use press::{Press, TEMPLATES};
pub(crate) use preview::{Unseen, Wanted};
pub(crate) use templates::{CODES, Own, PAGES, Words, check, document_of, faults};

use facts::Payload;
use letter::{Envelope, Sender};
use press::Matter;
use transport::{Failed, Transport};

/// Writes to people.
pub(crate) struct Mail {
    press: Arc<Press>,
    sender: Sender,
    transport: Transport,
    mint: Mutex<Mint>,
    /// Who was sent a link to sign in lately.
    pauses: sign_in::Pauses,
}

impl Mail {
    /// As configured; `None`: mail is not.
    ///
    /// # Errors
    /// A sentence: an option that cannot be used.
    pub(crate) fn new(config: &Config, press: Arc<Press>) -> anyhow::Result<Option<Arc<Self>>> {
        let Some(transport) = Transport::new(config)? else { return Ok(None) };
        let sender = Sender::new(config.mail_from.as_deref())?;
        let mint = Mutex::new(Mint::from_os().context("the operating system gives no randomness")?);
        Ok(Some(Arc::new(Self { press, sender, transport, mint, pauses: sign_in::Pauses::default() })))
    }

    fn mint(&self, now: Timestamp) -> Uuid {
        self.mint.lock().unwrap_or_else(PoisonError::into_inner).uuid(now)
    }

    async fn write(&self, message: &OutboxRow) -> Result<(), Undelivered> {
        let payload = Payload::read(&message.payload).map_err(Undelivered::Never)?;
        let contacts = self.press.contacts(message.tenant).await.map_err(Undelivered::Again)?;
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

    /// To one person, as he wants it.
    async fn write_to(
        &self,
        message: &OutboxRow,
        payload: &Payload,
        contacts: &Contacts,
        person: &PersonId,
    ) -> Result<(), Undelivered> {
        if let Err(skipped) = contacts.mailbox(person) {
            let (instance, kind) = (message.instance, &*payload.notice.kind);
            tracing::warn!(%person, %instance, kind, "no mail to `{person}`: {}", skipped.sentence());
            metrics::mail(skipped.outcome());
            return Ok(());
        }
        let preference = self.press.preference(message.tenant, person).await.map_err(Undelivered::Again)?;
        match preference.way(&payload.notice.kind, payload.notice.stands_for.is_some(), payload.is_due()) {
            Way::AtOnce if !self.stands(message, payload, person).await? => {
                let (instance, kind) = (message.instance, &*payload.notice.kind);
                tracing::debug!(%person, %instance, kind, "no mail to `{person}`: what it asks for is done, or no longer theirs");
                metrics::mail("settled");
                Ok(())
            }
            Way::AtOnce => self.write_now(message, payload, contacts, (person, &preference)).await,
            Way::Digest => self.put_aside(message, payload, person).await,
            Way::Off => {
                metrics::mail("off");
                Ok(())
            }
        }
    }

    /// Whether there is still to be done what the notice asks for. The mail server may have been away for hours.
    async fn stands(&self, message: &OutboxRow, payload: &Payload, person: &PersonId) -> Result<bool, Undelivered> {
        if !waits::asks(payload) {
            return Ok(true);
        }
        let desk = self.press.desk().await.map_err(Undelivered::Again)?;
        let view = waits::look(&*desk, message.tenant, payload.task(message.instance)).await;
        Ok(waits::stands(view.map_err(Undelivered::Again)?.as_ref(), payload, person))
    }

    async fn put_aside(&self, message: &OutboxRow, payload: &Payload, person: &PersonId) -> Result<(), Undelivered> {
        let item = DigestItem {
            tenant: message.tenant,
            person: person.clone(),
            id: message.id,
            instance: message.instance,
            at: payload.at().unwrap_or(message.next_at),
            payload: message.payload.clone(),
        };
        let desk = self.press.desk().await.map_err(Undelivered::Again)?;
        let put = desk.digests().put(&item).await;
        put.map_err(|e| Undelivered::Again(format!("it cannot be put aside: {}", chain(&e))))?;
        metrics::mail("aside");
        Ok(())
    }

    async fn write_now(
        &self,
        message: &OutboxRow,
        payload: &Payload,
        contacts: &Contacts,
        (person, preference): (&PersonId, &Preference),
    ) -> Result<(), Undelivered> {
        let (instance, kind) = (message.instance, &*payload.notice.kind);
        let Ok(to) = contacts.mailbox(person) else { return Ok(()) };
        let matter = Matter { tenant: message.tenant, message: message.id, instance, payload };
        let facts = self.press.facts(matter, contacts, person, preference).await;
        let templates = self.press.templates(message.tenant).await.map_err(Undelivered::Again)?;
        let envelope = Envelope { id: message.id, at: payload.at(), about: Some(instance), person };
        let letter = templates.render(kind, &facts).and_then(|words| self.sender.letter(envelope, to, words));
        let letter = letter.map_err(|why| {
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
