//! The connection to Redis, its scripts, and what is said when something fails: a short text that never repeats a
//! password, nor anything that a server echoes while one is sent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError, Script, ServerErrorKind};

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::store::StoreAway;

/// Decides. The first line tells Redis that it writes, so that a replica, or a server without memory, refuses it at once.
const DECIDE: &str = concat!(
    "#!lua\n",
    include_str!("numbers.lua"),
    include_str!("kinds.lua"),
    include_str!("fixed.lua"),
    include_str!("sliding.lua"),
    include_str!("bucket.lua"),
    include_str!("ring.lua"),
    include_str!("log.lua"),
    include_str!("leases.lua"),
    include_str!("decide.lua"),
);

/// Counts processes.
const ENLIST: &str = include_str!("enlist.lua");

/// How many questions may be unanswered at most, and how long they may take Redis together, in microseconds. It writes its
/// answers when it has done all that it has read of a connection: so there is a sign of life every few milliseconds, also
/// where states are large.
const UNANSWERED: u32 = 32;
const WORK: u64 = 10_000;

/// How long a question waits until it may be put: as long as others are answered that is no outage, but there is an end.
const TURN: Duration = Duration::from_secs(1);

const EVALSHA: &str = "EVALSHA";
const LOAD: &str = "SCRIPT LOAD";

/// All that is sent, here and by the scripts: what the user of an ACL needs. Only these are named when one is refused.
const COMMANDS: [&str; 15] = [
    "SELECT",
    "PING",
    "SCRIPT",
    "EVALSHA",
    "TIME",
    "MGET",
    "SET",
    "ZADD",
    "ZCARD",
    "ZREMRANGEBYSCORE",
    "PTTL",
    "PEXPIRE",
    "AUTH",
    "HELLO",
    "CLIENT",
];

/// What is said if that was too long: Redis is there, and has too much to do for this question.
pub(super) const BUSY: &str = "Redis has too many questions before this one";

/// The connection in use. All questions go over it, one behind the other without waiting for answers.
pub(super) struct Link {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
    unanswered: Semaphore,
    /// How long a question takes Redis on average, in microseconds, and when the last was answered, counted from `began`.
    takes: AtomicU64,
    answered: AtomicU64,
    began: Instant,
    decide: Loaded,
    enlist: Loaded,
}

/// A script, and the name that Redis gives it.
struct Loaded {
    code: &'static str,
    name: String,
}

impl std::fmt::Debug for Link {
    // Neither address nor password.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Link").field("connected", &self.current().is_ok()).finish_non_exhaustive()
    }
}

impl Loaded {
    fn new(code: &'static str) -> Loaded {
        Loaded { code, name: Script::new(code).get_hash().to_owned() }
    }

    /// The beginning of a call with so many keys.
    fn call(&self, keys: usize) -> Cmd {
        let mut command = redis::cmd(EVALSHA);
        command.arg(&self.name).arg(keys);
        command
    }

    async fn load(&self, connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
        let loaded: String = redis::cmd("SCRIPT").arg("LOAD").arg(self.code).query_async(connection).await?;
        debug_assert_eq!(loaded, self.name, "Redis names scripts by SHA-1");
        Ok(())
    }
}

impl Link {
    pub(super) fn new(url: &str) -> Result<Link, String> {
        let client = Client::open(url).map_err(|_| {
            "this is no URL of a Redis, such as redis://user:password@host:6379/0, with port and database as numbers \
                  (in a password @ : / ? # are written %40 %3A %2F %3F %23)"
                .to_owned()
        })?;
        let (decide, enlist) = (Loaded::new(DECIDE), Loaded::new(ENLIST));
        let unanswered = Semaphore::new(UNANSWERED as usize);
        let (takes, answered, began) = (AtomicU64::new(0), AtomicU64::new(0), Instant::now());
        Ok(Link { client, connection: Mutex::new(None), unanswered, takes, answered, began, decide, enlist })
    }

