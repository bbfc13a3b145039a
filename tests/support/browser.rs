//! A real browser, used as a person uses it: Chromium without a window, driven through WebDriver.
//!
//! [`Browsers`] starts one `chromedriver`; each [`Browser`] has a profile of its own, so that two of them are two people. What
//! must hold: nothing outlives its test, however that ends; nothing waits for a fixed time; what cannot be done says on which page,
//! what was looked for and what is there instead; a browser that complained (a refused script, a missing file) fails its test.
//! [`fit`], [`axe`] and [`gallery`] look at whole pages.

pub mod axe;
mod driver;
mod find;
pub mod fit;
pub mod gallery;
mod keys;
mod look;
mod page;
mod record;
pub mod weight;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

pub use find::Find;
pub use look::Look;
pub use page::{Browser, Cookie, Focused, SETTLE};

use driver::Driver;

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    /// As a browser comes.
    On,
    /// As somebody has it who forbids them in the browser's settings.
    Off,
}

/// Where browsers come from; they may outlive it.
#[derive(Debug)]
pub struct Browsers(Arc<Driver>);

impl Browsers {
    /// Starts the driver, or says in one line what is missing.
    pub async fn start() -> Option<Self> {
        Driver::start().await.map(|driver| Self(Arc::new(driver)))
    }

    /// A browser with an empty profile, as wide as a desk; `base` is the address that paths belong to.
    ///
    /// # Panics
    /// If it does not start, or its pages may run scripts though they must not.
    pub async fn browser(&self, base: &str, scripts: Scripts) -> Browser {
        let browser = Browser::new(&self.0, base, scripts).await;
        browser.look(Look::DESK).await;
        // A setting with another name would be taken without a word.
        let told = "data:text/html,<title>off</title><script>document.title='on'</script>";
        browser.open(told).await;
        assert_eq!(browser.title().await == "on", scripts == Scripts::On, "scripts are to be {scripts:?}");
        browser
    }
}

/// Where screenshots go: `FLUXOR_TEST_ARTEFACTS`, else `artefacts` in the folder that the tests were built in.
///
/// # Panics
/// If it cannot be made.
#[must_use]
pub fn artefacts() -> PathBuf {
    let built = || std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("artefacts");
    let folder = std::env::var_os("FLUXOR_TEST_ARTEFACTS").map_or_else(built, PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    folder
}

/// What a browser is started with.
fn capabilities(program: &Path, profile: &Path, scripts: Scripts) -> serde_json::Value {
    let preferences = match scripts {
        Scripts::On => json!({}),
        Scripts::Off => json!({ "profile.managed_default_content_settings.javascript": 2 }),
    };
    let arguments = [
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-extensions",
        "--disable-breakpad",
        "--no-proxy-server",
        "--lang=en",
        "--window-size=1280,900",
        // Whatever a page names elsewhere is noted, and not reached.
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
        // Tests run as root in a container, where its own sandbox cannot be made.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        // It ends when the other end of this pipe does.
        "--remote-debugging-pipe",
        &format!("--user-data-dir={}", profile.display()),
    ];
    json!({ "capabilities": { "alwaysMatch": {
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "goog:chromeOptions": { "binary": program, "args": arguments, "prefs": preferences },
        "timeouts": { "script": 60_000, "pageLoad": 60_000 },
    } } })
}
