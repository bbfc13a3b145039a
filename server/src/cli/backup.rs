//! `fluxor backup FILE`: a copy of a SQLite database while it is in use.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::out::Out;
use super::{End, Failure};
use crate::backup::copy;
use crate::config::Config;
use crate::unserved;

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The new file
    file: PathBuf,
}

impl Backup {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        let Some(from) = config.sqlite() else {
            return Err(Failure::Usage(
                "this backs up SQLite files; for PostgreSQL use pg_dump or pg_basebackup".to_owned(),
            ));
        };
        // A copy that is made by the clock is not left out for this.
        if unserved::named(config).is_some() {
            out.aside(&format!("No server is asked, though one is named: {} is copied.", from.display()));
        }
        let bytes = copy(from, &self.file).await?;
        let shown = self.file.display();
        out.result(&json!({ "file": shown.to_string(), "bytes": bytes }), || {
            format!("{shown}: {bytes} bytes. Check it: fluxor audit verify --database {shown}")
        });
        Ok(End::Done)
    }
}
