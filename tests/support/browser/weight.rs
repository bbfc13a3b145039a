//! What a page weighs on its way: its scripts and styles, as they were transferred.

use serde::Deserialize;
use serde_json::json;

use super::page::Browser;

/// Bytes that came over the network, compressed as they came, with the browser's allowance of 300 for the headers of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Weight {
    /// How many files.
    pub files: u64,
    /// Of scripts.
    pub script: u64,
    /// Of stylesheets.
    pub style: u64,
}

impl Weight {
    /// Both.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.script + self.style
    }
}

/// Loads the page anew, with nothing kept from before, and weighs what came.
///
/// # Panics
/// If the browser does not tell.
pub async fn weigh(page: &Browser) -> Weight {
    let keep = async |off: bool| page.devtools("Network.setCacheDisabled", &json!({ "cacheDisabled": off })).await;
    keep(true).await;
    page.reload().await;
    let told = page.execute(include_str!("weight.js"), &json!([])).await;
    keep(false).await;
    serde_json::from_value(told).unwrap()
}
