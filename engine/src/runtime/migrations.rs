//! Moving running instances to another definition, page by page: told before it is done, and done as commands of their own.
//!
//! What must hold: a page says of each instance what came of it; whoever breaks off and asks again goes on with those that
//! are left, since one that has moved is where it should be; and nobody waits for it, since it goes behind everybody.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use crate::command::{Actor, Answer, Command, Verb};
use crate::decide::{self, Ground, Keys, Migrated};
use crate::definition::Library;
use crate::definition::chart::Definition;
use crate::diagnostic::Diagnostic;
use crate::ids::{Digest, InstanceId, TenantId};
use crate::instance::{Instance, Status};
use crate::migrate::{Bound, Draft, Known, Mapping};
use crate::refusal::Refusal;
use crate::store::{InstancePage, Persist, Store};

use super::{Engine, NotDone, Priority};

/// How many are under way at once.
const AT_ONCE: usize = 64;

/// Of so many runs the mapping is kept.
const RUNS: usize = 8;

/// The mappings that were read last: of what text, beside which definitions.
#[derive(Default)]
pub(super) struct Mapped(Mutex<VecDeque<(Digest, Arc<Library>, Bound)>>);

impl Mapped {
    fn known(&self, text: Digest, library: &Arc<Library>) -> Option<Bound> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |(known, beside, _): &&(Digest, Arc<Library>, Bound)| *known == text && Arc::ptr_eq(beside, library);
        kept.iter().find(same).map(|(_, _, bound)| bound.clone())
    }

    fn keep(&self, text: Digest, library: Arc<Library>, bound: Bound) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, ..)| *known != text);
        kept.push_back((text, library, bound));
        if kept.len() > RUNS {
            kept.pop_front();
        }
    }
}

/// Who asks, of whose instances, by which mapping, why.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Whose.
    pub tenant: TenantId,
    /// Who.
    pub actor: Actor,
    /// By which mapping.
    pub mapping: Arc<Mapping>,
    /// Why.
    pub reason: String,
}

/// Which instances.
#[derive(Clone, Debug)]
pub enum Subjects {
    /// These.
    Only(Vec<InstanceId>),
    /// Every running one of the workflow from there on, so many at most.
    After(Cursor, i64),
}

/// Where a page ended: those that are well come first, then those with an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    status: Status,
    after: Option<InstanceId>,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { status: Status::Active, after: None }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.status.as_str())?;
        self.after.map_or(Ok(()), |after| write!(f, ":{after}"))
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no place where a page ended: bring what `next` said");
        let (status, after) = text.split_once(':').map_or((text, None), |(status, after)| (status, Some(after)));
        let status = Status::parse(status).filter(|status| *status != Status::Final).ok_or_else(wrong)?;
        let after = after.map(str::parse).transpose().map_err(|_| wrong())?;
        Ok(Self { status, after })
    }
}

/// What came of an instance, or would.
#[derive(Debug)]
pub struct Came {
    /// Which.
    pub instance: InstanceId,
    /// Its business key.
    pub key: Option<Arc<str>>,
    /// The state that it was in.
    pub state: Arc<str>,
    /// What a migration makes of it, or why there is none. Of one that was done only from where to where it went.
    pub came: Result<Migrated, Refusal>,
}

/// A page of instances.
#[derive(Debug, Default)]
pub struct Page {
    /// Those that the mapping is for.
    pub items: Vec<Came>,
    /// How many have the definition already that it leads to.
    pub at_target: usize,
    /// How many have one that it is not for.
    pub others: usize,
    /// Where the next page begins.
    pub next: Option<Cursor>,
    /// Whether it was done.
    pub done: bool,
}

impl<D: Persist, S: Store<D>> Engine<D, S> {
    /// Reads a mapping and holds it against the definitions that instances have. Who `goes_on` with a run has the one that it
    /// began with, as long as the definitions are the same.
    ///
    /// # Errors
    /// Broken machinery. Inside: everything that is wrong with the file.
    pub async fn mapping(&self, source: &str, goes_on: bool) -> Result<Result<Bound, Vec<Diagnostic>>, NotDone> {
        let text = Digest::of(source);
        if goes_on && let Some(known) = self.shared.mapped.known(text, &self.library()) {
            return Ok(Ok(known));
        }
        let bound = self.bound(source).await?;
        if let Ok(bound) = &bound {
            self.shared.mapped.keep(text, self.library(), bound.clone());
        }
        Ok(bound)
    }

    async fn bound(&self, source: &str) -> Result<Result<Bound, Vec<Diagnostic>>, NotDone> {
        let draft = match Draft::read(source) {
            Ok(draft) => draft,
            Err(found) => return Ok(Err(found)),
        };
        let mut rows = self.shared.store.pinned().await?;
        rows.retain(|row| *row.name == *draft.workflow());
        rows.iter().for_each(|row| self.shared.take_definition(row));
        let library = self.library();
        let current = library.current(draft.workflow());
        let mut all: Vec<Arc<Definition>> = rows.iter().filter_map(|row| library.pinned(row.hash)).cloned().collect();
        all.extend(current.filter(|current| all.iter().all(|one| one.hash != current.hash)).cloned());
        let names: Vec<Arc<str>> = library.names().cloned().collect();
        let vocabulary = self.shared.domain.vocabulary();
        let known = Known { current, all: &all, names: &names, vocabulary };
        Ok(draft.bind(known))
    }

