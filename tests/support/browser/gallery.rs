//! Every page on every kind of screen: photographed for people to look at, and checked with [`super::fit`] and [`super::axe`].

use std::fmt::Write as _;
use std::path::PathBuf;

use super::page::Browser;
use super::{Look, artefacts, axe, fit};

/// What each page is shown on, by name.
const LOOKS: [(&str, Look); 6] = [
    ("light", Look::DESK),
    ("dark", Look::DESK.dark()),
    ("phone", Look::PHONE),
    ("phone-dark", Look::PHONE.dark()),
    ("zoomed", Look::ZOOMED),
    ("print", Look::PRINT),
];

/// Opens each page (its name and path) in a browser that is signed in, on each kind of screen; checks it, and puts its pictures and a
/// sheet of all of them into a folder of this name among the artefacts, which it returns.
///
/// # Panics
/// With everything that was found, once all pages were seen.
pub async fn gallery(page: &Browser, name: &str, pages: &[(&str, &str)]) -> PathBuf {
    assert!(!pages.is_empty(), "a gallery shows a page at least");
    let mut found = Vec::new();
    for (own, path) in pages {
        let why = seen(page, name, own, async |page| page.open(path).await).await;
        found.extend(why.into_iter().map(|why| format!("{own} ({path}), {why}")));
    }
    hung(page, name, pages, found).await
}

/// The same of one page that is not reached by its address alone: `reach` leads there anew on every kind of screen.
///
/// # Panics
/// As [`gallery`].
pub async fn scene(page: &Browser, name: &str, own: &str, reach: impl AsyncFn(&Browser)) -> PathBuf {
    let found = seen(page, name, own, reach).await;
    hung(page, name, &[(own, "")], found).await
}

/// What is wrong with a page on each kind of screen.
async fn seen(page: &Browser, name: &str, own: &str, reach: impl AsyncFn(&Browser)) -> Vec<String> {
    let mut found = Vec::new();
    for (kind, look) in LOOKS {
        // What is filled in and pressed on the way there is not on paper.
        page.look(if look.print { Look::DESK } else { look }).await;
        reach(page).await;
        page.look(look).await;
        let picture = format!("{name}/{own}-{kind}");
        page.screenshot(&picture).await;
        if look.print {
            page.print(&picture).await;
        }
        found.extend(check(page, look).await.into_iter().map(|why| format!("{kind}: {why}")));
    }
    page.look(Look::DESK).await;
    found
}

/// Writes the sheet; nothing may be wrong.
async fn hung(page: &Browser, name: &str, pages: &[(&str, &str)], mut found: Vec<String>) -> PathBuf {
    let folder = artefacts().join(name);
    found.extend(fit::strangers(page).await);
    let sheet = folder.join("index.html");
    std::fs::write(&sheet, contact_sheet(name, pages, &found))
        .unwrap_or_else(|why| panic!("{}: {why}", sheet.display()));
    assert!(found.is_empty(), "{} to put right, see {}:\n  {}\n", found.len(), sheet.display(), found.join("\n  "));
    folder
}

/// What is wrong with a page on this kind of screen.
async fn check(page: &Browser, look: Look) -> Vec<String> {
    if look.print {
        let mut found = fit::sideways(page).await;
        found.extend(fit::cut_off(page).await);
        // What is read on paper is read by everybody, too; nothing is hit there.
        let broken = axe::violations(page).await.into_iter().filter(|broken| broken.rule != "target-size");
        found.extend(broken.map(|broken| broken.to_string()));
        return found;
    }
    let mut found = Vec::new();
    found.extend(axe::violations(page).await.iter().map(ToString::to_string));
    found.extend(fit::headings(page).await);
    found.extend(fit::small_targets(page).await);
    if look.width < Look::DESK.width {
        found.extend(fit::sideways(page).await);
    }
    // The walk moves the focus: last.
    if !look.touch {
        found.extend(fit::focus(page).await);
    }
    found
}

/// A sheet of all pictures: a row a page.
fn contact_sheet(name: &str, pages: &[(&str, &str)], found: &[String]) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title>\n<style>body {{ font: 14px sans-serif; \
         background: #888 }} div {{ display: flex; gap: 1rem; align-items: start; overflow-x: auto }} figure {{ margin: 0 }} \
         img {{ height: 30rem; background: #fff }}</style>\n<h1>{0}</h1>\n<ul>",
        escaped(name)
    );
    for why in found {
        let _ = writeln!(out, "<li>{}</li>", escaped(why));
    }
    out.push_str("</ul>\n");
    for (own, path) in pages {
        let _ = writeln!(out, "<h2>{} <code>{}</code></h2>\n<div>", escaped(own), escaped(path));
        for (kind, look) in LOOKS {
            let file = escaped(&format!("{own}-{kind}"));
            let paper = if look.print { format!(" <a href=\"{file}.pdf\">PDF</a>") } else { String::new() };
            let _ = writeln!(
                out,
                "<figure><a href=\"{file}.png\"><img src=\"{file}.png\" alt=\"\" loading=\"lazy\"></a>\
                 <figcaption>{kind}{paper}</figcaption></figure>"
            );
        }
        out.push_str("</div>\n");
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_shows_every_picture_and_escapes() {
        let sheet = contact_sheet("all", &[("limits", "/limits?a=<b>&c")], &["a < b".to_owned()]);
        assert!(
            sheet.contains("<code>/limits?a=&lt;b>&amp;c</code>") && sheet.contains("<li>a &lt; b</li>"),
            "{sheet}"
        );
        for (kind, _) in LOOKS {
            assert!(sheet.contains(&format!("src=\"limits-{kind}.png\"")), "{sheet}");
        }
        assert!(sheet.contains("href=\"limits-print.pdf\""), "{sheet}");
    }
}
