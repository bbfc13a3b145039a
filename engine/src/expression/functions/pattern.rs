//! Regular expressions (RE2's syntax): linear in the text, with bounds on what a pattern may repeat and compile to.

use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::{Fuel, mistyped};
use crate::expression::value::Value;

/// Longer patterns are refused.
const LONGEST: usize = 512;

/// The bytes that a compiled pattern may take.
const SIZE: usize = 1 << 21;

/// Patterns that are longer than this when their repetitions are written out are refused.
const LONGEST_WRITTEN_OUT: u64 = 1 << 14;

/// The steps that compiling one while evaluating costs.
pub(super) const COMPILING: u64 = 5_000;

/// A pattern, compiled.
#[derive(Clone, Debug)]
pub(in crate::expression) struct Pattern {
    regex: Arc<Regex>,
    written_out: u64,
}

impl Pattern {
    /// Compiles `text`.
    pub(in crate::expression) fn new(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("a pattern has at most {LONGEST} bytes, this has {}", text.len()));
        }
        let written_out = written_out(text);
        if written_out > LONGEST_WRITTEN_OUT {
            return Err("the pattern repeats too much".to_owned());
        }
        let regex = RegexBuilder::new(text).size_limit(SIZE).dfa_size_limit(SIZE).nest_limit(32).build();
        match regex {
            Ok(regex) => Ok(Self { regex: Arc::new(regex), written_out }),
            Err(regex::Error::CompiledTooBig(_)) => Err("the pattern repeats too much".to_owned()),
            Err(e) => {
                // The last line says what is wrong; those before show the place in a way of their own.
                let text = e.to_string();
                let last = text.lines().last().unwrap_or_default();
                Err(format!("not a regular expression: {}", last.strip_prefix("error: ").unwrap_or(last)))
            }
        }
    }

    /// The steps that a text of so many bytes takes.
    pub(in crate::expression) fn cost(&self, bytes: u64) -> u64 {
        weight(self.written_out, bytes)
    }

    /// The steps that a text of so many bytes takes with the longest pattern.
    pub(in crate::expression) fn longest_cost(bytes: u64) -> u64 {
        weight(LONGEST_WRITTEN_OUT, bytes)
    }

    /// Whether the pattern is found anywhere in `text`.
    pub(in crate::expression) fn matches(&self, text: &Value, fuel: &mut Fuel<'_>) -> Result<Value, String> {
        let Value::Text(text) = text else { return Err(mistyped(std::slice::from_ref(text))) };
        fuel.spend(self.cost(text.len() as u64))?;
        Ok(Value::Bool(self.regex.is_match(text)))
    }
}

/// The search is linear in the text, and in the worst case in the pattern too.
fn weight(written_out: u64, bytes: u64) -> u64 {
    (bytes / 64 + 1).saturating_mul(written_out / 64 + 1)
}

/// How long a pattern is at most with its repetitions written out: its length times every count in it.
fn written_out(pattern: &str) -> u64 {
    let mut length = pattern.len() as u64;
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        rest = after;
        let Some((counts, _)) = after.split_once('}').filter(|_| !before.ends_with('\\')) else { continue };
        let most = counts.split(',').filter_map(|count| count.trim().parse::<u64>().ok()).max().unwrap_or(1);
        length = length.saturating_mul(most.max(1));
    }
    length
}

pub(super) fn matches(args: &[Value], fuel: &mut Fuel<'_>) -> Result<Value, String> {
    let [text, Value::Text(pattern)] = args else { return Err(mistyped(args)) };
    fuel.spend(COMPILING)?;
    Pattern::new(pattern)?.matches(text, fuel)
}