    /// Whether he may have instances migrated.
    ///
    /// # Errors
    /// The rule that he does not meet; broken machinery.
    pub async fn may_migrate(&self, tenant: TenantId, actor: &Actor) -> Result<(), NotDone> {
        let organisations = [self.organisation(tenant).await?];
        let (library, keys) = (self.library(), Keys::default());
        let ground = Ground::new(&*self.shared.domain, &library, &keys, &organisations, self.shared.clock.now());
        match ground.map(|ground| decide::may_migrate(&ground, actor)) {
            Some(Err(refusal)) => Err(NotDone::Refused(refusal)),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    /// What would become of a page of instances. Nothing is written.
    ///
    /// # Errors
    /// Who may not; broken machinery.
    pub async fn foresee_migrations(&self, asking: &Asking, subjects: Subjects) -> Result<Page, NotDone> {
        self.may_migrate(asking.tenant, &asking.actor).await?;
        let (rows, mut page) = self.subjects(asking, subjects).await?;
        for row in rows {
            let command = asking.command(&row);
            let seen = self.look_at(&row, |ground, definition, before, facts| {
                decide::foresee_migration(ground, definition, before, &command, facts)
            });
            let came = match seen.await {
                Ok(moved) => Ok(moved),
                Err(NotDone::Refused(refusal)) => Err(refusal),
                Err(other) => return Err(other),
            };
            page.items.push(Came { instance: row.id, key: row.key, state: row.state, came });
        }
        Ok(page)
    }

    /// Migrates a page of instances, each by a command of its own.
    ///
    /// # Errors
    /// Who may not; broken machinery: what was done until then stays, and asking again goes on.
    pub async fn migrate(&self, asking: &Asking, subjects: Subjects) -> Result<Page, NotDone> {
        let (rows, mut page) = self.subjects(asking, subjects).await?;
        if let Err(refused) = self.may_migrate(asking.tenant, &asking.actor).await {
            // The engine itself refuses it, so that the security stream has it.
            if let Some(row) = rows.first() {
                self.submit(asking.command(row)).await?;
            }
            return Err(refused);
        }
        let mut came: Vec<Result<Migrated, Refusal>> = rows.iter().map(|row| Ok(Migrated::of(row))).collect();
        let mut running: JoinSet<(usize, Result<super::Submitted, NotDone>)> = JoinSet::new();
        let mut waiting = rows.iter().enumerate();
        loop {
            while running.len() < AT_ONCE {
                let Some((at, row)) = waiting.next() else { break };
                let (engine, command) = (self.clone(), asking.command(row));
                running.spawn(async move { (at, engine.submit_with(command, Priority::Bulk).await) });
            }
            let Some(done) = running.join_next().await else { break };
            // What broke off is not told as done.
            let (at, done) =
                done.map_err(|ended| NotDone::Busy(format!("a migration broke off ({ended}): ask again")))?;
            match done {
                Ok(done) => came[at].iter_mut().for_each(|moved| moved.to = whereabouts(&done.answer)),
                Err(NotDone::Refused(refusal)) => came[at] = Err(refusal),
                Err(other) => return Err(other),
            }
        }
        page.done = true;
        for (row, came) in rows.into_iter().zip(came) {
            page.items.push(Came { instance: row.id, key: row.key, state: row.state, came });
        }
        Ok(page)
    }

    /// The instances of a page that the mapping is for; the rest is counted.
    async fn subjects(&self, asking: &Asking, subjects: Subjects) -> Result<(Vec<Instance>, Page), NotDone> {
        let (tenant, mapping) = (asking.tenant, &asking.mapping);
        let mut page = Page::default();
        let rows = match subjects {
            Subjects::Only(ids) => {
                let mut rows = Vec::new();
                for id in ids {
                    let found = self.shared.store.instance(tenant, id).await?;
                    rows.push(found.ok_or(NotDone::Refused(Refusal::UnknownInstance(id)))?);
                }
                // Who names an instance hears what there is to say of it.
                return Ok((rows, page));
            }
            Subjects::After(Cursor { status, after }, limit) => {
                let workflow = Some(mapping.workflow.clone());
                let asked = InstancePage { workflow, status: Some(status), after, ..InstancePage::all(tenant, limit) };
                let rows = self.shared.store.instances(&asked).await?;
                let full = i64::try_from(rows.len()).unwrap_or(0) >= limit;
                page.next = match (full, status) {
                    (true, _) => rows.last().map(|last| Cursor { status, after: Some(last.id) }),
                    (false, Status::Active) => Some(Cursor { status: Status::Incident, after: None }),
                    (false, _) => None,
                };
                rows
            }
        };
        let mut meant = Vec::new();
        for row in rows {
            if row.definition == mapping.to {
                page.at_target += 1;
            } else if mapping.from.contains(&row.definition) {
                meant.push(row);
            } else {
                page.others += 1;
            }
        }
        Ok((meant, page))
    }
}

/// The innermost states that an answer tells.
fn whereabouts(answer: &Answer) -> Vec<Arc<str>> {
    if answer.inside.is_empty() { answer.state.iter().cloned().collect() } else { answer.inside.clone() }
}

impl Asking {
    /// The command about an instance as it is. The same about the same is one request, whoever asks again.
    fn command(&self, row: &Instance) -> Command {
        let digest = self.mapping.digest.to_string();
        let request = format!("migrate:{}:{}", &digest[..16], row.state_revision);
        Command {
            tenant: self.tenant,
            request_hash: Digest::of(format!("migrate\0{digest}\0{}", row.id)),
            request: request.as_str().into(),
            actor: self.actor.clone(),
            verb: Verb::Migrate {
                instance: row.id,
                mapping: self.mapping.clone(),
                reason: self.reason.clone(),
                // It is judged as it is when its turn comes.
                state_revision: None,
            },
        }
    }
}
