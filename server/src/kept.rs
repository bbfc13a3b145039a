//! A server that starts while a file of definitions is refused: the version that was in force stays, as it does while a server runs.
//!
//! What must hold: in the place of a refused file stands what the database has of its workflow, and only where that is what was in
//! force last; of several files of one name that is what counts. Where one of them has nothing to fall back on, the server does not start. Who is told is the matter of `reload`, which
//! finds the files as wrong as they are.

use std::path::Path;

use anyhow::{Context as _, bail};
use fluxor_engine::definition::{Library, Refused, own_file};
use fluxor_engine::domain::Domain as _;
use fluxor_engine::ids::{DefinitionHash, TenantId};
use fluxor_engine::store::{AnyStore, Store as _};
use fluxor_workflows::Procurement;
use serde_json::Value;

use crate::config::Config;
use crate::open::{Sources, shown};
use crate::reload::ROWS;
use crate::yaml;

/// The library of these files, with what was in force in the place of each that is refused.
///
/// # Errors
/// A file is refused and nothing of its workflow is kept, or what is kept was not in force last; the database does not answer.
pub(crate) async fn library(
    config: &Config,
    store: &AnyStore<Procurement>,
    (mut sources, mut refused): (Sources, Refused),
) -> anyhow::Result<Library> {
    let domain = Procurement::new();
    let mut replaced = Vec::new();
    loop {
        for (path, source, _) in &refused {
            let name = workflow_of(path, source);
            let own = |(known, source): &&(String, String)| workflow_of(known, source) == name;
            let all: Vec<&(String, String)> = sources.files.iter().filter(own).collect();
            if all.len() > 1 {
                // Of several files of one workflow that one stays which was in force, by its own name: a server that runs keeps it, too.
                let kept = in_force(store, config.tenant(), &name).await?;
                let own = all.iter().find(|(_, text)| kept.as_ref() == Some(text));
                let stays = own.or_else(|| all.iter().find(|(known, _)| known != path)).map(|(known, _)| known.clone());
                sources.files.retain(|(known, text)| Some(known) == stays.as_ref() || workflow_of(known, text) != name);
                if let (Some(kept), Some(file)) =
                    (kept, sources.files.iter_mut().find(|(known, _)| Some(known) == stays.as_ref()))
                {
                    file.1 = kept;
                }
                continue;
            }
            let kept = if replaced.contains(path) { None } else { in_force(store, config.tenant(), &name).await? };
            let (Some(kept), Some(file)) = (kept, sources.files.iter_mut().find(|(known, _)| known == path)) else {
                let why = format!("no version of `{name}` is kept in the database to go on with in its place");
                bail!("definitions are wrong, and {why}:\n{}", shown(&refused));
            };
            file.1 = kept;
            replaced.push(path.clone());
        }
        match Library::load_with(sources.files.clone(), domain.vocabulary(), sources.calendars.clone()) {
            Ok((library, _)) => return Ok(library),
            Err(others) => refused = others,
        }
    }
}

/// The workflow that a file is about: what it says, however wrong the rest is; else what the file is called.
fn workflow_of(path: &str, source: &str) -> String {
    let source = source.trim_start_matches('\u{feff}');
    let key = |line: &'_ str| {
        let name = ["workflow", "\"workflow\"", "'workflow'"].into_iter().find(|name| line.starts_with(name))?;
        line[name.len()..].trim_start().strip_prefix(':').map(str::to_owned)
    };
    let read = |text: &str| Some(yaml::read::<Value>(text).ok()?.get("workflow")?.as_str()?.to_owned());
    // Where the whole cannot be read, the lines of this key often can; else what stands behind it.
    let own = || {
        let from = source.lines().skip_while(|line| key(line).is_none());
        let belongs = |line: &str| line.is_empty() || line.starts_with([' ', '\t', '#']);
        let lines: Vec<&str> =
            from.enumerate().take_while(|(at, line)| *at == 0 || belongs(line)).map(|(_, line)| line).collect();
        read(&lines.join("\n"))
    };
    let written = || {
        let said = source.lines().find_map(key)?;
        Some(said.split('#').next().unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned())
    };
    let said = read(source).or_else(own).or_else(written);
    let stem = || Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    said.filter(|said| !said.is_empty()).unwrap_or_else(stem)
}

/// The file of a workflow as it was in force last, if the database has it.
async fn in_force(store: &AnyStore<Procurement>, operator: TenantId, name: &str) -> anyhow::Result<Option<String>> {
    let broken = || format!("cannot read which definition of `{name}` was in force");
    let mut reader = store.reader().await.with_context(broken)?;
    let noted = fluxor_workflows::setting(reader.connection(), operator, &format!("{ROWS}{name}").into()).await;
    drop(reader);
    let row = match noted.with_context(broken)? {
        Some(noted) => {
            let noted = serde_json::to_value(noted.document).with_context(broken)?;
            let hash = noted["hash"].as_str().and_then(|hash| hash.parse::<DefinitionHash>().ok());
            match hash {
                Some(hash) => store.definition(hash).await.with_context(broken)?,
                None => None,
            }
        }
        // It is what it was since the first start.
        None => store.newest_definition(name).await.with_context(broken)?,
    };
    Ok(row.map(|row| own_file(&row.source).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_which_workflow_it_is_about_however_wrong_it_is() {
        for (source, name) in [
            ("workflow: pair\nversion: }", "pair"),
            ("# a\nworkflow: \"pair\" # of two\n", "pair"),
            ("version: 1\n  workflow: other", "file"),
            ("\"workflow\": pair\n", "pair"),
            ("\u{feff}'workflow' : pair\n", "pair"),
            ("workflow : pair\n", "pair"),
            ("workflows: pair\n", "file"),
            ("workflow:\n", "file"),
            ("workflow: !!str pair\nversion: 1\n", "pair"),
            ("version: 1\nworkflow: !!str pair\nstates: }", "pair"),
            ("workflow:\n  pair\nversion: 1\n", "pair"),
            ("workflow: # of two\n\n  'pair'\nversion: }", "pair"),
            ("{ version: 1, workflow: pair }", "pair"),
            ("", "file"),
        ] {
            assert_eq!(workflow_of("definitions/file.yaml", source), name, "{source}");
        }
    }
}
