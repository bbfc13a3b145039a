//! One browser: what a person does with it, and sees.

use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};

use super::driver::Driver;
use super::find::Find;
use super::record::Record;
use super::wire::{Refused, Wire};
use super::{Scripts, capabilities, keys};

/// How long a start may take on a loaded machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How long something that is to appear may take.
pub const SETTLE: Duration = Duration::from_secs(20);

/// How often it is looked for.
const BETWEEN: Duration = Duration::from_millis(25);

/// The key under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// An element, as the driver knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element(pub(super) String);

impl Element {
    pub(super) fn of(value: &Value) -> Option<Self> {
        value[ELEMENT].as_str().map(|id| Self(id.to_owned()))
    }
}

/// What has the focus, as assistive technology is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Focused {
    /// Its name.
    pub name: String,
    /// `link`, `button`, `textbox` ...; empty where nothing has it.
    pub role: String,
}

/// A cookie, as the browser keeps it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// What it says.
    pub value: String,
    /// Where it is sent.
    pub path: String,
    /// Whether scripts cannot read it.
    pub http_only: bool,
    /// Whether it is sent over TLS only.
    pub secure: bool,
    /// `Strict`, `Lax` or `None`.
    pub same_site: Option<String>,
}

/// A browser with a profile of its own and one window.
#[derive(Debug)]
pub struct Browser {
    pub(super) wire: Wire,
    /// Of the site: what paths belong to.
    pub(super) base: Url,
    pub(super) scripts: Scripts,
    pub(super) record: Mutex<Record>,
    clicks: AtomicUsize,
    settle: Duration,
    closed: bool,
    _driver: Arc<Driver>,
}

impl Browser {
    pub(super) async fn new(driver: &Arc<Driver>, base: &str, scripts: Scripts) -> Self {
        let base = Url::parse(base).unwrap_or_else(|why| panic!("{base} is no address: {why}"));
        let wire = Wire::open(driver.port, &capabilities(&driver.program, &driver.profile(), scripts)).await;
        let (record, clicks) = (Mutex::default(), AtomicUsize::new(0));
        Self { wire, base, scripts, record, clicks, settle: SETTLE, closed: false, _driver: driver.clone() }
    }

    /// Waits no longer than this for what is to appear, in place of [`SETTLE`].
    pub const fn patience(&mut self, settle: Duration) {
        self.settle = settle;
    }

    // ---- where it is ----

    /// Opens a page: a path of the site, or an address.
    ///
    /// # Panics
    /// If the browser cannot.
    pub async fn open(&self, path: &str) {
        let url = self.base.join(path).unwrap_or_else(|why| panic!("{path} is no address: {why}"));
        self.goes_to(url).await;
    }

    /// Takes a session over: the cookie `name=value` of somebody who has signed in elsewhere.
    ///
    /// # Panics
    /// If the browser does not take it.
    pub async fn with_session(&self, cookie: &str) {
        let (name, value) = cookie.split_once('=').unwrap();
        let set = json!({ "name": name, "value": value, "url": self.base.as_str(), "path": "/", "secure": true, "httpOnly": true, "sameSite": "Lax" });
        let told = self.devtools("Network.setCookie", &set).await;
        assert_eq!(told["success"], true, "the browser does not take the session: {told}");
    }

    async fn goes_to(&self, url: Url) {
        let shown = url.as_str().split('@').next_back().unwrap_or_default();
        self.step(format!("opened {shown:.200}"));
        self.must("the page opens", self.wire.post("/url", &json!({ "url": url.as_str() })).await).await;
    }

    /// Loads the page anew.
    pub async fn reload(&self) {
        self.step("loaded it anew".to_owned());
        self.must("it loads", self.wire.post("/refresh", &json!({})).await).await;
    }

    /// Goes back to the page before.
    pub async fn back(&self) {
        self.step("went back".to_owned());
        self.must("it goes back", self.wire.post("/back", &json!({})).await).await;
    }

    /// The address of the page.
    pub async fn url(&self) -> String {
        text_of(&self.again("it has an address", async || self.wire.get("/url").await).await)
    }

