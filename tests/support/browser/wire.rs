//! WebDriver over HTTP: one command, one answer.

use reqwest::Method;
use serde_json::Value;

/// What the driver refused.
#[derive(Debug)]
pub(super) struct Refused {
    /// As the specification names it: `no such element`.
    pub(super) code: String,
    /// One sentence.
    pub(super) message: String,
}

impl Refused {
    /// Whether the page that was asked made way for another. Half of it is told under codes of its own, half as an error of the
    /// browser's protocol, which has no codes.
    pub(super) fn is_between_pages(&self) -> bool {
        let message = self.message.to_lowercase();
        let gone = ["detached", "navigat", "execution context", "unloaded", "node with given id"];
        matches!(self.code.as_str(), "stale element reference" | "no such frame" | "detached shadow root")
            || gone.iter().any(|part| message.contains(part))
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What follows the first line is the driver's own: its version and a stack.
        write!(f, "{}: {}", self.code, self.message.lines().next().unwrap_or_default())
    }
}

/// The way to one session.
#[derive(Debug)]
pub(super) struct Wire {
    http: reqwest::Client,
    session: String,
}

impl Wire {
    /// Opens a session.
    ///
    /// # Panics
    /// If the browser does not start.
    pub(super) async fn open(port: u16, capabilities: &Value) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(super::page::PATIENCE * 2).build().unwrap();
        let mut wire = Self { http, session: format!("http://127.0.0.1:{port}/session") };
        let made = wire.ask(Method::POST, "", Some(capabilities)).await;
        let made = made.unwrap_or_else(|why| panic!("the browser does not start: {}: {}", why.code, why.message));
        wire.session = format!("{}/{}", wire.session, made["sessionId"].as_str().unwrap());
        wire
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Refused> {
        self.ask(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Refused> {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, Refused> {
        self.ask(Method::DELETE, path, None).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Refused> {
        let request = self.http.request(method, format!("{}{path}", self.session));
        let request = body.into_iter().fold(request, reqwest::RequestBuilder::json);
        let lost =
            |why: reqwest::Error| Refused { code: "no answer of chromedriver".to_owned(), message: why.to_string() };
        let answer = request.send().await.map_err(lost)?;
        let good = answer.status().is_success();
        let mut told: Value = answer.json().await.map_err(lost)?;
        let value = told["value"].take();
        if good {
            return Ok(value);
        }
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Err(Refused { code: text("error"), message: text("message") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_made_way_is_told_from_what_is_wrong() {
        let told = |code: &str, message: &str| Refused { code: code.to_owned(), message: message.to_owned() };
        let lost = r#"unhandled inspector error: {"code":-32000,"message":"Frame is detached."}"#;
        assert!(told("unknown error", lost).is_between_pages());
        assert!(told("stale element reference", "stale element not found").is_between_pages());
        assert!(!told("javascript error", "x is not defined").is_between_pages());
    }
}
