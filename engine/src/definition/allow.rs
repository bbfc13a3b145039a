//! Silences: warnings that an author has seen and does not want to hear again, each with its reason.
//!
//! `allow: [{ code: FLX0309, in: archived, because: entered by repair only }]`. A key and no comment, since a reason that
//! nobody can ask for is worth nothing. Always: an error is never silenced, and a silence that silences nothing is
//! itself a warning, so that none outlives what it was for. Places are looked up in the tree: `place.rs`.

mod place;

use super::read::{self, Found, Keys};
use super::yaml::{Node, Shape, Spot};
use super::{CODES, codes, pages};
use crate::diagnostic::{Diagnostic, Help, Severity, Span, nearest};
use crate::expression;
use place::Place;

/// Keys of an entry.
pub(super) const ENTRY: &[&str] = &["code", "in", "because"];

const CODE_HELP: &str = "write the code of the warning: `code: FLX0309`";
const BECAUSE_HELP: &str = "say why it is meant so: `because: entered by repair only`";

/// One entry of `allow`.
#[derive(Debug)]
pub(super) struct Silence {
    code: Spot<String>,
    place: Place,
    because: String,
}

/// What `allow` says, as far as it makes sense.
pub(super) fn read(root: &Node, found: &mut Found) -> Vec<Silence> {
    let Shape::Map(entries) = &root.shape else { return Vec::new() };
    let Some((key, node)) = entries.iter().find(|(key, _)| key.value == "allow") else { return Vec::new() };
    let items = read::one_or_many(node, key.span, "what is allowed", found);
    items.into_iter().filter_map(|item| silence(item, key.span, root, found)).collect()
}

fn silence(node: &Node, key: Span, root: &Node, found: &mut Found) -> Option<Silence> {
    let before = found.len();
    let keys = Keys::entry(node, key, "an entry of `allow`", ENTRY, found)?;
    let code = keys.need("code", "an entry of `allow`", CODE_HELP, found);
    let code = code.and_then(|(at, node)| read::string(node, at, "the code", found));
    let because = keys.need("because", "an entry of `allow`", BECAUSE_HELP, found);
    let because = because.and_then(|(at, node)| read::string(node, at, "the reason", found));
    let place = match keys.get("in") {
        None => Some(Place::everywhere()),
        Some((at, node)) => {
            read::string(node, at, "the place", found).and_then(|name| Place::named(root, &name, found))
        }
    };
    let code = code.filter(|code| can_be_silenced(code, found))?;
    // With a mistake in it, an entry may be meant for less than it says.
    let silence = Silence { code, place: place?, because: because?.value };
    (found.len() == before).then_some(silence)
}

/// Whether there is such a code, and it is one of a warning; reports if not.
fn can_be_silenced(code: &Spot<String>, found: &mut Found) -> bool {
    let known = || CODES.iter().chain(expression::CODES).map(|(known, _)| *known);
    let name = code.value.as_str();
    if !known().any(|known| known == name) {
        let upper = name.to_ascii_uppercase();
        let near = nearest(&upper, known().filter(|code| pages::warns(code))).or_else(|| nearest(&upper, known()));
        let help = match near {
            Some(near) => Help::similar("code", near),
            None => "a code stands in brackets behind `warning`, such as FLX0309".into(),
        };
        found.push(Diagnostic::error(codes::UNKNOWN_CODE, code.span, format!("unknown code `{name}`")).help(help));
        return false;
    }
    if !pages::warns(name) {
        found.push(
            Diagnostic::error(codes::SILENCED_ERROR, code.span, format!("`{name}` is an error and cannot be allowed"))
                .help("mend it where it is found, and leave this entry out"),
        );
        return false;
    }
    true
}

/// Takes the silenced findings out of `found`, and gives them back, each with its reason.
pub(super) fn apply(silences: &[Silence], found: &mut Found) -> Vec<Diagnostic> {
    let mut used = vec![false; silences.len()];
    let mut silenced = Vec::new();
    found.retain(|finding| {
        let fits = |silence: &Silence| {
            silence.code.value == finding.code
                && finding.severity == Severity::Warning
                && silence.place.holds(finding.span)
        };
        let Some(at) = silences.iter().position(fits) else { return true };
        used[at] = true;
        silenced.push(Diagnostic { silenced: Some(silences[at].because.clone()), ..finding.clone() });
        false
    });
    // While there are errors, warnings are held back that may be due again afterwards.
    if found.iter().all(|finding| finding.severity == Severity::Warning) {
        for (silence, _) in silences.iter().zip(used).filter(|(_, used)| !used) {
            let message = format!("there is no `{}` here to be allowed", silence.code.value);
            found.push(
                Diagnostic::warning(codes::SILENT_FOR_NOTHING, silence.code.span, message)
                    .label("silences nothing")
                    .help("leave this entry out"),
            );
        }
    }
    silenced
}
