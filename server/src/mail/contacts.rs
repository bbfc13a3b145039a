//! Where people are written to: the organisation's contacts as they are now, so that an address that was mended counts for
//! what is still to be sent.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use fluxor_engine::ids::{PersonId, TenantId};
use lettre::Address;
use lettre::message::Mailbox;
use serde::Deserialize;

use super::helpers::one_line;
use crate::desk::Desk;
use crate::http::problem::chain;

/// How long a change of the organisation may go unnoticed: reading it costs the whole document.
const AGE: Duration = Duration::from_secs(3);

/// The organisations' contacts, asked of the desk and kept for a moment.
#[derive(Default)]
pub(crate) struct Directory {
    desk: OnceLock<Weak<dyn Desk>>,
    known: Mutex<HashMap<TenantId, (Instant, Arc<Contacts>)>>,
}

impl Directory {
    pub(crate) fn ask(&self, desk: Weak<dyn Desk>) {
        let _ = self.desk.set(desk);
    }

    #[cfg(test)]
    pub(super) fn forget(&self) {
        self.known.lock().unwrap().clear();
    }

    /// The outbox may be quicker than the start that makes the desk known.
    pub(super) async fn desk(&self) -> Option<Arc<dyn Desk>> {
        for _ in 0..100 {
            if let Some(desk) = self.desk.get() {
                return desk.upgrade();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        None
    }

    /// The contacts of a company.
    ///
    /// # Errors
    /// A sentence: the database does not answer, or what it has cannot be read.
    pub(crate) async fn of(&self, tenant: TenantId) -> Result<Arc<Contacts>, String> {
        if let Some((since, known)) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant)
            && since.elapsed() < AGE
        {
            return Ok(known.clone());
        }
        let desk = self.desk().await.ok_or("the server is starting or stopping")?;
        let row =
            desk.organisation(tenant).await.map_err(|e| format!("the organisation cannot be asked: {}", chain(&e)))?;
        let contacts = match row {
            Some(row) => Contacts::read(&row.document).map_err(|e| format!("the organisation cannot be read: {e}"))?,
            None => Contacts::default(),
        };
        let contacts = Arc::new(contacts);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(tenant, (Instant::now(), contacts.clone()));
        Ok(contacts)
    }
}

/// Names and addresses by person, and the company's zone.
#[derive(Debug, Deserialize)]
pub(crate) struct Contacts {
    #[serde(default)]
    contacts: BTreeMap<PersonId, Contact>,
    #[serde(default)]
    people: Vec<Person>,
    #[serde(default = "utc")]
    pub(crate) zone: String,
}

impl Default for Contacts {
    fn default() -> Self {
        Self { contacts: BTreeMap::new(), people: Vec::new(), zone: utc() }
    }
}

fn utc() -> String {
    "UTC".to_owned()
}

/// What is known of one person; other keys are for others.
#[derive(Debug, Default, Deserialize)]
struct Contact {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Person {
    id: PersonId,
    #[serde(default)]
    active: bool,
}

/// Why somebody is not written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skipped {
    NoAddress,
    BadAddress,
    Inactive,
}

impl Skipped {
    /// For the metric.
    pub(super) const fn outcome(self) -> &'static str {
        match self {
            Self::NoAddress => "no_address",
            Self::BadAddress => "bad_address",
            Self::Inactive => "inactive",
        }
    }

    /// For the log.
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::NoAddress => "the organisation's contacts have no email for this person; add one",
            Self::BadAddress => "the email in the organisation's contacts is no address; mend it",
            Self::Inactive => "the person is not active any more",
        }
    }
}

impl Contacts {
    pub(crate) fn read(document: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(document)
    }

    /// What a person is called: the name, else the id.
    pub(crate) fn name(&self, person: &PersonId) -> String {
        let known = self.contacts.get(person).and_then(|contact| contact.name.as_deref()).map(one_line);
        known.filter(|name| !name.is_empty()).unwrap_or_else(|| one_line(person.as_str()))
    }

    /// The name of a person who has one.
    pub(crate) fn called(&self, person: &PersonId) -> Option<String> {
        self.contacts.get(person)?.name.as_deref().map(one_line).filter(|name| !name.is_empty())
    }

    /// Whoever is called this; nobody where several are.
    pub(crate) fn by_name(&self, name: &str) -> Option<&PersonId> {
        let mut all = self.all_by_name(name);
        all.next().filter(|_| all.next().is_none())
    }

    /// Everybody who is called this.
    pub(crate) fn all_by_name(&self, name: &str) -> impl Iterator<Item = &PersonId> {
        let wanted = name.to_lowercase();
        self.contacts.keys().filter(move |person| self.name(person).to_lowercase() == wanted)
    }

    /// Whether there is somebody with this id.
    pub(crate) fn knows(&self, person: &PersonId) -> bool {
        self.people.iter().any(|known| known.id == *person)
    }

    /// Whoever has this address; nobody where several have it.
    pub(crate) fn by_address(&self, address: &str) -> Option<&PersonId> {
        let has =
            |contact: &Contact| contact.email.as_deref().is_some_and(|own| own.trim().eq_ignore_ascii_case(address));
        let mut all = self.contacts.iter().filter(|(_, contact)| has(contact)).map(|(person, _)| person);
        all.next().filter(|_| all.next().is_none())
    }

    /// Where to write, or why not.
    pub(super) fn mailbox(&self, person: &PersonId) -> Result<Mailbox, Skipped> {
        if self.people.iter().any(|p| p.id == *person && !p.active) {
            return Err(Skipped::Inactive);
        }
        let email = self.contacts.get(person).and_then(|contact| contact.email.as_deref()).map(str::trim);
        let email = email.filter(|email| !email.is_empty()).ok_or(Skipped::NoAddress)?;
        let address: Address = email.parse().map_err(|_| Skipped::BadAddress)?;
        Ok(Mailbox::new(Some(self.name(person)), address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_written_to_and_who_is_not() {
        let document = r#"{ "zone": "Europe/Berlin", "rates": {},
            "people": [{ "id": "ann", "active": true, "manager": null }, { "id": "old", "active": false }],
            "contacts": { "ann": { "name": "Ann\r\nBcc: all@example.com", "email": " ann@example.com ", "phone": "1" },
                "old": { "email": "old@example.com" }, "bad": { "email": "a@b@c" }, "two": { "email": "a@b.c\r\nTo: x@y.z" },
                "none": { "name": "None", "email": null } } }"#;
        let contacts = Contacts::read(document).unwrap();
        let ann = contacts.mailbox(&"ann".into()).unwrap();
        assert_eq!(ann.name.as_deref(), Some("Ann Bcc: all@example.com"), "one line");
        assert_eq!(ann.email.to_string(), "ann@example.com");
        for (person, why) in [
            ("old", Skipped::Inactive),
            ("bad", Skipped::BadAddress),
            ("two", Skipped::BadAddress),
            ("none", Skipped::NoAddress),
            ("nobody", Skipped::NoAddress),
        ] {
            assert_eq!(contacts.mailbox(&person.into()).unwrap_err(), why, "{person}");
        }
        assert_eq!(contacts.name(&"none".into()), "None");
        assert_eq!(contacts.name(&"nobody".into()), "nobody");
        assert_eq!(contacts.zone, "Europe/Berlin");
        assert_eq!(contacts.by_name("none"), Some(&"none".into()));
        assert_eq!(contacts.by_name("nobody"), None);
        assert!(contacts.knows(&"ann".into()) && !contacts.knows(&"none".into()));
    }
}