    /// The title of the page.
    pub async fn title(&self) -> String {
        text_of(&self.again("it has a title", async || self.wire.get("/title").await).await)
    }

    /// The cookies of the page.
    pub async fn cookies(&self) -> Vec<Cookie> {
        serde_json::from_value(self.again("it tells cookies", async || self.wire.get("/cookie").await).await).unwrap()
    }

    // ---- what is done ----

    /// Clicks on something, once it is there and can be clicked.
    ///
    /// # Panics
    /// If it does not appear.
    pub async fn click(&self, find: Find<'_>) {
        self.on(find, "click", async |id| self.wire.post(&format!("/element/{id}/click"), &json!({})).await).await;
        self.clicks.fetch_add(1, Ordering::Relaxed);
    }

    /// How often something was clicked.
    #[must_use]
    pub fn clicks(&self) -> usize {
        self.clicks.load(Ordering::Relaxed)
    }

    /// Replaces what stands in a field.
    ///
    /// # Panics
    /// If it does not appear.
    pub async fn fill(&self, find: Find<'_>, text: &str) {
        self.on(find, "fill", async |id| {
            self.wire.post(&format!("/element/{id}/clear"), &json!({})).await?;
            self.wire.post(&format!("/element/{id}/value"), &json!({ "text": text })).await
        })
        .await;
    }

    /// Chooses what a field offers under this text; counts as a click.
    ///
    /// # Panics
    /// If it does not.
    pub async fn choose(&self, find: Find<'_>, option: &str) {
        let script = "const found = [...arguments[0].options].find((o) => o.label.trim() === arguments[1]);
            if (!found) throw Error('it offers ' + [...arguments[0].options].map((o) => o.label.trim()).join(', '));
            return found";
        self.on(find, "choose from", async |id| {
            let found = self.run(script, &json!([{ ELEMENT: id }, option])).await?;
            let chosen = Element::of(&found).map_or(String::new(), |element| element.0);
            self.wire.post(&format!("/element/{chosen}/click"), &json!({})).await
        })
        .await;
        self.clicks.fetch_add(1, Ordering::Relaxed);
    }

    /// Presses keys: `Tab`, `Enter`, `a`, or several held together, `Shift+Tab`.
    ///
    /// # Panics
    /// If there is no such key.
    pub async fn press(&self, keys: &str) {
        self.step(format!("pressed {keys}"));
        self.must("keys are pressed", self.wire.post("/actions", &keys::chord(keys)).await).await;
    }

    /// Types text into what has the focus.
    pub async fn write(&self, text: &str) {
        self.step(format!("typed \"{text:.80}\""));
        self.must("keys are pressed", self.wire.post("/actions", &keys::text(text)).await).await;
    }

    /// Presses Tab until what has this name has the focus; returns how often.
    ///
    /// # Panics
    /// If nothing of this name is reached in 200 times.
    pub async fn tab_to(&self, name: &str) -> usize {
        let mut met = Vec::new();
        for times in 1..=200 {
            self.press("Tab").await;
            let focused = self.focused().await;
            if focused.name == name {
                return times;
            }
            met.push(format!("{} \"{}\"", focused.role, focused.name));
        }
        met.dedup();
        self.fail(&format!("Tab does not lead to \"{name}\"; it leads to {}", met.join(", "))).await
    }

    // ---- what is seen ----

    /// What has the focus.
    pub async fn focused(&self) -> Focused {
        let script = "const e = document.activeElement; return e === document.body ? null : e";
        self.again("it tells what has the focus", async || {
            let Some(element) = Element::of(&self.run(script, &json!([])).await?) else {
                return Ok(Focused::default());
            };
            let role = self.wire.get(&format!("/element/{}/computedrole", element.0)).await?;
            Ok(Focused { name: self.label(&element).await?, role: text_of(&role) })
        })
        .await
    }

    /// The visible text of something, once it is there.
    ///
    /// # Panics
    /// If it does not appear.
    pub async fn text(&self, find: Find<'_>) -> String {
        text_of(&self.on(find, "read", async |id| self.wire.get(&format!("/element/{id}/text")).await).await)
    }

