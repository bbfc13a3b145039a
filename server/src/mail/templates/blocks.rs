//! Which block of a template is not closed: what the library says of that lists what its grammar expects instead.

use fluxor_engine::diagnostic::Span;

/// A tag between its braces, and where it begins.
struct Tag<'s> {
    at: usize,
    text: &'s str,
}

/// What is wrong with the blocks of a template, and where; nothing, where each is closed.
pub(super) fn unbalanced(source: &str) -> Option<(Span, String)> {
    let mut open: Vec<Tag<'_>> = Vec::new();
    let mut at = 0;
    while let Some(found) = source.get(at..)?.find("{{") {
        let begin = at + found;
        if source[..begin].ends_with('\\') {
            at = begin + 2;
            continue;
        }
        let comment = ["{{!--", "{{~!--"].iter().find(|mark| source[begin..].starts_with(**mark));
        let inside = begin + comment.map_or(2, |mark| mark.len());
        let Some(length) = source[inside..].find(if comment.is_some() { "--" } else { "}}" }) else {
            return Some((line_from(source, begin), "what begins with `{{` here does not end with `}}`".to_owned()));
        };
        at = inside + length;
        if comment.is_some() {
            continue;
        }
        let text = source[inside..at].trim_matches(['{', '~', ' ']);
        let name = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
        if let Some(block) = text.strip_prefix('#').or_else(|| text.strip_prefix('^').filter(|rest| !rest.is_empty())) {
            open.push(Tag { at: begin, text: block.trim_start_matches(['>', '*']).trim_start() });
        } else if let Some(closing) = text.strip_prefix('/').map(name) {
            match open.pop() {
                Some(tag) if name(tag.text).trim_matches('"') == closing.trim_matches('"') => {}
                Some(tag) => {
                    let (own, line) = (name(tag.text), line_of(source, tag.at));
                    let why =
                        format!("`{{{{/{closing}}}}}` closes nothing here: `{{{{#{own}}}}}` of line {line} is open");
                    return Some((line_from(source, begin), why));
                }
                None => {
                    let why = format!("`{{{{/{closing}}}}}` closes nothing: no such block is open");
                    return Some((line_from(source, begin), why));
                }
            }
        }
    }
    let tag = open.pop()?;
    let name = tag.text.split_whitespace().next().unwrap_or_default();
    let why = format!("`{{{{#{}}}}}` is not closed: `{{{{/{name}}}}}` is missing", tag.text.trim());
    Some((line_from(source, tag.at), why))
}

fn line_of(source: &str, at: usize) -> usize {
    source[..at].matches('\n').count() + 1
}

/// From a place to the end of its line.
fn line_from(source: &str, at: usize) -> Span {
    Span::new(at, source[at..].find('\n').map_or(source.len(), |end| at + end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_that_is_not_closed_is_named() {
        for (source, line, why) in [
            ("a\n{{#if due}}\n{{due}}\n", 2, "`{{#if due}}` is not closed: `{{/if}}` is missing"),
            ("{{#if a}}{{#each b}}x{{/if}}", 1, "`{{/if}}` closes nothing here: `{{#each}}` of line 1 is open"),
            ("x\n\n{{/if}}", 3, "`{{/if}}` closes nothing: no such block is open"),
            ("{{#> layout}}\nx", 1, "`{{#layout}}` is not closed: `{{/layout}}` is missing"),
            ("x {{ reference", 1, "what begins with `{{` here does not end with `}}`"),
        ] {
            let (span, told) = unbalanced(source).unwrap();
            assert_eq!((line_of(source, span.start), &*told), (line, why), "{source}");
        }
        for whole in [
            "{{#if a}}{{b}}{{else}}c{{/if}}",
            "{{#unless a}}x{{^}}y{{/unless}}",
            "{{!-- {{#if a}} --}}{{! {{ }}",
            "\\{{#if a}} is written so",
            "{{~#each a~}} {{this}} {{~/each~}}{{> foot}}{{#> layout}}x{{/layout}}",
        ] {
            assert_eq!(unbalanced(whole), None, "{whole}");
        }
    }
}
