//! Pages for people: one per error code, as Markdown, or as HTML for browsers.

use std::fmt::Write as _;

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::extract::Path;
use super::problem::Problem;
use super::problems::{self, PAGES};
use crate::codes;

/// A page in the form that the reader asked for.
pub(crate) struct Page {
    markdown: String,
    html: bool,
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let cache = (header::CACHE_CONTROL, "public, max-age=3600");
        let vary = (header::VARY, "Accept");
        if self.html {
            let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8");
            return ([kind, cache, vary], html(&self.markdown)).into_response();
        }
        ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8"), cache, vary], self.markdown).into_response()
    }
}

/// What a code means.
#[utoipa::path(get, path = "/problems/{code}", tag = "problems", security(()), params(("code" = String, Path)),
    responses((status = 200, body = String, content_type = "text/markdown")))]
pub(crate) async fn page(headers: HeaderMap, Path((code,)): Path<(String,)>) -> Result<Page, Problem> {
    let page = problems::page(&code).or_else(|| codes::page(&code));
    let markdown = page.ok_or_else(|| Problem::new("not_found", codes::unknown(&code)))?;
    Ok(Page { markdown: markdown.to_owned(), html: wants_html(&headers) })
}

/// All codes.
#[utoipa::path(get, path = "/problems", tag = "problems", security(()),
    responses((status = 200, body = String, content_type = "text/markdown")))]
pub(crate) async fn index(headers: HeaderMap) -> Page {
    let mut markdown = "# Error codes\n\n".to_owned();
    for (code, _) in PAGES {
        let _ = writeln!(markdown, "- [{code}](/problems/{code}): {}", problems::title(code));
    }
    markdown.push_str("\n# Codes of findings in files\n\n");
    for (code, meaning) in codes::sorted() {
        let _ = writeln!(markdown, "- [{code}](/problems/{code}): {meaning}");
    }
    Page { markdown, html: wants_html(&headers) }
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// The Markdown that the pages use: headings, paragraphs, lists, code, links.
fn html(markdown: &str) -> String {
    let mut out = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Fluxor</title><body>\n".to_owned();
    // Every other part between fences is code, under a line that names its language.
    for (at, part) in markdown.split("```").enumerate() {
        if at % 2 == 1 {
            let (_, code) = part.split_once('\n').unwrap_or_default();
            let _ = writeln!(out, "<pre><code>{}</code></pre>", escaped(code));
        } else {
            prose(part, &mut out);
        }
    }
    out.push_str("</body></html>\n");
    out
}

fn prose(markdown: &str, out: &mut String) {
    for block in markdown.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        let _ = match block {
            _ if block.starts_with("# ") => writeln!(out, "<h1>{}</h1>", inline(&block[2..])),
            _ if block.starts_with("- ") => {
                let items: String = block
                    .split("\n- ")
                    .map(|item| format!("<li>{}</li>", inline(item.trim_start_matches("- "))))
                    .collect();
                writeln!(out, "<ul>{items}</ul>")
            }
            _ => writeln!(out, "<p>{}</p>", inline(block)),
        };
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Escapes, then turns code between backticks into elements.
pub(super) fn coded(text: &str) -> String {
    let text = escaped(text);
    let parts = text.split('`').enumerate();
    parts.map(|(place, part)| if place % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() }).collect()
}

/// The same, and links, of texts of our own.
fn inline(text: &str) -> String {
    let coded = coded(text);
    let Some((before, rest)) = coded.split_once('[') else { return coded };
    match rest.split_once("](").and_then(|(words, rest)| Some((words, rest.split_once(')')?))) {
        Some((words, (target, after))) => format!("{before}<a href=\"{target}\">{words}</a>{after}"),
        None => coded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_as_html_escapes_and_links() {
        let shown = html("# A <b>\n\nSay `x < y`.\n\n- [one](/problems/one): first\n- two\n");
        assert!(shown.contains("<h1>A &lt;b&gt;</h1>") && shown.contains("<code>x &lt; y</code>"), "{shown}");
        let code = html("Write:\n\n```yaml state\na: <b>\n\nc: `d`\n```\n\nMore.\n");
        assert!(code.contains("<pre><code>a: &lt;b&gt;\n\nc: `d`\n</code></pre>\n<p>More.</p>"), "{code}");
        assert!(shown.contains("<li><a href=\"/problems/one\">one</a>: first</li><li>two</li>"), "{shown}");
    }
}
