//! One owner of a SQLite file (design 2.12): `<file>.lock` is held while the file is open for writing and names the
//! owner's URL, so that a changing command can go there instead.
//!
//! The lock is advisory and the operating system's: when its holder dies it is free, whatever the file says.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

/// Who holds a lock, by their own account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    /// Its process.
    pub pid: u32,
    /// Where it listens; `None`: a command that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What came of asking for a lock.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It is ours.
    Ours(Lock),
    /// Somebody else has it.
    Held(Holder),
}

/// Takes the lock of the database file at `database`, or tells who has it.
pub(crate) fn take(database: &Path) -> anyhow::Result<Taken> {
    for _ in 0..10 {
        match try_take(database)? {
            // Somebody who only looks at the lock holds it for a moment, and gives no name.
            Taken::Held(holder) if holder.pid == 0 => std::thread::sleep(Duration::from_millis(10)),
            taken => return Ok(taken),
        }
    }
    try_take(database)
}

fn try_take(database: &Path) -> anyhow::Result<Taken> {
    let path = beside(database)?;
    let shown = path.display().to_string();
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(|| format!("cannot open the lock file {shown}"))?;
    match file.try_lock() {
        Ok(()) => {
            let mut lock = Lock { file, path };
            lock.announce(None)?;
            Ok(Taken::Ours(lock))
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Between locking and announcing the file may be empty: a holder without a name.
            let _ = file.read_to_string(&mut text);
            Ok(Taken::Held(serde_json::from_str(&text).unwrap_or_default()))
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {shown}")),
    }
}

/// Who has the database file open for writing, if anybody has.
pub(crate) fn holder(database: &Path) -> anyhow::Result<Option<Holder>> {
    let Ok(mut file) = File::open(beside(database)?) else { return Ok(None) };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let _ = file.read_to_string(&mut text);
            Ok(Some(serde_json::from_str(&text).unwrap_or_default()))
        }
        Err(TryLockError::Error(error)) => Err(error).context("cannot look at the lock of the database"),
    }
}

/// `<file>.lock`, at the same place whichever way the file is named.
fn beside(database: &Path) -> anyhow::Result<PathBuf> {
    let real = match database.canonicalize() {
        Ok(real) => real,
        Err(_) => {
            let parent = database.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let parent = parent.canonicalize().with_context(|| format!("there is no folder {}", parent.display()))?;
            parent.join(database.file_name().with_context(|| format!("{} names no file", database.display()))?)
        }
    };
    let mut name = real.into_os_string();
    name.push(".lock");
    Ok(name.into())
}

impl Lock {
    /// Says in the file who holds it, and where it listens.
    pub(crate) fn announce(&mut self, url: Option<String>) -> anyhow::Result<()> {
        let text = serde_json::to_string(&Holder { pid: std::process::id(), url })?;
        self.write(&text).with_context(|| format!("cannot write {}", self.path.display()))
    }

    fn write(&mut self, text: &str) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.set_len(0)?;
        self.file.write_all(text.as_bytes())?;
        self.file.flush()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file stays: removing it would let two processes lock two files of one name.
        let _ = self.write("");
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_it_says_where_it_listens() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.sqlite");
        let Taken::Ours(mut lock) = take(&database).unwrap() else { panic!("nobody holds it yet") };
        lock.announce(Some("http://127.0.0.1:1".to_owned())).unwrap();
        std::fs::write(&database, "").unwrap();
        let around = folder.path().join(".").join("a.sqlite");
        let Taken::Held(holder) = take(&around).unwrap() else { panic!("it is held") };
        assert_eq!(holder, Holder { pid: std::process::id(), url: Some("http://127.0.0.1:1".to_owned()) });
        drop(lock);
        assert!(matches!(take(&database).unwrap(), Taken::Ours(_)));
    }

    #[test]
    fn what_a_dead_holder_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.sqlite");
        std::fs::write(folder.path().join("a.sqlite.lock"), r#"{"pid":1,"url":"http://127.0.0.1:1"}"#).unwrap();
        assert!(matches!(take(&database).unwrap(), Taken::Ours(_)));
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = take(Path::new("/nowhere/at/all/a.sqlite")).unwrap_err();
        assert!(format!("{error:#}").contains("/nowhere/at/all"), "{error:#}");
    }
}
