//! `fluxor test`: plays scenarios, each on an empty store in memory, and says where a trace is another one.

mod find;
mod play;
mod told;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fluxor_engine::scenario::Kind;
use fluxor_workflows::Procurement;
use serde_json::json;

use super::out::Out;
use super::{End, Failure};
use crate::config::Config;

use play::{Outcome, Test as Scenario};

#[derive(Debug, Args)]
pub(super) struct Test {
    /// Scenarios, or folders of `*.scenario` [default: the folder `scenarios` of the definitions]
    paths: Vec<PathBuf>,
    /// Write traces that are other ones into their files
    #[arg(long)]
    update: bool,
    /// Tell which arrows, conditions and rows of tables no scenario has shown
    #[arg(long)]
    coverage: bool,
    /// End with exit code 1 where something of this is not covered
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    require: Vec<Required>,
}

/// What may be required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Required {
    /// Every arrow is walked
    Arrows,
    /// Every condition is once true and once false
    Guards,
    /// Every row of every decision table is chosen, and so is `otherwise`
    Rows,
}

impl Required {
    const fn kind(self) -> Kind {
        match self {
            Self::Arrows => Kind::Arrows,
            Self::Guards => Kind::Guards,
            Self::Rows => Kind::Rows,
        }
    }
}

impl Test {
    pub(super) async fn run(&self, config: &Config, out: &Out) -> Result<End, Failure> {
        let folder = find::definitions(config, &self.paths)?;
        let files = find::scenarios(&folder, &self.paths)?;
        let domain = std::sync::Arc::new(Procurement::new());
        let (library, sources) = match find::library(&folder, &domain)? {
            Ok(found) => found,
            Err(refused) => {
                told::refused(out, &refused);
                return Ok(End::Found);
            }
        };
        let play::All { mut tests, covered } = play::all(files, domain, &library).await?;
        if self.update {
            tests.iter_mut().for_each(Scenario::update);
        }
        // Whoever names some scenarios asks about the workflows that these start.
        let named = !self.paths.is_empty();
        let definitions = library.names().filter_map(|name| library.current(name));
        let asked = definitions.filter(|definition| !named || covered.knows(definition));
        let covers: Vec<told::Cover> = match self.coverage || !self.require.is_empty() {
            true => asked.map(|definition| told::Cover::of(definition, &covered, &sources)).collect(),
            false => Vec::new(),
        };
        let required: Vec<Kind> = self.require.iter().map(|required| required.kind()).collect();
        let missing = covers.iter().any(|cover| cover.lacks(&required));
        let mut all = json!({ "scenarios": tests, "summary": told::summary(&tests) });
        if !covers.is_empty() {
            all["coverage"] = json!(covers);
        }
        out.result(&all, || {
            let shown = if self.coverage { None } else { Some(required.as_slice()) };
            told::tests(&tests) + &told::covers(&covers, shown)
        });
        let bad = |test: &Scenario| matches!(test.outcome, Outcome::Differs { .. } | Outcome::Wrong { .. });
        Ok(if missing || tests.iter().any(bad) { End::Found } else { End::Done })
    }
}
