//! The instances that were written last, as they are in the file: the next command for one of them, and whoever reads it,
//! need not parse its row. There is one writer (one owner of a file), so nobody else can have changed them.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::commit::InstanceWrite;
use crate::ids::{InstanceId, TenantId};
use crate::instance::Instance;

/// How many are kept: the oldest makes room, and is read from the file when it is asked for again.
const MOST: usize = 4_096;

type Key = (TenantId, InstanceId);

#[derive(Default)]
struct Rows {
    by_key: HashMap<Key, Arc<Instance>>,
    oldest_first: VecDeque<Key>,
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

    /// Keeps what a commit has written, once it is done.
    pub(super) fn publish(&self, written: &[InstanceWrite]) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for write in written {
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
    pub(super) fn forget(&self, written: &[InstanceWrite]) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for write in written {
            rows.by_key.remove(&(write.row.tenant, write.row.id));
        }
        let Rows { by_key, oldest_first } = &mut *rows;
        oldest_first.retain(|key| by_key.contains_key(key));
    }
}
