//! The raw ceiling: recorded commits written again into a fresh database by the same writers, with no engine before them.
//! What is measured is the transaction alone: begin, the rows of the batch, commit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fluxor_engine::commit::Commit;
use fluxor_engine::domain::Domain;
use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::{Store as _, Want, Writer as _};
use fluxor_workflows::Procurement;
use tokio::sync::Notify;

use crate::inside::{Store, open};
use crate::recording::Recorded;

type Op = <Procurement as Domain>::Op;
type Commits = Vec<(usize, Arc<Commit<Op>>)>;

/// Which instances have come how far, for lanes that must not overtake each other.
#[derive(Default)]
struct Progress {
    seqs: Mutex<HashMap<(TenantId, InstanceId), i64>>,
    moved: Notify,
}

impl Progress {
    async fn wait_for(&self, commit: &Commit<Op>) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            {
                let seqs = self.seqs.lock().unwrap();
                let there = |i: &fluxor_engine::commit::InstanceWrite| {
                    i.base == 0 || seqs.get(&(i.row.tenant, i.row.id)) == Some(&i.base)
                };
                if commit.instances.iter().all(there) {
                    return;
                }
            }
            moved.await;
        }
    }

    fn done(&self, commit: &Commit<Op>) {
        let mut seqs = self.seqs.lock().unwrap();
        seqs.extend(commit.instances.iter().map(|i| ((i.row.tenant, i.row.id), i.row.seq)));
        drop(seqs);
        self.moved.notify_waiters();
    }
}

/// Whole approvals a second that the writers alone come to with these rows in these batches.
pub(crate) async fn measure(address: &str, recorded: Recorded) -> f64 {
    let store = open(address).await;
    let lanes = store.lanes();
    let progress = Arc::new(Progress::default());
    write(&store, &progress, &recorded.before, 1).await;
    let time = write(&store, &progress, &recorded.measured, lanes).await;
    recorded.approvals as f64 / time.as_secs_f64()
}

/// Writes commits, each lane its own on a thread of its own, as the engine's lanes do.
async fn write(store: &Store, progress: &Arc<Progress>, commits: &Commits, lanes: usize) -> Duration {
    let mut threads = Vec::new();
    let began = Instant::now();
    for lane in 0..lanes {
        let mine: Vec<_> = commits.iter().filter(|(of, _)| of % lanes == lane).map(|(_, c)| c.clone()).collect();
        let (store, progress) = (store.clone(), progress.clone());
        threads.push(tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let mut writer = store.writer().await.unwrap();
                for commit in mine {
                    progress.wait_for(&commit).await;
                    writer.open(&Want::default()).await.unwrap();
                    writer.finish(&commit).await.unwrap();
                    progress.done(&commit);
                }
            });
        }));
    }
    for thread in threads {
        thread.await.unwrap();
    }
    began.elapsed()
}
