//! The message: headers that cannot be broken into, text and HTML as alternatives. The same row is the same bytes.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{Digest, InstanceId, PersonId};
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use uuid::Uuid;

use super::helpers::one_line;
use super::templates::Words;

/// A mail to one person.
pub(super) struct Letter {
    pub(super) message: Message,
    /// Its file's name, where it goes into a folder.
    pub(super) file: String,
}

/// What a mail is known by: the same however often it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope<'a> {
    /// The id of the message that it tells of, or of the digest.
    pub(super) id: Uuid,
    /// When that happened.
    pub(super) at: Option<Timestamp>,
    /// What it is about, if it is one thing.
    pub(super) about: Option<InstanceId>,
    /// Whom it is to.
    pub(super) person: &'a PersonId,
}

/// Who writes.
#[derive(Debug)]
pub(super) struct Sender {
    from: Mailbox,
}

impl Sender {
    /// # Errors
    /// If it is no address.
    pub(super) fn new(from: Option<&str>) -> anyhow::Result<Self> {
        let from = from.unwrap_or("Fluxor <fluxor@localhost>");
        let from: Mailbox = from.parse().with_context(|| {
            format!("--mail-from: `{from}` is no address: write fluxor@example.com, or \"Fluxor <fluxor@example.com>\"")
        })?;
        Ok(Self { from: plain(from) })
    }

    /// # Errors
    /// A sentence.
    pub(super) fn letter(&self, envelope: Envelope<'_>, to: Mailbox, words: Words) -> Result<Letter, String> {
        let domain = self.from.email.domain();
        // Ids of people may hold any character; their digest does not.
        let who = &Digest::of(envelope.person.as_str()).to_string()[..16];
        let id = format!("{}.{who}", envelope.id);
        let micros = envelope.at.map_or(0, |at| u64::try_from(at.micros()).unwrap_or(0));
        let raw = |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
        let parts = MultiPart::alternative()
            .boundary(format!("fluxor-{id}"))
            .singlepart(SinglePart::plain(words.text))
            .singlepart(SinglePart::html(words.html));
        let builder = Message::builder()
            .from(self.from.clone())
            .to(plain(to))
            .subject(one_line(&words.subject))
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(micros))
            .message_id(Some(format!("<{id}@{domain}>")));
        // All mails about one matter stand together.
        let builder = match envelope.about {
            Some(instance) => builder.references(format!("<{instance}@{domain}>")),
            None => builder,
        };
        let message = builder
            // No answer of a machine, such as "out of office".
            .raw_header(raw("Auto-Submitted", "auto-generated"))
            .multipart(parts)
            .map_err(|e| format!("the mail cannot be put together: {e}"))?;
        Ok(Letter { message, file: format!("{id}.eml") })
    }
}

/// A name is one line: nothing in it begins a header.
fn plain(mailbox: Mailbox) -> Mailbox {
    Mailbox::new(mailbox.name.as_deref().map(one_line).filter(|name| !name.is_empty()), mailbox.email)
}
