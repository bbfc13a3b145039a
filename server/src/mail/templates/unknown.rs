//! Whatever templates name that does not exist: each is filled in with nothing, and what fails is taken out until nothing does.
//!
//! What must hold: what is taken out hides nothing else that is wrong, but for what stands in a list or in `with` of a name that is
//! unknown itself; and no company's templates keep the program busy: so many fillings-in are repeated for all of them together.

use std::collections::{BTreeMap, BTreeSet};

use fluxor_engine::diagnostic::{Diagnostic, Span};
use handlebars::template::TemplateElement;
use handlebars::{Context, Handlebars, RenderError, RenderErrorReason, Template as Parsed};
use serde_json::{Map, Value as Json};

use super::super::facts;
use super::{Template, UNKNOWN, span, tag};

/// How often something is taken out and the rest filled in again, of all templates together.
const MOST: usize = 200;

/// Findings by the template's name.
type Found = BTreeMap<String, Vec<Diagnostic>>;

/// Notes all that is unknown in the mails, in the partials that they call, and in a company's own partials that nothing calls.
pub(super) fn note(
    all: &BTreeMap<String, Template>,
    [plain, html]: [&mut Handlebars<'static>; 2],
    fields: &BTreeSet<String>,
    found: &mut Found,
) {
    let blanks = [true, false].map(|entries| serde_json::to_value(facts::blank(fields, entries)).unwrap_or_default());
    let anywhere = [around(&blanks[0])];
    let called = [called(all, plain, false), called(all, html, true)];
    let mut left = MOST;
    for template in all.values() {
        let name = template.registered();
        let is_called = called[usize::from(template.is_html())].contains(name);
        let alone = template.is_partial();
        if alone && (is_called || !template.is_own) {
            continue;
        }
        let registry = if template.is_html() { &mut *html } else { &mut *plain };
        // What cannot be read is told already.
        if registry.get_template(name).is_none() {
            continue;
        }
        let blanks: &[Json] = if alone { &anywhere } else { &blanks };
        for error in blanks.iter().flat_map(|blank| failures(registry, name, blank, &mut left)) {
            let place = place_of(all, template, &error);
            let Some(finding) = finding(all, place, &error, alone) else { continue };
            let findings = found.entry(place.name.clone()).or_default();
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
}

/// The partials that mails call, and that these call.
fn called(all: &BTreeMap<String, Template>, registry: &Handlebars<'_>, is_html: bool) -> BTreeSet<String> {
    let mails = all.values().filter(|template| template.is_html() == is_html && !template.is_partial());
    let mut left: Vec<&Parsed> = mails.filter_map(|mail| registry.get_template(mail.registered())).collect();
    let mut called = BTreeSet::new();
    while let Some(template) = left.pop() {
        for element in &template.elements {
            match element {
                TemplateElement::HelperBlock(block) => left.extend(block.template.iter().chain(&block.inverse)),
                TemplateElement::PartialExpression(partial) | TemplateElement::PartialBlock(partial) => {
                    left.extend(&partial.template);
                    if let Some(name) = partial.name.as_name()
                        && called.insert(name.to_owned())
                    {
                        left.extend(registry.get_template(name));
                    }
                }
                _ => {}
            }
        }
    }
    called
}

/// What may be named where nobody knows what stands around it: a mail's values, and those of each of its entries.
fn around(blank: &Json) -> Json {
    let mut whole = blank.as_object().cloned().unwrap_or_default();
    let entries = blank.as_object().into_iter().flat_map(Map::values).filter_map(|value| match value {
        Json::Array(list) => list.first()?.as_object(),
        other => other.as_object(),
    });
    for (name, value) in entries.flatten() {
        if !whole.contains_key(name) {
            whole.insert(name.clone(), value.clone());
        }
    }
    Json::Object(whole)
}

/// Why the template called `name` cannot be filled in, as often as it cannot without what failed before.
fn failures(registry: &mut Handlebars<'static>, name: &str, blank: &Json, left: &mut usize) -> Vec<RenderError> {
    let mut failed = Vec::new();
    let Ok(context) = Context::wraps(blank) else { return failed };
    while let Err(error) = registry.render_with_context(name, &context) {
        let place = error.template_name.clone().unwrap_or_else(|| name.to_owned());
        let at = error.line_no.zip(error.column_no);
        failed.push(error);
        let mut rest = registry.get_template(&place).cloned();
        let is_less = at.zip(rest.as_mut()).is_some_and(|(at, rest)| take_out(rest, at));
        let Some(rest) = rest.filter(|_| is_less && *left > 0) else { break };
        *left -= 1;
        registry.register_template(&place, rest);
    }
    failed
}

/// Takes out the element at this line and column, whether there is one. What only chooses leaves both its ways behind.
fn take_out(template: &mut Parsed, at: (usize, usize)) -> bool {
    for place in 0..template.elements.len() {
        let is_here = template.mapping.get(place).is_some_and(|mapping| (mapping.0, mapping.1) == at);
        let is_text = matches!(template.elements[place], TemplateElement::RawString(_) | TemplateElement::Comment(_));
        if is_here && !is_text {
            replace(template, place);
            return true;
        }
        let is_inside = match &mut template.elements[place] {
            TemplateElement::HelperBlock(block) => {
                let mut ways = [&mut block.template, &mut block.inverse].into_iter().flatten();
                ways.any(|way| take_out(way, at))
            }
            TemplateElement::PartialBlock(partial) => {
                partial.template.as_mut().is_some_and(|inside| take_out(inside, at))
            }
            _ => false,
        };
        if is_inside {
            return true;
        }
    }
    false
}

/// Puts what stands in an `if` or `unless` into its place, and nothing into that of anything else.
fn replace(template: &mut Parsed, place: usize) {
    let nothing = TemplateElement::Comment(String::new());
    let gone = std::mem::replace(&mut template.elements[place], nothing);
    let TemplateElement::HelperBlock(block) = gone else { return };
    if !matches!(block.name.as_name(), Some("if" | "unless")) {
        return;
    }
    let own = template.mapping[place].clone();
    let (mut elements, mut mapping) = (Vec::new(), Vec::new());
    for way in [block.template, block.inverse].into_iter().flatten() {
        // An `else if` has no place of its own.
        mapping.extend((0..way.elements.len()).map(|at| way.mapping.get(at).unwrap_or(&own).clone()));
        elements.extend(way.elements);
    }
    drop(template.elements.splice(place..=place, elements));
    drop(template.mapping.splice(place..=place, mapping));
}

/// The template in which it failed: itself, or a partial.
fn place_of<'a>(all: &'a BTreeMap<String, Template>, template: &'a Template, error: &RenderError) -> &'a Template {
    let named = error.template_name.as_deref();
    let there = |t: &&Template| t.is_html() == template.is_html() && Some(t.registered()) == named;
    all.values().find(there).unwrap_or(template)
}

/// What is said of it; nothing, where it is told otherwise, or where somebody who calls a partial could give what it lacks.
fn finding(all: &BTreeMap<String, Template>, place: &Template, error: &RenderError, alone: bool) -> Option<Diagnostic> {
    let message = match error.reason() {
        RenderErrorReason::PartialBlockNotFound if alone => return None,
        RenderErrorReason::MissingVariable(Some(name)) if alone && name.starts_with(['@', '.']) => return None,
        RenderErrorReason::MissingVariable(Some(name)) => format!("there is no value `{name}`"),
        RenderErrorReason::MissingVariable(None) => "there is no such value".to_owned(),
        RenderErrorReason::HelperNotFound(name) => format!("there is no helper `{name}`"),
        RenderErrorReason::PartialNotFound(name) => {
            let is_it = |t: &Template| t.is_partial() && t.is_html() == place.is_html() && t.registered() == name;
            if all.values().any(is_it) {
                return None;
            }
            format!("there is no partial `{name}`")
        }
        other => other.to_string(),
    };
    let help = match alone {
        true => {
            "nothing calls this partial, so that no call gives it a value of its own: see definitions/templates/README.md"
        }
        false => "see definitions/templates/README.md for what a template may name",
    };
    Some(Diagnostic::error(UNKNOWN, marked(&place.source, error), message).help(help))
}

/// The tag that failed; where none begins there, the rest of the line.
fn marked(source: &str, error: &RenderError) -> Span {
    let line = span(source, error.line_no.unwrap_or(1), error.column_no.unwrap_or(1));
    tag(source, line.start).unwrap_or(line)
}
