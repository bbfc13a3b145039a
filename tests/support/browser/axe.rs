//! axe-core's rules on a page, from the file that `FLUXOR_TEST_AXE` names.

use std::fmt;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::json;

use super::Scripts;
use super::page::Browser;

/// A rule that a page breaks.
#[derive(Clone, Debug, Deserialize)]
pub struct Violation {
    /// The rule's name.
    pub rule: String,
    /// What it wants.
    pub help: String,
    /// Which elements break it, and how to mend each.
    pub elements: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.rule, self.help, self.elements.join("; "))
    }
}

/// Waits for what axe says; the rule about the size of targets is one that it leaves out unless it is asked.
const ASK: &str = r"
const done = arguments[0];
const element = (node) => `${node.target.join(' ')} (${node.failureSummary.replace(/\s+/g, ' ')})`;
axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }).then(
  (told) => done({
    rules: told.passes.length + told.violations.length,
    violations: told.violations.map(({ id, help, nodes }) => ({ rule: id, help, elements: nodes.map(element) })),
  }),
  (error) => done({ error: String(error) }),
);";

/// axe-core's script, or says once that it is missing.
fn script() -> Option<&'static str> {
    static SCRIPT: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let Some(path) = std::env::var_os("FLUXOR_TEST_AXE") else {
            eprintln!("skipped: axe is not asked; `tests/run` fetches it, FLUXOR_TEST_AXE names its axe.min.js");
            return None;
        };
        Some(std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display())))
    };
    SCRIPT.get_or_init(read).as_deref()
}

/// The rules that the page breaks as it is shown now; none where there is no axe, which is said.
///
/// # Panics
/// If it cannot be asked.
pub async fn violations(page: &Browser) -> Vec<Violation> {
    let Some(script) = script() else { return Vec::new() };
    assert_eq!(page.scripts, Scripts::On, "axe needs a browser with scripts");
    // It comes as a function's body, and is the page's only for this moment.
    let ask = json!({ "script": format!("{script};{ASK}"), "args": [] });
    let mut told = page.must("axe runs", page.wire.post("/execute/async", &ask).await).await;
    if told["rules"].as_u64().unwrap_or(0) == 0 {
        return page.fail(&format!("axe says {told}")).await;
    }
    serde_json::from_value(told["violations"].take()).unwrap()
}

/// Whether axe can be asked.
#[must_use]
pub fn there() -> bool {
    script().is_some()
}

/// Fails with each rule that the page breaks, the elements and what to do.
///
/// # Panics
/// If it breaks one.
pub async fn axe(page: &Browser) {
    let broken: Vec<String> = violations(page).await.iter().map(ToString::to_string).collect();
    if !broken.is_empty() {
        page.fail(&format!("{} rules of axe are broken:\n{}", broken.len(), broken.join("\n"))).await
    }
}
