//! What a browser went through: the steps of its person, what it complained of, what it asked for; and pictures of it.

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::page::Browser;
use super::wire::Refused;

/// The longest page that is photographed, in pixels of CSS.
const LONGEST: f64 = 12_000.0;

/// How many steps are told where one fails.
const TOLD: usize = 12;

/// What was noted so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    steps: Vec<String>,
    complaints: Vec<String>,
    expected: Vec<String>,
    requests: Vec<String>,
}

impl Browser {
    pub(super) fn step(&self, step: String) {
        self.record.lock().unwrap().steps.push(step);
    }

    /// Fails the test: where the browser is, what was done, what is wrong; with a screenshot.
    pub(super) async fn fail<T>(&self, what: &str) -> T {
        let told =
            async |path: &str| self.wire.get(path).await.map_or_else(|why| why.to_string(), |told| told.to_string());
        let (url, title) = (told("/url").await, told("/title").await);
        let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let shot = match self.capture(&format!("failed-{test}")).await {
            Ok(path) => path.display().to_string(),
            Err(why) => why.to_string(),
        };
        let steps = {
            let record = self.record.lock().unwrap();
            record.steps[record.steps.len().saturating_sub(TOLD)..].join("; ")
        };
        let told = format!("on {url} ({title}): {what}\nsteps: {steps}\nscreenshot: {shot}");
        panic!("{}", shortened(&told));
    }

    /// A complaint with this in it is in order.
    pub fn expect_complaint(&self, part: &str) {
        self.record.lock().unwrap().expected.push(part.to_owned());
    }

    /// What the browser complained of until now (refused by a policy, not found, broken), but for what is expected.
    ///
    /// # Panics
    /// If it does not tell.
    pub async fn complaints(&self) -> Vec<String> {
        let told = self.log("browser").await;
        let mut record = self.record.lock().unwrap();
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let bad = told.iter().filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")));
        record.complaints.extend(bad.map(|entry| format!("{}: {}", text(entry, "level"), text(entry, "message"))));
        let unexpected = |line: &&String| !record.expected.iter().any(|part| line.contains(part));
        record.complaints.iter().filter(unexpected).cloned().collect()
    }

    /// The addresses that the browser asked for until now.
    ///
    /// # Panics
    /// If it does not tell.
    pub async fn requests(&self) -> Vec<String> {
        let told = self.log("performance").await;
        let mut record = self.record.lock().unwrap();
        for entry in told {
            let message: Value = serde_json::from_str(entry["message"].as_str().unwrap_or_default()).unwrap();
            if message["message"]["method"] == "Network.requestWillBeSent"
                && let Some(url) = message["message"]["params"]["request"]["url"].as_str()
                // Its own pages are none of the site's.
                && !["chrome:", "chrome-", "data:", "about:", "blob:"].iter().any(|own| url.starts_with(own))
            {
                record.requests.push(url.to_owned());
            }
        }
        record.requests.clone()
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let told = self.wire.post("/se/log", &json!({ "type": kind })).await;
        match told.unwrap_or_else(|why| panic!("the browser does not tell its log: {why}")) {
            Value::Array(entries) => entries,
            other => panic!("the browser's log is {other}"),
        }
    }

    /// A picture of the whole page, as `name.png` among the artefacts.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        match self.capture(name).await {
            Ok(path) => path,
            Err(why) => panic!("no screenshot {name}: {why}"),
        }
    }

    async fn capture(&self, name: &str) -> Result<PathBuf, Refused> {
        let devtools = async |command: &str, parameters: Value| {
            self.wire.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await
        };
        let size = devtools("Page.getLayoutMetrics", json!({})).await?["cssContentSize"].clone();
        let (width, height) = (size["width"].as_f64().unwrap_or(1.0), size["height"].as_f64().unwrap_or(1.0));
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height.min(LONGEST), "scale": 1 });
        let asked = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = devtools("Page.captureScreenshot", asked).await?;
        Ok(keep(&format!("{name}.png"), &taken["data"]))
    }

    /// The page as it is printed, as `name.pdf` among the artefacts.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn print(&self, name: &str) -> PathBuf {
        let asked = json!({ "page": { "width": 21.0, "height": 29.7 }, "background": false });
        keep(&format!("{name}.pdf"), &self.must("it is printed", self.wire.post("/print", &asked).await).await)
    }
}

/// Without the whole of pages that are their own address.
fn shortened(text: &str) -> String {
    let short = |word: &str| match word.char_indices().nth(80) {
        Some((at, _)) if word.contains("data:") => format!("{}...", &word[..at]),
        _ => word.to_owned(),
    };
    text.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// Writes what came as base64.
fn keep(name: &str, data: &Value) -> PathBuf {
    let path = super::artefacts().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let bytes = BASE64_STANDARD.decode(data.as_str().unwrap_or_default()).unwrap();
    assert!(!bytes.is_empty(), "{name} is empty");
    std::fs::write(&path, bytes).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    path
}
