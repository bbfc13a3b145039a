//! `fluxor graph`: the picture of a workflow, or of an instance with its way.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use fluxor_engine::definition::Definition;
use fluxor_engine::diagnostic::nearest;
use fluxor_engine::draw::{Dress, Format, Marks, draw};
use fluxor_engine::ids::InstanceId;
use serde_json::json;

use super::named::{Named, named};
use super::out::Out;
use super::{End, Failure, chosen};
use crate::config::Config;
use crate::open::{self, Purpose};
use crate::pictures;

#[derive(Debug, Args)]
pub(super) struct Graph {
    /// The name of a workflow, or a file
    #[arg(value_name = "WORKFLOW|FILE", required_unless_present = "instance")]
    of: Option<String>,
    /// `svg`, `dot` or `mermaid` [default: as the output file ends, else svg]
    #[arg(long, value_parser = format)]
    format: Option<Format>,
    /// Write it to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Draw the definition that this instance (its id, or the last eight digits of it) is pinned to, and mark its way and what can still
    /// become of it
    #[arg(long, value_name = "ID", value_parser = named)]
    instance: Option<Named>,
    /// Leave out the style of an SVG: the page that it stands in has it
    #[arg(long)]
    bare: bool,
}

fn format(text: &str) -> Result<Format, String> {
    Format::parse(text).ok_or_else(|| {
        let near = nearest(text, Format::ALL.map(Format::as_str));
        let near = near.map_or(String::new(), |near| format!(", perhaps `{near}`"));
        format!("a picture is `svg`, `dot` or `mermaid`{near}")
    })
}

impl Graph {
    pub(super) async fn run(&self, config: &Config, out: &Out) -> Result<End, Failure> {
        let format = self.chosen()?;
        let (definition, marks, whose) = match &self.instance {
            Some(named) => {
                let (definition, marks, id) = self.instance(config, named).await?;
                (definition, Some(marks), format!(" with the way of {id}"))
            }
            None => {
                let of = self.of.as_deref().unwrap_or_default();
                (chosen::definition(config, of, out)?.definition, None, String::new())
            }
        };
        let dress = if self.bare { Dress::Bare } else { Dress::Whole };
        let picture = draw(&definition, marks.as_ref(), format, dress)
            .map_err(|why| Failure::Declined("picture_too_large".to_owned(), format!("{why}.")))?;
        match &self.output {
            None => out.result(&json!({ "format": format.as_str(), "picture": picture }), || picture.clone()),
            Some(file) => {
                let shown = file.display().to_string();
                std::fs::write(file, &picture)
                    .map_err(|error| Failure::Usage(format!("{shown} cannot be written: {error}")))?;
                let told = json!({ "format": format.as_str(), "file": shown, "bytes": picture.len() });
                out.result(&told, || format!("{shown}: {}{whose}, as {}", definition.title, format.as_str()));
            }
        }
        Ok(End::Done)
    }

    /// The format that was asked for, else that of the file's ending.
    fn chosen(&self) -> Result<Format, Failure> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let Some(file) = &self.output else { return Ok(Format::Svg) };
        let ending = file.extension().unwrap_or_default().to_string_lossy();
        Format::of_ending(&ending).ok_or_else(|| {
            let known = "svg, dot, gv, mmd or mermaid";
            Failure::Usage(format!("{}: name a file that ends in {known}, or say --format", file.display()))
        })
    }

    async fn instance(&self, config: &Config, named: &Named) -> Result<(Arc<Definition>, Marks, InstanceId), Failure> {
        let desk = open::open(config, Purpose::Read).await?;
        let id = named.here(&*desk, config.tenant()).await?;
        let (instance, definition) = desk.pinned(config.tenant(), id).await?;
        if let Some(name) = self.of.as_deref().filter(|name| **name != *instance.workflow) {
            let it = &instance.workflow;
            return Err(Failure::Usage(format!("{id} is an instance of `{it}`, not of `{name}`: leave the name out")));
        }
        let marks = pictures::marks(&*desk, &instance, &definition).await?;
        Ok((definition, marks, id))
    }
}
