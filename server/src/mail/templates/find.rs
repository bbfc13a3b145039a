//! Where templates stand and what they are called: `<kind>.<subject|txt|html>.hbs`, `partials/<name>.<txt|html>.hbs`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use fluxor_engine::diagnostic::{Diagnostic, Span, nearest};

use super::FILE_NAME;

/// The mails that there are.
pub(crate) const KINDS: &[&str] = &[
    "task_opened",
    "reminder",
    "escalated",
    "approved",
    "rejected",
    "changes_requested",
    "question_asked",
    "question_answered",
    "ended",
    "your_turn",
    "digest",
    "sign_in",
];

/// The parts of a mail.
const PARTS: &[&str] = &["subject", "txt", "html"];

/// Name and text of each that comes with the program.
macro_rules! built_in {
    ($($name:literal)*) => {
        const BUILT_IN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../../definitions/templates/", $name, ".hbs")))),*];
    };
}

built_in! {
    "partials/layout.html" "partials/layout.txt" "partials/details.html" "partials/details.txt"
    "task_opened.subject" "task_opened.txt" "task_opened.html"
    "reminder.subject" "reminder.txt" "reminder.html"
    "escalated.subject" "escalated.txt" "escalated.html"
    "approved.subject" "approved.txt" "approved.html"
    "rejected.subject" "rejected.txt" "rejected.html"
    "changes_requested.subject" "changes_requested.txt" "changes_requested.html"
    "question_asked.subject" "question_asked.txt" "question_asked.html"
    "question_answered.subject" "question_answered.txt" "question_answered.html"
    "ended.subject" "ended.txt" "ended.html"
    "your_turn.subject" "your_turn.txt" "your_turn.html"
    "digest.subject" "digest.txt" "digest.html"
    "sign_in.subject" "sign_in.txt" "sign_in.html"
    "partials/entry.html" "partials/entry.txt" "partials/button.html"
}

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// As findings name it.
    pub(crate) path: String,
    /// Without the ending `.hbs`, below `templates`.
    pub(crate) name: String,
    pub(crate) source: String,
    /// A file of the company, not one that comes with the program.
    pub(crate) is_own: bool,
}

impl Template {
    pub(super) fn is_html(&self) -> bool {
        self.name.ends_with(".html")
    }

    pub(super) fn is_partial(&self) -> bool {
        self.name.starts_with("partials/")
    }

    /// What templates and the program call it: a partial by its name alone.
    pub(super) fn registered(&self) -> &str {
        match self.name.strip_prefix("partials/") {
            Some(name) => name.rsplit_once('.').map_or(name, |(name, _)| name),
            None => &self.name,
        }
    }
}

/// Those that come with the program.
pub(super) fn built_in() -> impl Iterator<Item = Template> {
    BUILT_IN.iter().map(|(name, source)| Template {
        path: format!("templates/{name}.hbs (built in)"),
        name: (*name).to_owned(),
        source: (*source).to_owned(),
        is_own: false,
    })
}

/// Whether a file is one that comes with the program, as it comes.
pub(super) fn comes_along(template: &Template) -> bool {
    BUILT_IN.iter().any(|(name, source)| **name == *template.name && **source == *template.source)
}

/// Those of a folder of definitions, by name.
///
/// # Errors
/// If one cannot be read.
pub(crate) fn files(definitions: &Path) -> anyhow::Result<Vec<Template>> {
    in_folders(&definitions.join("templates"))
}

/// Those of a folder of templates, by name.
///
/// # Errors
/// If one cannot be read.
pub(crate) fn in_folders(folder: &Path) -> anyhow::Result<Vec<Template>> {
    let mut found = Vec::new();
    for (part, prefix) in [(folder.to_owned(), ""), (folder.join("partials"), "partials/")] {
        for path in in_folder(&part).with_context(|| format!("cannot read {}", part.display()))? {
            let source = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let name = format!("{prefix}{stem}");
            found.push(Template { path: path.display().to_string(), name, source, is_own: true });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn in_folder(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = all_in(folder)?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "hbs"));
    Ok(paths)
}

fn all_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.is_file());
    Ok(paths)
}

/// The names of a folder's files that are no templates: those that lack the ending `.hbs` alone, and others. What is hidden, and what
/// is read by people, is neither.
///
/// # Errors
/// If the folder cannot be read.
pub(super) fn unused(folder: &Path) -> std::io::Result<(Vec<String>, Vec<String>)> {
    let mut names = Vec::new();
    for (part, prefix) in [(folder.to_owned(), ""), (folder.join("partials"), "partials/")] {
        for path in all_in(&part)?.iter().filter(|path| path.extension().is_none_or(|end| end != "hbs")) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !name.starts_with('.') && !name.starts_with("README") {
                names.push(format!("{prefix}{name}"));
            }
        }
    }
    names.sort();
    Ok(names.into_iter().partition(|name| misnamed(name).is_none()))
}

/// A finding for a name that nothing would ever ask for.
pub(super) fn misnamed(name: &str) -> Option<Diagnostic> {
    let (what, part) = name.rsplit_once('.').unwrap_or((name, ""));
    let help = match what.strip_prefix("partials/") {
        Some(_) if part == "txt" || part == "html" => return None,
        Some(partial) => format!("call it {partial}.txt.hbs or {partial}.html.hbs"),
        None if KINDS.contains(&what) && PARTS.contains(&part) => return None,
        None => match nearest(what, KINDS.iter().copied()) {
            Some(near) => format!("call it {near}.{}.hbs", if PARTS.contains(&part) { part } else { "txt" }),
            None => format!(
                "mails are {}, each .subject.hbs, .txt.hbs, .html.hbs; others go into partials/",
                KINDS.join(", ")
            ),
        },
    };
    Some(Diagnostic::error(FILE_NAME, Span::default(), format!("no mail is called `{name}`")).help(help))
}
