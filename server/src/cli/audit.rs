//! `fluxor audit verify`: every entry and every head, trusting nothing but SHA-256.

use clap::Subcommand;

use super::out::{Out, counted};
use super::{End, Failure};
use crate::audit::{Report, verify};
use crate::config::Config;
use crate::open::{Purpose, open};

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Check the trail; every finding is named
    Verify {
        /// Of the one tenant that `--tenant` names, instead of all
        #[arg(long)]
        one: bool,
    },
}

impl Audit {
    pub(super) async fn run(self, config: &Config, out: &Out) -> Result<End, Failure> {
        let Self::Verify { one } = self;
        let desk = open(config, Purpose::Read).await?;
        let tenants = if one { vec![config.tenant()] } else { desk.tenants().await? };
        let report = verify(&*desk, &tenants).await?;
        out.result(&report, || told(&report));
        Ok(if report.ok { End::Done } else { End::Found })
    }
}

fn told(report: &Report) -> String {
    let entries = counted(report.entries, "entry", "entries");
    let seen = format!("{entries} in {}", counted(report.streams, "stream", "streams"));
    if report.ok {
        return format!("The audit trail adds up: {seen}.");
    }
    let mut lines: Vec<String> = report
        .findings
        .iter()
        .map(|f| format!("[{}] tenant {} stream {} entry {}: {}", f.code, f.tenant, f.stream, f.seq, f.message))
        .collect();
    lines.push(format!("\n{} in {seen}.", counted(report.findings.len() as u64, "finding", "findings")));
    lines.join("\n")
}
