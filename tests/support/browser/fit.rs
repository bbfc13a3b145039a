//! Whether a page fits who reads it: its width, what is to be hit, where the focus is, its headings, and nobody else's servers.
//!
//! What must hold: each finding names the element and the number that is wrong. No list is empty because nothing was looked at.

use serde_json::{Value, json};

use super::page::Browser;

/// The smallest side of what is to be hit, in pixels of CSS (WCAG 2.5.8).
pub const TARGET: u32 = 24;

const COMMON: &str = include_str!("fit/common.js");

impl Browser {
    async fn findings(&self, script: &str, arguments: &Value) -> Vec<String> {
        let told = self.execute(&format!("{COMMON}\n{script}"), arguments).await;
        serde_json::from_value(told).unwrap()
    }
}

/// What makes the page scroll sideways.
pub async fn sideways(page: &Browser) -> Vec<String> {
    page.findings(include_str!("fit/sideways.js"), &json!([])).await
}

/// What would be cut off on paper, where nothing scrolls.
pub async fn cut_off(page: &Browser) -> Vec<String> {
    page.findings(include_str!("fit/cut.js"), &json!([])).await
}

/// What is smaller than [`TARGET`] on a side and can be hit, but for links within text.
pub async fn small_targets(page: &Browser) -> Vec<String> {
    page.findings(include_str!("fit/targets.js"), &json!([TARGET])).await
}

/// Headings: one of the first level, and no level left out.
pub async fn headings(page: &Browser) -> Vec<String> {
    page.findings(include_str!("fit/headings.js"), &json!([])).await
}

/// What the browser asked of others than the site.
pub async fn strangers(page: &Browser) -> Vec<String> {
    let own = page.base.origin();
    let foreign = |url: &String| reqwest::Url::parse(url).is_ok_and(|url| url.origin() != own);
    page.requests().await.into_iter().filter(foreign).map(|url| format!("asks for {url}")).collect()
}

/// Walks the page with Tab, from its beginning: what has no visible ring, and what is never reached.
///
/// # Panics
/// If the walk does not end.
pub async fn focus(page: &Browser) -> Vec<String> {
    const WALK: &str = include_str!("fit/focus.js");
    let count = page.execute(&format!("{COMMON}\n{WALK}"), &json!(["begin"])).await.as_u64().unwrap();
    // What scrolls takes the focus too, though it is not counted: hence twice.
    for _ in 0..=count * 2 + 10 {
        page.press("Tab").await;
        if page.execute(&format!("{COMMON}\n{WALK}"), &json!(["step"])).await == false {
            return page.findings(WALK, &json!(["end"])).await;
        }
    }
    page.fail(&format!("Tab walks in a ring that never comes back to the beginning; {count} elements take the focus"))
        .await
}
