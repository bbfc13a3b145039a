//! A copy of a SQLite database while it is in use: whole, compact, and as of one instant. Not through the store, which
//! would bring an older file up to date first.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

const COPY: &str = "VACUUM INTO $1";

/// Copies the database at `from` into the new file `to`; returns its size in bytes.
pub(crate) async fn copy(from: &Path, to: &Path) -> anyhow::Result<u64> {
    if to.exists() {
        bail!("{} exists already; a backup never overwrites", to.display());
    }
    let options = SqliteConnectOptions::new().filename(from).create_if_missing(false).disable_statement_logging();
    let mut connection =
        SqliteConnection::connect_with(&options).await.with_context(|| format!("cannot open {}", from.display()))?;
    let part = part_of(to);
    let _ = std::fs::remove_file(&part);
    let text = part.to_str().context("the name of the backup is not UTF-8")?;
    sqlx::query(COPY).bind(text).execute(&mut connection).await.context("the copy failed")?;
    connection.close().await?;
    // SQLite does not sync what it writes here.
    std::fs::File::open(&part)?.sync_all()?;
    std::fs::rename(&part, to)?;
    Ok(std::fs::metadata(to)?.len())
}

/// A half-written backup has another name.
fn part_of(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_backup_holds_the_rows_and_never_overwrites() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a.sqlite"), folder.path().join("b.sqlite"));
        assert!(copy(&from, &to).await.is_err(), "there is nothing to copy");
        let open = |file: &Path| SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let mut live = SqliteConnection::connect_with(&open(&from)).await.unwrap();
        sqlx::query("CREATE TABLE t AS SELECT 7 AS n").execute(&mut live).await.unwrap();
        assert!(copy(&from, &to).await.unwrap() > 0);
        let mut kept = SqliteConnection::connect_with(&open(&to)).await.unwrap();
        let n: i64 = sqlx::query_scalar("SELECT n FROM t").fetch_one(&mut kept).await.unwrap();
        assert_eq!(n, 7);
        assert!(format!("{:#}", copy(&from, &to).await.unwrap_err()).contains("never overwrites"));
    }
}
