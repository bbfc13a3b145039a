//! `fluxor graph`: the picture of a workflow, or of an instance with its way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use fluxor_engine::calendar::Calendars;
use fluxor_engine::definition::{Checked, Definition};
use fluxor_engine::diagnostic::nearest;
use fluxor_engine::draw::{Dress, Format, Marks, draw};
use fluxor_engine::ids::InstanceId;
use serde_json::json;

use super::check;
use super::out::Out;
use super::{End, Failure};
use crate::config::Config;
use crate::found::Found;
use crate::open::{self, Purpose};
use crate::{calendars, pictures};

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
    /// Draw the definition that this instance is pinned to, and mark its way and what can still become of it
    #[arg(long, value_name = "ID")]
    instance: Option<InstanceId>,
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

/// A definition, or a file with errors that were shown.
enum Looked {
    Found(Arc<Definition>),
    Refused,
}

/// Files that were compiled together: each as it was named, with what came of it and its text.
type All = Vec<(String, Checked, String)>;

impl Graph {
    pub(super) async fn run(&self, config: &Config, out: &Out) -> Result<End, Failure> {
        let format = self.chosen()?;
        let (definition, marks) = match self.instance {
            Some(id) => {
                let (definition, marks) = self.instance(config, id).await?;
                (definition, Some(marks))
            }
            None => match self.definition(config, out)? {
                Looked::Found(definition) => (definition, None),
                Looked::Refused => return Ok(End::Found),
            },
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
                let what = self.instance.map_or_else(String::new, |id| format!(" with the way of {id}"));
                out.result(&told, || format!("{shown}: {}{what}, as {}", definition.title, format.as_str()));
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

    async fn instance(&self, config: &Config, id: InstanceId) -> Result<(Arc<Definition>, Marks), Failure> {
        let desk = open::open(config, Purpose::Read).await?;
        let (instance, definition) = desk.pinned(config.tenant(), id).await?;
        if let Some(name) = self.of.as_deref().filter(|name| **name != *instance.workflow) {
            let it = &instance.workflow;
            return Err(Failure::Usage(format!("{id} is an instance of `{it}`, not of `{name}`: leave the name out")));
        }
        let marks = pictures::marks(&*desk, &instance, &definition).await?;
        Ok((definition, marks))
    }

    fn definition(&self, config: &Config, out: &Out) -> Result<Looked, Failure> {
        let of = self.of.as_deref().unwrap_or_default();
        let path = Path::new(of);
        let ends = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
        if ends || path.components().count() > 1 || path.is_file() {
            file(config, path, out)
        } else {
            named(config, of, out)
        }
    }
}

/// The definition in a file; with those beside it, where it does not stand alone.
fn file(config: &Config, path: &Path, out: &Out) -> Result<Looked, Failure> {
    let folder = check::with_calendars(path).or_else(|| config.definitions());
    let calendars = read_calendars(folder.as_deref())?;
    let own = read(path)?;
    let alone = compiled(vec![own.clone()], calendars.as_ref());
    let all = match &alone[..] {
        [(_, checked, _)] if checked.definition.is_none() => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let others = open::files(folder).unwrap_or_default();
            let others = others.iter().filter(|other| other.file_name() != path.file_name());
            let mut sources = vec![own];
            sources.extend(others.filter_map(|other| read(other).ok()));
            compiled(sources, calendars.as_ref())
        }
        _ => alone,
    };
    let Some((shown, checked, source)) = all.into_iter().next() else {
        return Err(Failure::Usage(format!("{}: there is nothing in it", path.display())));
    };
    Ok(looked(&shown, &checked, &source, out))
}

/// The definition of that name among those in use.
fn named(config: &Config, name: &str, out: &Out) -> Result<Looked, Failure> {
    let Some(folder) = config.definitions() else {
        return Err(Failure::Usage(format!(
            "there is no folder `definitions` here in which `{name}` could be: name a file, or say --definitions"
        )));
    };
    let calendars = read_calendars(Some(&folder))?;
    let files = open::files(&folder).map_err(|error| Failure::Usage(format!("{}: {error}", folder.display())))?;
    let sources = files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    let all = compiled(sources, calendars.as_ref());
    let is_it = |checked: &Checked| checked.definition.as_ref().is_some_and(|it| *it.name == *name);
    let says =
        |source: &str| source.lines().any(|line| line.strip_prefix("workflow:").is_some_and(|it| it.trim() == name));
    let found = all.iter().find(|(_, checked, _)| is_it(checked));
    if let Some((shown, checked, source)) = found.or_else(|| all.iter().find(|(_, _, source)| says(source))) {
        return Ok(looked(shown, checked, source, out));
    }
    let names: Vec<&str> = all.iter().filter_map(|(_, checked, _)| Some(&*checked.definition.as_ref()?.name)).collect();
    let near = match nearest(name, names.iter().copied()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None if names.is_empty() => "There is none at all.".to_owned(),
        None => format!("There is {}.", names.join(", ")),
    };
    let folder = folder.display();
    Err(Failure::Declined("unknown_workflow".to_owned(), format!("There is no workflow `{name}` in {folder}. {near}")))
}

/// The definition; or what is wrong with its file, as `fluxor check` shows it.
fn looked(shown: &str, checked: &Checked, source: &str, out: &Out) -> Looked {
    if let Some(definition) = &checked.definition {
        return Looked::Found(definition.clone());
    }
    let findings: Vec<Found> = checked.diagnostics.iter().map(|finding| Found::of(shown, source, finding)).collect();
    out.result(&json!({ "files": 1, "diagnostics": findings }), || checked.render(shown, source));
    Looked::Refused
}

fn read(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| Failure::Usage(format!("{shown}: {error}")))?;
    Ok((shown, bytes))
}

fn compiled(sources: Vec<(String, Vec<u8>)>, calendars: Option<&Calendars>) -> All {
    let checked = open::check_all(&sources, calendars);
    sources.into_iter().zip(checked).map(|((shown, _), (checked, source))| (shown, checked, source)).collect()
}

/// The calendars of a folder; where something is wrong with them, nobody knows which there are: `fluxor check` tells.
fn read_calendars(folder: Option<&Path>) -> Result<Option<Calendars>, Failure> {
    let read = calendars::load(folder).map_err(|error| Failure::Usage(format!("calendars: {error:#}")))?;
    Ok(read.ok().map(|(calendars, _)| calendars))
}
