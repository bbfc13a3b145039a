//! Where people are written to: the organisation's contacts as they are now, so that an address that was mended counts for
//! what is still to be sent.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use fluxor_engine::diagnostic::nearest;
use fluxor_engine::ids::{PersonId, TenantId};
use lettre::Address;
use lettre::message::Mailbox;
use serde::Deserialize;

use super::helpers::one_line;
use crate::desk::Desk;
use crate::http::problem::chain;

/// How long a change of the organisation may go unnoticed: reading it costs the whole document.
const AGE: Duration = Duration::from_secs(3);

/// So much of a name that nobody has is compared, and so much of one tells somebody.
const LONGEST: usize = 60;
const SHORTEST: usize = 3;

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

    /// Whoever is probably meant by what nobody has as id or name: whose is like it, or who alone has a part of it.
    pub(crate) fn like(&self, typed: &str) -> Option<&PersonId> {
        let wanted: String = typed.trim().chars().take(LONGEST).collect::<String>().to_lowercase();
        let active = self.people.iter().filter(|one| one.active).map(|one| &one.id);
        let called: Vec<(String, &PersonId)> = active
            .flat_map(|id| [id.as_str().to_lowercase(), self.name(id).to_lowercase()].map(|text| (text, id)))
            .collect();
        let near = nearest(&wanted, called.iter().map(|(text, _)| text.as_str()));
        // Whoever knows one name of somebody writes it alone, or as he says it: `bobby`.
        let part = |text: &str| {
            let mut words = text.split_whitespace().filter(|word| word.chars().count() >= SHORTEST);
            wanted.chars().count() >= SHORTEST
                && words.any(|word| word.starts_with(&wanted) || wanted.starts_with(word))
        };
        let fits = |text: &str| near.map_or_else(|| part(text), |near| near == text);
        let mut meant = called.iter().filter(|(text, _)| fits(text)).map(|(_, id)| *id);
        meant.next().filter(|first| meant.all(|other| other == *first))
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
    fn a_name_that_nobody_has_is_like_that_of_one() {
        let document = r#"{ "people": [{ "id": "ann", "active": true }, { "id": "bob", "active": true },
                { "id": "hal", "active": true }, { "id": "kim", "active": true }, { "id": "old", "active": false }],
            "contacts": { "ann": { "name": "Ann Archer" }, "hal": { "name": "Kay Koch" }, "kim": { "name": "Kay Koch" },
                "old": { "name": "Otto Olsen" } } }"#;
        let contacts = Contacts::read(document).unwrap();
        for (typed, meant) in [
            ("An Archer", Some("ann")),
            ("ANN", Some("ann")),
            ("archer", Some("ann")),
            ("Bobby", Some("bob")),
            ("bbo", Some("bob")),
            ("an", Some("ann")),
            // Of two nobody is guessed, and whoever has left is not meant.
            ("Kay Kock", None),
            ("Otto Olson", None),
            ("Xylo", None),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(contacts.like(typed).map(PersonId::as_str), meant, "{typed}");
        }
    }

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
