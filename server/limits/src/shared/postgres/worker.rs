//! The task that decides: it takes all questions that wait, locks their rows in one transaction, decides, writes,
//! commits, and answers. Meanwhile the next ones gather, so that more is decided at once the more is asked.
//!
//! A batch takes two round trips: `BEGIN`, the locks and the clock go together, and so do the new states and `COMMIT`.
//! Rows that are not there yet cost a third. (These are simple queries that execute prepared statements: with bound
//! arguments each of the parts would be a round trip.) Who waits longer than the callers do is not asked any more:
//! questions whose caller has gone are left out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row as _};
use tokio::sync::mpsc;

use super::batch::{Answer, Job, Rows};
use super::link::{CLOCK, in_time};
use super::text;
use crate::at::At;
use crate::store::StoreAway;

/// How many questions are decided at once.
const MOST: usize = 500;

/// How often a batch is begun anew where a row has vanished, or another transaction was in the way.
const ATTEMPTS: usize = 8;

/// What a store has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Questions that were answered (of a call: deciding, settling, renewing).
    pub questions: u64,
    /// Batches in which they were decided.
    pub batches: u64,
    /// Round trips for these.
    pub round_trips: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    questions: AtomicU64,
    batches: AtomicU64,
    round_trips: AtomicU64,
}

impl Counts {
    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            questions: self.questions.load(Ordering::Relaxed),
            batches: self.batches.load(Ordering::Relaxed),
            round_trips: self.round_trips.load(Ordering::Relaxed),
        }
    }
}

/// The task, with the connection that it alone uses.
pub(super) struct Worker {
    pub(super) connection: PgConnection,
    pub(super) jobs: mpsc::Receiver<Job>,
    pub(super) by_callers_clock: bool,
    pub(super) counts: Arc<Counts>,
    /// Why it has ended.
    pub(super) lost: Arc<OnceLock<StoreAway>>,
}

impl Worker {
    /// Works until the store is dropped, or until something fails: nobody knows then what became of the transaction,
    /// and the connection is given up.
    pub(super) async fn run(mut self) {
        let (mut jobs, mut undone) = (Vec::with_capacity(MOST), Vec::new());
        while !jobs.is_empty() || self.jobs.recv_many(&mut jobs, MOST).await > 0 {
            jobs.retain(|job| !job.reply.is_closed() || job.question.undoes());
            if jobs.is_empty() {
                continue;
            }
            match self.decide(&jobs).await {
                Ok(answers) => {
                    self.counts.batches.fetch_add(1, Ordering::Relaxed);
                    self.counts.questions.fetch_add(jobs.len() as u64, Ordering::Relaxed);
                    for (job, answer) in jobs.drain(..).zip(answers) {
                        let Job { now, question, reply } = job;
                        if let Err(Ok(answer)) = reply.send(Ok(answer)) {
                            // Who has gone meanwhile has used nothing.
                            undone.extend(question.undone(now, &answer));
                        }
                    }
                    jobs.append(&mut undone);
                }
                Err(away) => {
                    let _ = self.lost.set(away.clone());
                    self.jobs.close();
                    for job in jobs {
                        let _ = job.reply.send(Err(away.clone()));
                    }
                    return;
                }
            }
        }
    }

    async fn decide(&mut self, jobs: &[Job]) -> Result<Vec<Answer>, StoreAway> {
        let mut rows = Rows::of(jobs);
        let mut begin = "BEGIN; ".to_owned();
        for _ in 0..ATTEMPTS {
            let locked = match self.lock(&begin, &mut rows).await? {
                Done::Yes(at) => at,
                Done::Again => {
                    "ROLLBACK; BEGIN; ".clone_into(&mut begin);
                    continue;
                }
            };
            let missing = rows.missing();
            if !missing.is_empty() {
                begin = make(&missing, locked);
                continue;
            }
            let answer = |job: &Job| {
                let at = if self.by_callers_clock { job.now } else { locked };
                rows.decide(&job.question, at)
            };
            let answers = jobs.iter().map(answer).collect();
            match self.write(&rows).await? {
                Done::Yes(()) => return Ok(answers),
                Done::Again => "ROLLBACK; BEGIN; ".clone_into(&mut begin),
            }
        }
        Err(StoreAway("others are in the way again and again".to_owned()))
    }

    /// Locks the rows and reads them. What time it is, is asked in a statement of its own, after all locks were waited
    /// for.
    async fn lock(&mut self, begin: &str, rows: &mut Rows) -> Result<Done<At>, StoreAway> {
        rows.clear();
        let mut sql = String::with_capacity(256);
        sql.push_str(begin);
        sql.push_str("EXECUTE limits_lock(");
        text::texts(&mut sql, rows.keys());
        sql.push_str("); SELECT ");
        sql.push_str(CLOCK);
        let mut read = match self.ask(sql).await? {
            Done::Yes(read) => read,
            Done::Again => return Ok(Done::Again),
        };
        let understood = |_| StoreAway("the server answers what is not understood".to_owned());
        let clock = read.pop().ok_or_else(|| StoreAway("the server answers nothing".to_owned()))?;
        let clock: i64 = clock.try_get(0).map_err(understood)?;
        for row in read {
            rows.read(row.try_get(0).map_err(understood)?, row.try_get(1).map_err(understood)?);
        }
        Ok(Done::Yes(At::from_micros(clock.unsigned_abs())))
    }

    /// Writes what has changed, and commits.
    async fn write(&mut self, rows: &Rows) -> Result<Done<()>, StoreAway> {
        let changed = rows.changed();
        let mut sql = String::with_capacity(256);
        if !changed.is_empty() {
            sql.push_str("EXECUTE limits_write(");
            text::texts(&mut sql, changed.iter().map(|row| row.key));
            sql.push_str(", ");
            text::texts(&mut sql, changed.iter().map(|row| row.state.as_str()));
            sql.push_str(", ");
            text::numbers(&mut sql, changed.iter().map(|row| row.untouched.micros()));
            sql.push_str("); ");
        }
        sql.push_str("COMMIT");
        Ok(match self.ask(sql).await? {
            Done::Yes(_) => Done::Yes(()),
            Done::Again => Done::Again,
        })
    }

    async fn ask(&mut self, sql: String) -> Result<Done<Vec<PgRow>>, StoreAway> {
        self.counts.round_trips.fetch_add(1, Ordering::Relaxed);
        let asked = async {
            match sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection).await {
                Ok(rows) => Ok(Done::Yes(rows)),
                Err(error) if passes(&error) => Ok(Done::Again),
                Err(error) => Err(error),
            }
        };
        in_time(asked).await
    }
}

/// Whether a step was done, or the batch must be begun anew.
enum Done<R> {
    Yes(R),
    Again,
}

/// The next attempt's beginning: rows that were not there are made, to count as touched now.
fn make(missing: &[&str], now: At) -> String {
    let mut sql = "ROLLBACK; BEGIN; EXECUTE limits_make(".to_owned();
    text::texts(&mut sql, missing.iter().copied());
    sql.push_str(&format!(", {}); COMMIT; BEGIN; ", now.micros()));
    sql
}

/// Whether it is worth to begin anew: a conflict of transactions, or a deadlock.
fn passes(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40001" | "40P01"))
}