    /// The visible texts of all elements of a selector, as they are now.
    pub async fn texts(&self, selector: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText.trim())";
        serde_json::from_value(self.execute(script, &json!([selector])).await).unwrap()
    }

    /// An attribute of something, once that is there.
    ///
    /// # Panics
    /// If it does not appear.
    pub async fn attribute(&self, find: Find<'_>, name: &str) -> Option<String> {
        let told = self.on(find, "read", async |id| self.wire.get(&format!("/element/{id}/attribute/{name}")).await);
        told.await.as_str().map(str::to_owned)
    }

    /// Whether something is there now.
    pub async fn exists(&self, find: Find<'_>) -> bool {
        self.find(find).await.is_ok()
    }

    /// Waits until something is so.
    ///
    /// # Panics
    /// If it is not in time.
    pub async fn wait_for(&self, what: &str, so: impl AsyncFn(&Self) -> bool) {
        let since = Instant::now();
        while !so(self).await {
            if since.elapsed() > self.settle {
                let text = self.texts("main, body:not(:has(main))").await.join("\n");
                self.fail(&format!("waited in vain for {what}; there is instead:\n{text:.2000}")).await
            }
            tokio::time::sleep(BETWEEN).await;
        }
    }

    // ---- beneath ----

    /// Does something with an element once it is there and ready; what was refused is tried again for a while.
    async fn on<F: Future<Output = Result<Value, Refused>>>(
        &self,
        find: Find<'_>,
        verb: &str,
        act: impl Fn(String) -> F,
    ) -> Value {
        self.step(format!("{verb} {find}"));
        let since = Instant::now();
        loop {
            let done = match self.find(find).await {
                Ok(element) => act(element.0).await.map_err(|why| why.to_string()),
                Err(instead) => Err(instead),
            };
            match done {
                Ok(value) => return value,
                Err(why) if since.elapsed() > self.settle => self.fail(&format!("cannot {verb} {find}: {why}")).await,
                Err(_) => tokio::time::sleep(BETWEEN).await,
            }
        }
    }

    /// The name that the browser computes for an element.
    pub(super) async fn label(&self, element: &Element) -> Result<String, Refused> {
        Ok(text_of(&self.wire.get(&format!("/element/{}/computedlabel", element.0)).await?))
    }

    /// Runs a script in the page as the body of a function, whether or not the page may run its own.
    ///
    /// # Panics
    /// If it fails.
    pub async fn execute(&self, script: &str, arguments: &Value) -> Value {
        self.again("a script of the test runs", async || self.run(script, arguments).await).await
    }

    pub(super) async fn run(&self, script: &str, arguments: &Value) -> Result<Value, Refused> {
        self.wire.post("/execute/sync", &json!({ "script": script, "args": arguments })).await
    }

    /// Asks again where one page made way for the next meanwhile.
    async fn again<T>(&self, what: &str, ask: impl AsyncFn() -> Result<T, Refused>) -> T {
        let since = Instant::now();
        loop {
            match ask().await {
                Err(why) if why.is_between_pages() && since.elapsed() < self.settle => {
                    tokio::time::sleep(BETWEEN).await
                }
                done => return self.must(what, done).await,
            }
        }
    }

    /// A command of Chromium's own protocol.
    ///
    /// # Panics
    /// If it fails.
    pub async fn devtools(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.must(command, self.wire.post("/goog/cdp/execute", &body).await).await
    }

    pub(super) async fn must<T>(&self, what: &str, done: Result<T, Refused>) -> T {
        match done {
            Ok(value) => value,
            Err(why) => self.fail(&format!("{what}: {why}")).await,
        }
    }

    /// Ends the browser, which must not have complained.
    ///
    /// # Panics
    /// If it has.
    pub async fn close(mut self) {
        self.closed = true;
        let complaints = self.complaints().await;
        if !complaints.is_empty() {
            self.fail(&format!("the browser complains:\n{}", complaints.join("\n"))).await
        }
        let _ = self.wire.delete("").await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let forgotten = !self.closed && !std::thread::panicking();
        assert!(!forgotten, "a browser is closed by `close`, which asks whether it complained");
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