    fn current(&self) -> Result<MultiplexedConnection, StoreAway> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.clone().ok_or_else(|| StoreAway("not connected yet".to_owned()))
    }

    pub(super) async fn ping(&self) -> Result<(), StoreAway> {
        let answer: String =
            redis::cmd("PING").query_async(&mut self.current()?).await.map_err(|error| away(&error, "PING"))?;
        if answer == "PONG" { Ok(()) } else { Err(StoreAway("the answer to a ping is no pong".to_owned())) }
    }

    /// Makes a connection that has shown that it can decide, and puts it in the place of the old one.
    pub(super) async fn reconnect(&self) -> Result<(), StoreAway> {
        // How long anything may take is the guard's business.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let made = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let mut made = made.map_err(|error| away(&error, "AUTH or SELECT"))?;
        // First something short: who has not said a password yet is not told of it if the text is long.
        let pinged: Result<(), RedisError> = redis::cmd("PING").query_async(&mut made).await;
        pinged.map_err(|error| away(&error, "PING"))?;
        for script in [&self.decide, &self.enlist] {
            script.load(&mut made).await.map_err(|error| away(&error, LOAD))?;
        }
        // A question about nothing: whatever cannot write refuses it.
        let mut nothing = self.decide.call(0);
        nothing.arg("T").arg(0).arg(0);
        nothing.query_async::<Vec<i64>>(&mut made).await.map_err(|error| away(&error, EVALSHA))?;
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok(())
    }

    /// The beginning of a question about so many keys: keys and arguments follow as `decide.lua` reads them.
    pub(super) fn question(&self, keys: usize) -> Cmd {
        self.decide.call(keys)
    }

    /// Puts a question.
    pub(super) async fn decide(&self, question: &Cmd) -> Result<Vec<i64>, StoreAway> {
        self.call(&self.decide, question).await
    }

    pub(super) async fn enlist(&self, key: &str, name: &str, millis: u64) -> Result<u64, StoreAway> {
        let mut command = self.enlist.call(1);
        command.arg(key).arg(name).arg(millis);
        self.call(&self.enlist, &command).await
    }

    /// Calls a script; one that the server has forgotten (it was started again, say) is loaded, once.
    async fn call<T: FromRedisValue>(&self, script: &Loaded, command: &Cmd) -> Result<T, StoreAway> {
        let weight = (self.takes.load(Ordering::Relaxed) * u64::from(UNANSWERED) / WORK).clamp(1, UNANSWERED.into());
        let turn = self.unanswered.acquire_many(u32::try_from(weight).unwrap_or(1));
        let Ok(Ok(_turn)) = timeout(TURN, turn).await else { return Err(StoreAway(BUSY.to_owned())) };
        let mut connection = self.current()?;
        let asked = self.since();
        let answer = match command.query_async(&mut connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                script.load(&mut connection).await.map_err(|error| away(&error, LOAD))?;
                command.query_async(&mut connection).await
            }
            answer => answer,
        };
        self.took(asked);
        answer.map_err(|error| away(&error, EVALSHA))
    }

    /// Microseconds since this was made.
    fn since(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Takes note of how long a question took that was put then: since the answer before, if that came later.
    fn took(&self, asked: u64) {
        let now = self.since();
        let before = self.answered.swap(now, Ordering::Relaxed);
        let took = now.saturating_sub(asked.max(before));
        let mean = self.takes.load(Ordering::Relaxed);
        // One of eight; two at the same time may lose one of them.
        self.takes.store((mean * 7 + took.min(1_000_000)) / 8, Ordering::Relaxed);
    }
}

/// The command of ours that the user may not run, if that is what is wrong.
fn forbidden(error: &RedisError) -> Option<&'static str> {
    let detail = error.detail().filter(|detail| detail.contains("permission"))?.to_ascii_uppercase();
    // `'zadd'`, or with its part `'script|load'`.
    COMMANDS.into_iter().find(|name| ["'", "|"].iter().any(|end| detail.contains(&format!("'{name}{end}"))))
}

/// What is told of an error in the answer to a command.
fn away(error: &RedisError, command: &str) -> StoreAway {
    if let Some(command) = forbidden(error) {
        return StoreAway(format!("Redis does not allow this user to run {command}: its ACL must"));
    }
    let told = match error.code() {
        Some("READONLY") => "Redis is a replica here, and cannot write",
        Some("OOM") => "Redis has no memory left",
        Some("LOADING") => "Redis is still loading its data",
        Some("BUSY") => "Redis is busy with another script",
        Some("WRONGTYPE") => "a key of ours holds something else in Redis",
        Some("NOAUTH") => "Redis wants a password",
        Some("WRONGPASS") => "Redis does not accept the user or the password",
        Some("NOPERM") => "Redis does not allow this user to run scripts on our keys",
        Some("MISCONF") => "Redis does not write, because it cannot save its data",
        Some("NOREPLICAS") => "Redis does not write, because too few replicas follow it",
        Some("MASTERDOWN" | "CLUSTERDOWN") => "the cluster of Redis is down",
        Some("MOVED" | "ASK" | "TRYAGAIN") => "another node of the Redis cluster has our keys",
        Some("ERR") if error.detail().is_some_and(|told| told.contains("DB index")) => {
            "Redis has no database of that number"
        }
        // Redis 7.0 does not say which one.
        Some("ERR") if error.detail().is_some_and(|told| told.contains("executing the script can't run")) => {
            "Redis does not allow this user a command of our script: its ACL must allow all that are documented"
        }
        Some(code) => return StoreAway(format!("Redis answered {command} with the error {}", plain(code))),
        None if error.kind() == ErrorKind::AuthenticationFailed => "Redis does not accept the user or the password",
        None if error.is_timeout() => "Redis did not answer in time",
        None if error.is_connection_refusal() => "nobody listens at Redis' address",
        None if error.is_connection_dropped() => "the connection to Redis was closed",
        None if error.to_string().contains("certificate") => "the certificate of Redis is not trusted",
        None if error.to_string().contains("lookup") => "the name of Redis' host is not known",
        None if error.is_io_error() => "the connection to Redis failed",
        None => "Redis answered something that is no answer",
    };
    StoreAway(told.to_owned())
}

/// A code as far as it is one: whoever is no Redis may answer anything.
fn plain(code: &str) -> &str {
    let end = code.find(|letter: char| !letter.is_ascii_uppercase()).unwrap_or(code.len());
    &code[..end.min(16)]
}
