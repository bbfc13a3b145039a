//! What stands in a mail and for whom: the templates that a tenant has, names and addresses, links, and how each person wants
//! to be written to.
//!
//! What must hold: the templates of one tenant are used for no other; what a tenant has set counts without a restart, and
//! costs nothing while it stays.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use fluxor_engine::calendar::{Calendar, Calendars};
use fluxor_engine::clock::Timestamp;
use fluxor_engine::definition::Library;
use fluxor_engine::definition::reload::Fault;
use fluxor_engine::ids::{InstanceId, PersonId, TenantId};
use fluxor_workflows::Preference;
use uuid::Uuid;

use super::contacts::{Contacts, Directory};
use super::facts::{self, Facts, Payload};
use super::links::{Links, Meant, Plain};
use super::templates::Templates;
use super::when;
use crate::config::Config;
use crate::desk::{Books, Desk};
use crate::http::problem::chain;
use crate::settings;

/// How long a change of a tenant's templates may go unnoticed.
const AGE: Duration = Duration::from_secs(3);
/// The templates of how many tenants are remembered.
const MOST: usize = 1_000;

/// The setting in which a tenant has its templates.
pub(crate) const TEMPLATES: &str = "mail_templates";

/// Writes what mails say.
pub(crate) struct Press {
    definitions: Option<PathBuf>,
    ground: RwLock<Ground>,
    pub(super) directory: Directory,
    pub(super) plain: Plain,
    links: OnceLock<Arc<dyn Links>>,
    own: Mutex<HashMap<TenantId, Own>>,
}

/// What definitions and their folder give. Cheap to clone.
#[derive(Clone)]
struct Ground {
    /// The templates of the server.
    usual: Arc<Templates>,
    fields: Arc<BTreeSet<String>>,
    /// Where documents of a workflow have their amount, if not in `amount`.
    amounts: Arc<BTreeMap<String, String>>,
    calendars: Calendars,
}

/// What is known of a tenant's templates.
#[derive(Clone)]
struct Own {
    looked: Instant,
    version: i64,
    templates: Arc<Templates>,
}

/// What a mail is about, for whoever fills it in.
#[derive(Clone, Copy)]
pub(super) struct Matter<'a> {
    pub(super) tenant: TenantId,
    /// The id of the notice's message.
    pub(super) message: Uuid,
    pub(super) instance: InstanceId,
    pub(super) payload: &'a Payload,
}

impl Press {
    /// As configured.
    ///
    /// # Errors
    /// A sentence: an option that cannot be used, or a broken template.
    pub(crate) fn new(config: &Config, library: &Library) -> anyhow::Result<Self> {
        let (definitions, fields) = (config.definitions(), facts::fields_of(library));
        let usual = Templates::load(definitions.as_deref(), fields.clone())?;
        let press = Self { definitions, ..Self::with(usual, fields, config.public_url()?) };
        let mut ground = press.write();
        (ground.amounts, ground.calendars) = (facts::amounts_of(library).into(), library.calendars().clone());
        drop(ground);
        Ok(press)
    }

