//! YAML text as a tree that knows its places. The one module that knows the YAML library.
//!
//! The tree keeps what serde would lose: the span of every key and scalar, the text as the author wrote it (`1.10`
//! stays `1.10`), and keys that are written twice. So one pass can find everything that is wrong with a file, where
//! a derived `Deserialize` stops at the first. Next: `read.rs`.

pub(super) mod flow;
pub(in crate::definition) mod line;
mod syntax;

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Location, Options, Spanned};

use super::codes;
use crate::diagnostic::{Diagnostic, Span};

/// Larger files are refused: a definition is read by people.
pub const MAX_BYTES: usize = 1 << 20;

/// How deep a file may nest. Reading is recursive, and a level takes about 50 kB of stack in a debug build.
const MAX_DEPTH: usize = 24;

/// A value and where it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spot<T> {
    /// `value`, which stands at `span`.
    #[must_use]
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A piece of text as the author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text, without quotes.
    pub text: String,
    /// Whether it stands in the file exactly so: then a place in the text is a place in the file.
    pub plain: bool,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing, `~` or `null`.
    Empty,
    /// A text, number or truth.
    Scalar(Scalar),
    /// `[a, b]`
    List(Vec<Node>),
    /// `{ a: b }`, in the order of the file; a key may stand twice.
    Map(Vec<(Spot<String>, Node)>),
}

/// A piece of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub shape: Shape,
    /// Where it stands; of a map, its first key.
    pub span: Span,
}

impl Node {
    /// What it is, for messages.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self.shape {
            Shape::Empty => "nothing",
            Shape::Scalar(_) => "a text",
            Shape::List(_) => "a list",
            Shape::Map(_) => "a mapping",
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }
}

/// Reads `source`.
///
/// # Errors
/// The first place that is not YAML: what follows it cannot be understood.
pub fn parse(source: &str) -> Result<Node, Box<Diagnostic>> {
    if source.len() > MAX_BYTES {
        let message = format!("the file is longer than {MAX_BYTES} bytes, and no more are read");
        let finding = Diagnostic::error(codes::TOO_LARGE, Span::default(), message);
        return Err(Box::new(finding.help("divide it into several workflows: one can start another")));
    }
    let read = |source: &str| serde_saphyr::from_str_with_options::<Spanned<Raw>>(source, options());
    match read(source) {
        Ok(raw) => Ok(node(source, raw)),
        Err(error) => {
            let place = |text: &str| read(text).err().map(|error| syntax::offset(text, &error));
            Err(Box::new(syntax::refused(source, &error, place)))
        }
    }
}

fn options() -> Options {
    let mut options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
        null_as_string: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
    };
    options.alias_limits.max_total_replayed_events = 10_000;
    options.alias_limits.max_replay_stack_depth = 8;
    if let Some(budget) = &mut options.budget {
        budget.max_depth = MAX_DEPTH;
    }
    options
}

/// What the library gives: scalars are taken from the source again, since a number has lost how it was written.
enum Raw {
    Empty,
    Text(String),
    Other,
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Empty)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Empty)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Other)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Other)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

fn node(source: &str, raw: Spanned<Raw>) -> Node {
    let span = span(source, raw.defined);
    let written = source.get(span.start..span.end).unwrap_or_default();
    let shape = match raw.value {
        Raw::Empty => Shape::Empty,
        Raw::Other => Shape::Scalar(Scalar { text: written.trim_matches(['"', '\'']).to_owned(), plain: true }),
        Raw::Text(text) => Shape::Scalar(Scalar { plain: text == written, text }),
        Raw::List(items) => Shape::List(items.into_iter().map(|item| node(source, item)).collect()),
        Raw::Map(entries) => Shape::Map(
            entries
                .into_iter()
                .map(|(k, v)| (Spot::new(k.value, self::span(source, k.defined)), node(source, v)))
                .collect(),
        ),
    };
    let span = match &shape {
        Shape::Map(entries) => entries.first().map_or(span, |(key, _)| key.span),
        Shape::List(items) if span.start == span.end => items.first().map_or(span, |item| item.span),
        _ => trimmed(span, written),
    };
    Node { shape, span }
}

/// A block text's span runs to the start of the next line: the carets need not.
fn trimmed(span: Span, written: &str) -> Span {
    Span::new(span.start, span.start + written.trim_end().len())
}

fn span(source: &str, location: Location) -> Span {
    let at = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok());
    let start = at(location.span().byte_offset()).unwrap_or(0).min(source.len());
    let len = at(location.span().byte_len()).unwrap_or(0);
    Span::new(start, start.saturating_add(len).min(source.len()))
}

impl Scalar {
    /// Where the bytes `inner` of the text stand in the file, if the text stands at `outer` in `source`.
    ///
    /// Quotes, folding and indentation change the blanks only, so the n-th visible character of the one is the n-th
    /// of the other. With escapes that does not hold, and the whole text is the answer.
    #[must_use]
    pub fn locate(&self, source: &str, outer: Span, inner: Span) -> Span {
        if self.plain {
            return Span::new(
                outer.start + inner.start.min(self.text.len()),
                outer.start + inner.end.min(self.text.len()),
            );
        }
        let written = source.get(outer.start..outer.end).unwrap_or_default();
        let skip = usize::from(written.starts_with(['"', '\'']));
        let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let body = written.get(skip..written.len().saturating_sub(skip)).unwrap_or_default();
        if visible(body) != visible(&self.text) {
            return outer;
        }
        let nth = |at: usize| {
            let before = self.text.get(..at).unwrap_or(&self.text).chars().filter(|c| !c.is_whitespace()).count();
            body.char_indices()
                .filter(|(_, c)| !c.is_whitespace())
                .nth(before)
                .map_or(body.trim_end().len(), |(i, _)| i)
        };
        let start = nth(inner.start);
        let width = inner.end.saturating_sub(inner.start);
        let last = if width == 0 { start } else { nth(inner.end.saturating_sub(1)) + 1 };
        Span::new(outer.start + skip + start, outer.start + skip + last.max(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(source: &str) -> (Scalar, Span) {
        let Shape::Map(entries) = parse(source).unwrap().shape else { panic!("a map") };
        let (_, node) = entries.into_iter().next().unwrap();
        let Shape::Scalar(scalar) = node.shape else { panic!("a scalar") };
        (scalar, node.span)
    }

    #[test]
    fn a_place_in_a_text_is_a_place_in_the_file() {
        for source in [
            "a: po.x > nope",
            "a: \"po.x > nope\"",
            "a: 'po.x > nope' # c",
            "a: >-\n  po.x\n  > nope\n",
            "a: po.x\n    > nope",
        ] {
            let (scalar, outer) = scalar(source);
            let at = scalar.text.find("nope").unwrap();
            let span = scalar.locate(source, outer, Span::new(at, at + 4));
            assert_eq!(&source[span.start..span.end], "nope", "{source}");
        }
        let (escaped, outer) = scalar("a: \"\\x41 nope\"");
        assert_eq!(escaped.locate("a: \"\\x41 nope\"", outer, Span::new(2, 6)), outer);
    }

    #[test]
    fn scalars_keep_how_they_were_written() {
        for (written, text) in [("1.10", "1.10"), ("0x10", "0x10"), ("true", "true"), ("\"5\"", "5"), (".nan", ".nan")]
        {
            assert_eq!(scalar(&format!("a: {written}")).0.text, text);
        }
    }
}
