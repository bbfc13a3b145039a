//! `fluxor completions SHELL`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::out::Out;
use super::{Cli, End, Failure};

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// For which shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self, out: &Out) -> Result<End, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "fluxor", &mut script);
        out.text(&String::from_utf8_lossy(&script));
        Ok(End::Done)
    }
}
