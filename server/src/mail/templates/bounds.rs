//! What a template may cost: whoever writes one may be somebody else than whoever runs the server.
//!
//! What must hold: no template makes the program run out of stack or time. Depth is looked at before it is read, since reading
//! goes as deep; work is reckoned from what was read, as if every list were full and every way taken.

use std::collections::BTreeMap;

use handlebars::Template as Parsed;
use handlebars::template::{DecoratorTemplate, HelperTemplate, TemplateElement};

/// The longest template, in bytes.
const LONGEST: usize = 64 * 1024;
/// How deep blocks may stand in each other.
const DEEPEST: usize = 20;
/// How deep brackets may stand in each other.
const DEEPEST_BRACKETS: usize = 5;
/// How many entries a list has at most, as the reckoning takes it: digests have no more.
pub(in crate::mail) const MOST_ENTRIES: usize = 100;
/// How much a partial costs beside what stands in it: the values are copied for it.
const PARTIAL: f64 = 50.0;
/// How much work filling in one template may be: some tenths of a second.
const MOST_WORK: f64 = 300_000.0;

/// Whether it may be read; what is wrong if not.
pub(super) fn shape(source: &str) -> Result<(), String> {
    if source.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    let (mut depth, mut rest) = (0_usize, source);
    while let Some(at) = rest.find("{{") {
        rest = &rest[at + 2..];
        let tag = &rest[..rest.find("}}").unwrap_or(rest.len())];
        let head = tag.trim_start_matches(['{', '~', ' ']);
        if head.starts_with(['#', '^']) {
            depth += 1;
        } else if head.starts_with('/') {
            depth = depth.saturating_sub(1);
        }
        if depth > DEEPEST {
            return Err(format!("blocks stand in each other more than {DEEPEST} deep"));
        }
        let (mut brackets, mut deepest) = (0_usize, 0);
        for c in tag.chars() {
            match c {
                '(' | '[' => brackets += 1,
                ')' | ']' => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(brackets);
        }
        if deepest > DEEPEST_BRACKETS {
            return Err(format!("brackets stand in each other more than {DEEPEST_BRACKETS} deep"));
        }
    }
    Ok(())
}

/// What filling in comes to: by itself, and for each step of the block that it is put around.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    own: f64,
    block: f64,
}

impl Work {
    fn plus(self, other: Self) -> Self {
        Self { own: self.own + other.own, block: self.block + other.block }
    }

    fn times(self, count: f64) -> Self {
        Self { own: self.own * count, block: self.block * count }
    }
}

/// Whether filling in `template` ends soon; what is wrong if not. `find` knows the partials.
pub(super) fn work<'a>(template: &'a Parsed, find: &dyn Fn(&str) -> Option<&'a Parsed>) -> Result<(), String> {
    let mut reckoning = Reckoning { find, known: BTreeMap::new(), under_way: Vec::new() };
    let work = reckoning.all(template)?;
    if work.own > MOST_WORK {
        return Err("it would take too long to fill in: lists in lists, or partials of partials".to_owned());
    }
    Ok(())
}

struct Reckoning<'a, 'f> {
    find: &'f dyn Fn(&str) -> Option<&'a Parsed>,
    known: BTreeMap<&'a str, Work>,
    /// The partials that lead here.
    under_way: Vec<&'a str>,
}

impl<'a> Reckoning<'a, '_> {
    fn all(&mut self, template: &'a Parsed) -> Result<Work, String> {
        let mut sum = Work::default();
        for element in &template.elements {
            sum = sum.plus(self.one(element)?);
        }
        Ok(sum)
    }

    fn one(&mut self, element: &'a TemplateElement) -> Result<Work, String> {
        match element {
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => Ok(Work::default()),
            TemplateElement::HtmlExpression(helper) | TemplateElement::Expression(helper) => Ok(simple(helper)),
            TemplateElement::HelperBlock(helper) => {
                let inside = helper.template.as_ref().map_or(Ok(Work::default()), |body| self.all(body))?;
                let other = helper.inverse.as_ref().map_or(Ok(Work::default()), |body| self.all(body))?;
                let is_list = helper.name.as_name() == Some("each");
                let count = if is_list { f64::from(u32::try_from(MOST_ENTRIES).unwrap_or(u32::MAX)) } else { 1.0 };
                Ok(simple(helper).plus(inside.times(count)).plus(other))
            }
            TemplateElement::PartialExpression(partial) | TemplateElement::PartialBlock(partial) => {
                self.partial(partial)
            }
            _ => Err("it changes other templates (`{{* ...}}`), which is not to be had here".to_owned()),
        }
    }

    fn partial(&mut self, partial: &'a DecoratorTemplate) -> Result<Work, String> {
        let block = partial.template.as_ref().map_or(Ok(Work::default()), |body| self.all(body))?;
        let Some(name) = partial.name.as_name() else {
            return Err("a partial is called by its name, not by a value".to_owned());
        };
        if name == "@partial-block" {
            return Ok(Work { own: 1.0, block: 1.0 }.plus(block));
        }
        // One that there is not is found when it is filled in.
        let Some(body) = (self.find)(name) else { return Ok(block) };
        let work = match self.known.get(name) {
            Some(work) => *work,
            None if self.under_way.contains(&name) => {
                return Err(format!("the partial `{name}` leads back to itself"));
            }
            None => {
                self.under_way.push(name);
                let work = self.all(body)?;
                self.under_way.pop();
                self.known.insert(name, work);
                work
            }
        };
        let own = PARTIAL + work.own + work.block * block.own;
        Ok(Work { own, block: work.block * block.block })
    }
}

fn simple(helper: &HelperTemplate) -> Work {
    let parts = u32::try_from(helper.params.len() + helper.hash.len()).unwrap_or(u32::MAX);
    Work { own: 1.0 + f64::from(parts), block: 0.0 }
}
