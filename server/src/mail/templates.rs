//! The texts: files of `definitions/templates`, and the ones that come with the program where there is none.
//!
//! A name that does not exist is an error, found before the first mail: the check goes both ways of every `if`.

mod blocks;
mod bounds;
mod find;
mod own;
mod pages;
mod unknown;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use fluxor_engine::definition::reload::Fault;
use fluxor_engine::diagnostic::{Diagnostic, Severity, Span};
use handlebars::{Handlebars, Template as Parsed, TemplateError, TemplateErrorReason};

use super::facts::Facts;
use super::helpers;
pub(super) use bounds::MOST_ENTRIES;
pub(crate) use find::{KINDS, Template};
pub(crate) use own::{Own, document_of, faults};
pub(crate) use pages::PAGES;

/// The longest subject, in characters.
const LONGEST_SUBJECT: usize = 200;

/// The stable codes of findings in templates, with one sentence that explains each.
pub(crate) const CODES: &[(&str, &str)] = &[
    (SYNTAX, "The template cannot be read: a brace, a name or a closing block is wrong."),
    (UNKNOWN, "The template names a value, a helper or a partial that does not exist."),
    (FILE_NAME, "The file's name stands for no mail and no partial, so it would never be used."),
    (
        RAW,
        "The template takes a value as it is; somebody who typed it could write markup, or lines that look like ours.",
    ),
    (BOUNDS, "The template is too long, too deep or too much work to fill in, or partials lead in a circle."),
];

const SYNTAX: &str = "FLX0600";
const UNKNOWN: &str = "FLX0601";
const FILE_NAME: &str = "FLX0602";
const RAW: &str = "FLX0603";
const BOUNDS: &str = "FLX0635";

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// All templates, ready.
pub(crate) struct Templates {
    plain: Handlebars<'static>,
    html: Handlebars<'static>,
    fields: BTreeSet<String>,
}

/// A file with what is wrong with it.
pub(crate) type Checked = (Template, Vec<Diagnostic>);

impl Templates {
    /// Those of the folder `templates` of the definitions, the rest as they come with the program.
    ///
    /// # Errors
    /// Everything that is wrong, with file and line.
    pub(crate) fn load(definitions: Option<&Path>, fields: BTreeSet<String>) -> anyhow::Result<Self> {
        Self::read(definitions, fields).map_err(|faults| {
            let shown: String = faults.iter().map(Fault::render).collect();
            anyhow::anyhow!("mail templates are wrong:\n{shown}")
        })
    }

    /// The same, with what is wrong as data.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(super) fn read(definitions: Option<&Path>, fields: BTreeSet<String>) -> Result<Self, Vec<Fault>> {
        let own = definitions.map_or_else(|| Ok(Vec::new()), find::files);
        let mut own = own.map_err(|error| vec![Fault::Said(format!("{error:#}"))])?;
        own.retain(|template| !find::comes_along(template));
        if own.is_empty() {
            return Ok(Self::built_in(fields));
        }
        let (templates, checked) = Self::build(own, fields);
        let faults = checked.into_iter().flat_map(|(file, found)| {
            let (path, source): (_, Arc<str>) = (file.path, file.source.into());
            found.into_iter().map(move |finding| {
                let (path, source) = (path.clone(), source.clone());
                Fault::Found { path, source, finding: Box::new(finding) }
            })
        });
        let faults: Vec<Fault> = faults.collect();
        if faults.is_empty() { Ok(templates) } else { Err(faults) }
    }

    /// Those that come with the program. Nothing is wrong with them, as a test shows: that is not found out at each start.
    pub(crate) fn built_in(fields: BTreeSet<String>) -> Self {
        let [mut plain, mut html] = [false, true].map(|html| registry(html, false));
        for template in find::built_in() {
            let registry = if template.is_html() { &mut html } else { &mut plain };
            if let Err(error) = registry.register_template_string(template.registered(), &template.source) {
                tracing::error!(%error, "the template {} is wrong", template.name);
            }
        }
        Self { plain, html, fields }
    }

    fn build(own: Vec<Template>, fields: BTreeSet<String>) -> (Self, Vec<Checked>) {
        let mut all: BTreeMap<String, Template> = find::built_in().map(|t| (t.name.clone(), t)).collect();
        let mut found: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        for template in own {
            if let Some(finding) = find::misnamed(&template.name) {
                found.entry(template.name.clone()).or_default().push(finding);
            }
            all.insert(template.name.clone(), template);
        }
        let [mut plain, mut html, mut dry_plain, mut dry_html] =
            [(false, false), (true, false), (false, true), (true, true)]
                .map(|(html, checking)| registry(html, checking));
        for template in all.values() {
            let (kept, dry) =
                if template.is_html() { (&mut html, &mut dry_html) } else { (&mut plain, &mut dry_plain) };
            let errors = found.entry(template.name.clone()).or_default();
            errors.extend(raw(&template.source));
            // What is too deep to be read is not read.
            if let Err(why) = bounds::shape(&template.source) {
                errors.push(too_much(why));
                continue;
            }
            match Parsed::compile_with_name(&template.source, template.registered().to_owned()) {
                Ok(parsed) => {
                    kept.register_template(template.registered(), parsed.clone());
                    dry.register_template(template.registered(), parsed);
                }
                Err(error) => *errors = vec![unreadable(&template.source, &error)],
            }
        }
        let dry = |template: &Template| if template.is_html() { &dry_html } else { &dry_plain };
        reckon(&all, &dry, &mut found);
        // A partial that may not be filled in is in templates that have no fault themselves.
        let usable = found.values().flatten().all(|finding| finding.code != BOUNDS);
        if usable {
            unknown::note(&all, [&mut dry_plain, &mut dry_html], &fields, &mut found);
        }
        found.values_mut().for_each(|findings| findings.sort_by_key(|finding| finding.span));
        let checked = all.into_values().map(|template| {
            let findings = found.remove(&template.name).unwrap_or_default();
            (template, findings)
        });
        let checked = checked.collect();
        (Self { plain, html, fields }, checked)
    }

    /// What the mail of this kind says.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn render(&self, kind: &str, facts: &Facts) -> Result<Words, String> {
        let mut facts = facts.clone();
        facts.complete(&self.fields);
        let render = |registry: &Handlebars<'_>, part: &str| {
            let name = format!("{kind}.{part}");
            registry.render(&name, &facts).map_err(|e| format!("the template {name} cannot be filled in: {e}"))
        };
        let subject = helpers::one_line(&render(&self.plain, "subject")?);
        let subject = match subject.char_indices().nth(LONGEST_SUBJECT) {
            Some((at, _)) => format!("{}...", &subject[..at]),
            None => subject,
        };
        Ok(Words { subject, text: render(&self.plain, "txt")?, html: render(&self.html, "html")? })
    }
}