    /// Goes by other definitions, and by the templates as they are in the folder now; of these all or none. With `dry_run` it
    /// only looks.
    ///
    /// # Errors
    /// What is wrong with templates: those that were read before are used.
    pub(crate) fn follow(&self, library: &Library, dry_run: bool) -> Result<(), Vec<Fault>> {
        let fields = facts::fields_of(library);
        let read = Templates::read(self.definitions.as_deref(), fields.clone());
        if dry_run {
            return read.map(|_| ());
        }
        let mut ground = self.write();
        (ground.fields, ground.calendars) = (fields.into(), library.calendars().clone());
        ground.amounts = facts::amounts_of(library).into();
        ground.usual = Arc::new(read?);
        drop(ground);
        // What tenants have written stands over those.
        self.own.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    fn write(&self) -> RwLockWriteGuard<'_, Ground> {
        self.ground.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn ground(&self) -> Ground {
        self.ground.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What comes with the program.
    pub(crate) fn built_in() -> Self {
        let fields = facts::fields([]);
        Self::with(Templates::built_in(fields.clone()), fields, None)
    }

    fn with(usual: Templates, fields: BTreeSet<String>, public_url: Option<String>) -> Self {
        let ground = Ground {
            usual: usual.into(),
            fields: fields.into(),
            amounts: Arc::default(),
            calendars: Calendars::default(),
        };
        Self {
            definitions: None,
            ground: RwLock::new(ground),
            directory: Directory::default(),
            plain: Plain::new(public_url),
            links: OnceLock::new(),
            own: Mutex::default(),
        }
    }

    /// Who is asked about tenants: known only when the engine runs.
    pub(crate) fn ask(&self, desk: &Arc<dyn Desk>) {
        self.directory.ask(Arc::downgrade(desk));
    }

    /// From now on links to tasks are made by this one; a second call changes nothing.
    pub(crate) fn link_by(&self, links: Arc<dyn Links>) {
        let _ = self.links.set(links);
    }

    /// The fields that templates may name.
    pub(crate) fn fields(&self) -> Arc<BTreeSet<String>> {
        self.ground().fields
    }

    /// Whether there is a calendar of that name.
    pub(crate) fn has_calendar(&self, name: &str) -> bool {
        self.ground().calendars.get(name).is_some()
    }

    fn calendar(&self, preference: &Preference) -> Option<Calendar> {
        let name = preference.calendar.as_deref()?;
        self.ground().calendars.get(name).map(|named| named.calendar.clone())
    }

    pub(super) async fn desk(&self) -> Result<Arc<dyn Desk>, String> {
        self.directory.desk().await.ok_or_else(|| "the server is starting or stopping".to_owned())
    }

    pub(super) async fn contacts(&self, tenant: TenantId) -> Result<Arc<Contacts>, String> {
        self.directory.of(tenant).await
    }

    /// The templates of a tenant: its own, where it has some.
    ///
    /// # Errors
    /// A sentence: the database does not answer.
    pub(super) async fn templates(&self, tenant: TenantId) -> Result<Arc<Templates>, String> {
        let known = self.own.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        if let Some(known) = known.as_ref().filter(|known| known.looked.elapsed() < AGE) {
            return Ok(known.templates.clone());
        }
        let (version, document) = self.set_by(tenant).await?;
        let Ground { usual, fields, .. } = self.ground();
        let templates = match known.filter(|known| known.version == version) {
            Some(known) => known.templates,
            None if version == 0 => usual,
            None => match Templates::of_tenant(&document, self.definitions.as_deref(), (*fields).clone()) {
                Ok(templates) => Arc::new(templates),
                // They were right when they were set: since then the server has other definitions.
                Err(faults) => {
                    let (place, why) = faults.into_iter().next().unwrap_or_default();
                    tracing::error!(%tenant, "the mail templates of tenant {tenant} cannot be used: {place}: {why}");
                    usual
                }
            },
        };
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if own.len() >= MOST {
            own.clear();
        }
        own.insert(tenant, Own { looked: Instant::now(), version, templates: templates.clone() });
        Ok(templates)
    }

    /// Version and document of what a tenant has set.
    async fn set_by(&self, tenant: TenantId) -> Result<(i64, serde_json::Value), String> {
        let asked = Books::Setting { name: TEMPLATES.to_owned() };
        let row = self.desk().await?.books(tenant, asked).await;
        let row = row.map_err(|e| format!("the mail templates cannot be asked: {}", chain(&e)))?;
        Ok(settings::in_force(&row, || serde_json::json!({})))
    }

    /// The templates of a tenant with others over them, which nobody has set.
    ///
    /// # Errors
    /// The database does not answer; inside, what is wrong with them.
    pub(super) async fn templates_with(
        &self,
        tenant: TenantId,
        over: &serde_json::Value,
    ) -> Result<Result<Templates, Vec<(String, String)>>, String> {
        let (_, mut document) = self.set_by(tenant).await?;
        match (document.as_object_mut(), over.as_object()) {
            (Some(document), Some(over)) => document.extend(over.clone()),
            _ => document = over.clone(),
        }
        Ok(Templates::of_tenant(&document, self.definitions.as_deref(), (*self.fields()).clone()))
    }

    #[cfg(test)]
    pub(super) fn forget(&self) {
        self.own.lock().unwrap().clear();
        self.directory.forget();
    }

    /// How somebody wants to be written to.
    ///
    /// # Errors
    /// A sentence: the database does not answer.
    pub(super) async fn preference(&self, tenant: TenantId, person: &PersonId) -> Result<Preference, String> {
        let asked = Books::Preference { person: person.to_string() };
        let row = self.desk().await?.books(tenant, asked).await;
        let row = row.map_err(|e| format!("the preferences cannot be asked: {}", chain(&e)))?;
        if row.is_null() {
            return Ok(Preference::default());
        }
        Ok(Preference::read(&row["document"]).unwrap_or_else(|_| {
            tracing::error!(%tenant, %person, "what `{person}` has set about mail cannot be read, and the usual holds");
            Preference::default()
        }))
    }

    /// When the digest comes in which something stands that happened then.
    pub(super) fn due(&self, preference: &Preference, contacts: &Contacts, since: Timestamp) -> Timestamp {
        let zone = preference.zone.as_deref().unwrap_or(&contacts.zone);
        when::due(preference, since, zone, self.calendar(preference).as_ref())
    }

    /// What a template sees of a notice.
    pub(super) async fn facts(
        &self,
        matter: Matter<'_>,
        contacts: &Contacts,
        person: &PersonId,
        preference: &Preference,
    ) -> Facts {
        let link = self.link(matter, person).await;
        let facts =
            facts::of(matter.payload, matter.instance, contacts, person, link).with_amount(&self.ground().amounts);
        Facts { language: preference.language.as_deref().map(str::to_owned), ..facts }
    }

    /// The same for whoever only looks what a template makes of it: with no link that would let him act as the reader.
    pub(super) fn shown(&self, matter: Matter<'_>, contacts: &Contacts, person: &PersonId) -> Facts {
        let task = matter.payload.leads_to(matter.instance);
        let link = task.map_or_else(|| self.plain.instance(matter.instance), |task| self.plain.task(task));
        facts::of(matter.payload, matter.instance, contacts, person, link).with_amount(&self.ground().amounts)
    }

    async fn link(&self, matter: Matter<'_>, person: &PersonId) -> Option<String> {
        let Some(task) = matter.payload.leads_to(matter.instance) else { return self.plain.instance(matter.instance) };
        let meant = Meant { tenant: matter.tenant, person, task, message: matter.message };
        let made = match self.links.get() {
            Some(links) => links.to_task(meant).await,
            None => None,
        };
        made.or_else(|| self.plain.task(task))
    }
}
