//! The instances that were written last and the organisations' revisions, as they are in the file: the next command for one
//! of them, and whoever reads it, need not parse its row. There is one writer (one owner of a file), so nobody else can
//! have changed them.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::commit::{Commit, OrganisationRow};
use crate::ids::{InstanceId, TenantId};
use crate::instance::Instance;

/// How many are kept: the oldest makes room, and is read from the file when it is asked for again.
const MOST: usize = 4_096;

type Key = (TenantId, InstanceId);

#[derive(Default)]
struct Rows {
    by_key: HashMap<Key, Arc<Instance>>,
    oldest_first: VecDeque<Key>,
    /// The newest revision of a tenant's organisation.
    revisions: HashMap<TenantId, i64>,
    /// How often organisations have changed: what was read before may be old.
    reorganised: u64,
}

/// What is known of a tenant's organisation.
pub(super) enum Newest {
    /// This is its revision.
    Is(i64),
    /// It must be read; what is found is told with this number.
    Unknown(u64),
}

impl Rows {
    /// Whatever came of these: they are read again.
    fn reorganise(&mut self, written: &[OrganisationRow]) {
        for row in written {
            self.revisions.remove(&row.tenant);
            self.reorganised += 1;
        }
    }
}

/// What is kept.
#[derive(Default)]
pub(super) struct Hot(Mutex<Rows>);

impl Hot {
    /// Those of `asked` that are kept, and the keys of the others.
    pub(super) fn find(&self, asked: &BTreeSet<Key>) -> (Vec<Arc<Instance>>, BTreeSet<Key>) {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut found, mut cold) = (Vec::new(), BTreeSet::new());
        for key in asked {
            match rows.by_key.get(key) {
                Some(row) => found.push(row.clone()),
                None => {
                    cold.insert(*key);
                }
            }
        }
        (found, cold)
    }

    /// The instance, if it is kept.
    pub(super) fn get(&self, tenant: TenantId, id: InstanceId) -> Option<Arc<Instance>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by_key.get(&(tenant, id)).cloned()
    }

    /// The newest revision of the tenant's organisation, if it is kept.
    pub(super) fn revision(&self, tenant: TenantId) -> Newest {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.revisions.get(&tenant).map_or(Newest::Unknown(rows.reorganised), |known| Newest::Is(*known))
    }

    /// Keeps what was read after [`Newest::Unknown`] said `since`, unless something has changed meanwhile.
    pub(super) fn found(&self, tenant: TenantId, revision: i64, since: u64) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.reorganised == since {
            if rows.revisions.len() >= MOST {
                rows.revisions.clear();
            }
            rows.revisions.insert(tenant, revision);
        }
    }

    /// Keeps what a commit has written, once it is done.
    pub(super) fn publish<Op>(&self, commit: &Commit<Op>) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.reorganise(&commit.organisations);
        for write in &commit.instances {
            let key = (write.row.tenant, write.row.id);
            if !write.whole {
                rows.by_key.remove(&key);
                continue;
            }
            if rows.by_key.insert(key, write.row.clone()).is_none() {
                rows.oldest_first.push_back(key);
            }
        }
        while rows.oldest_first.len() > MOST {
            if let Some(oldest) = rows.oldest_first.pop_front() {
                rows.by_key.remove(&oldest);
            }
        }
    }

    /// Forgets what a commit was about, whose outcome may not be known.
    pub(super) fn forget<Op>(&self, commit: &Commit<Op>) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.reorganise(&commit.organisations);
        for write in &commit.instances {
            rows.by_key.remove(&(write.row.tenant, write.row.id));
        }
        let Rows { by_key, oldest_first, .. } = &mut *rows;
        oldest_first.retain(|key| by_key.contains_key(key));
    }
}