/// What is wrong with the templates of a folder of definitions; those without a finding are listed too.
///
/// # Errors
/// If a file cannot be read.
pub(crate) fn check(definitions: &Path, fields: BTreeSet<String>) -> anyhow::Result<Vec<Checked>> {
    let own = find::files(definitions)?;
    if own.is_empty() {
        return Ok(Vec::new());
    }
    let mut checked = Templates::build(own, fields).1;
    checked.retain(|(file, found)| file.is_own || found.iter().any(|f| f.severity == Severity::Error));
    Ok(checked)
}

fn registry(html: bool, checking: bool) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(if html { helpers::html } else { helpers::one_line });
    helpers::register(&mut registry, html, checking);
    registry
}

/// Notes the templates that are too much work.
fn reckon<'r>(
    all: &BTreeMap<String, Template>,
    dry: &dyn Fn(&Template) -> &'r Handlebars<'static>,
    found: &mut BTreeMap<String, Vec<Diagnostic>>,
) {
    for template in all.values() {
        let registry = dry(template);
        let Some(parsed) = registry.get_template(template.registered()) else { continue };
        if let Err(why) = bounds::work(parsed, &|name| registry.get_template(name)) {
            found.entry(template.name.clone()).or_default().push(too_much(why));
        }
    }
}

fn too_much(why: String) -> Diagnostic {
    Diagnostic::error(BOUNDS, Span::default(), why).help("write it shorter, or divide it otherwise")
}

fn unreadable(source: &str, error: &TemplateError) -> Diagnostic {
    if let Some((span, why)) = blocks::unbalanced(source) {
        return Diagnostic::error(SYNTAX, span, why).help("see definitions/templates/README.md");
    }
    let (line, column) = error.pos().unwrap_or((1, 1));
    let why = match error.reason() {
        // What its grammar expects there says nothing to whoever writes a mail.
        TemplateErrorReason::InvalidSyntax(_) => "what stands here cannot be read as a template".to_owned(),
        other => other.to_string(),
    };
    let why = why.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    Diagnostic::error(SYNTAX, span(source, line, column), why).help("see definitions/templates/README.md")
}

/// `{{{` and `{{&`, which escape nothing.
fn raw(source: &str) -> impl Iterator<Item = Diagnostic> {
    const MARKS: [&str; 4] = ["{{{", "{{&", "{{~{", "{{~&"];
    let marks =
        source.match_indices("{{").filter(move |(at, _)| MARKS.iter().any(|mark| source[*at..].starts_with(mark)));
    marks.map(move |(at, _)| {
        let message = "a value is taken as it is, without making it harmless";
        Diagnostic::error(RAW, tag(source, at).unwrap_or(Span::new(at, at + 3)), message)
            .help("write `{{name}}`, or `{{quote name}}` for several lines")
    })
}

/// The whole of a tag that begins at `at`.
fn tag(source: &str, at: usize) -> Option<Span> {
    let rest = source.get(at..).filter(|rest| rest.starts_with("{{"))?;
    let end = rest.find("}}")? + 2;
    let end = if rest[end..].starts_with('}') { end + 1 } else { end };
    Some(Span::new(at, at + end))
}

/// From a place to the end of its line.
fn span(source: &str, line: usize, column: usize) -> Span {
    let start: usize = source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let text = source.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let within = text.char_indices().nth(column.saturating_sub(1)).map_or(0, |(at, _)| at);
    Span::new(start + within, start + text.len().max(within))
}

#[cfg(test)]
mod tests;
