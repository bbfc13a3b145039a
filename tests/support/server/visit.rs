//! A browser without a script: it keeps its cookie, sends forms as they stand, and follows where it is sent.

use std::collections::BTreeMap;

use reqwest::{Client, Method, RequestBuilder, Response, redirect};

use super::Site;

/// Somebody at the pages of a site.
#[derive(Clone, Debug)]
pub struct Visitor {
    http: Client,
    url: String,
    cookie: Option<String>,
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// Where it was found in the end.
    pub place: String,
    /// The document.
    pub text: String,
    /// The header fields, lower case.
    pub headers: BTreeMap<String, String>,
}

/// A form as it stands in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Where it goes.
    pub action: String,
    /// Its hidden fields.
    pub fields: Vec<(String, String)>,
    /// Its buttons: name, value.
    pub buttons: Vec<(String, String)>,
}

impl Visitor {
    /// Somebody who is not signed in.
    #[must_use]
    pub fn at(url: &str) -> Self {
        let http = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Self { http, url: url.to_owned(), cookie: None }
    }

    /// Somebody who has signed in by a link that the console printed.
    pub async fn signed_in(site: &Site, person: &str) -> Self {
        let mut visitor = Self::at(&site.url);
        let link = site.link(person, false).await;
        visitor.come(&link).await;
        visitor
    }

    /// The same of an administrator, dan.
    pub async fn administrator(site: &Site) -> Self {
        let mut visitor = Self::at(&site.url);
        let link = site.link("dan", true).await;
        visitor.come(&link).await;
        visitor
    }

    /// Uses a link to sign in.
    ///
    /// # Panics
    /// If it is no good.
    pub async fn come(&mut self, link: &str) {
        let place = link.strip_prefix(&self.url).unwrap_or(link).to_owned();
        let page = self.get(&place).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let page = self.post(&place, &[]).await;
        assert!(self.cookie.is_some(), "{page:?}");
    }

    /// The session's cookie.
    #[must_use]
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// The same browser with another cookie.
    #[must_use]
    pub fn with_cookie(mut self, cookie: Option<&str>) -> Self {
        self.cookie = cookie.map(str::to_owned);
        self
    }

    /// A request with the cookie.
    pub fn asks(&self, method: Method, place: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{place}", self.url)).header("accept", "text/html");
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    /// A page, wherever it leads.
    pub async fn get(&mut self, place: &str) -> Page {
        let response = self.asks(Method::GET, place).send().await.unwrap();
        self.follow(place, response).await
    }

    /// Sends fields as a form of this site does.
    pub async fn post(&mut self, place: &str, fields: &[(&str, &str)]) -> Page {
        self.post_from(&self.url.clone(), place, fields).await
    }

    /// The same from a page of another site.
    pub async fn post_from(&mut self, origin: &str, place: &str, fields: &[(&str, &str)]) -> Page {
        let request = self.asks(Method::POST, place).header("origin", origin);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(encoded(fields));
        let response = request.send().await.unwrap();
        self.follow(place, response).await
    }

    /// Presses a button of a form, with more fields.
    pub async fn press(&mut self, form: &Form, button: (&str, &str), more: &[(&str, &str)]) -> Page {
        let mut fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        fields.extend(more);
        fields.push(button);
        self.post(&form.action, &fields).await
    }

    async fn follow(&mut self, place: &str, mut response: Response) -> Page {
        let mut place = place.to_owned();
        for _ in 0..10 {
            for set in response.headers().get_all("set-cookie") {
                let set = set.to_str().unwrap();
                assert!(
                    ["__Host-", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"]
                        .iter()
                        .all(|part| set.contains(part)),
                    "{set}"
                );
                let pair = set.split(';').next().unwrap();
                self.cookie = Some(pair.to_owned()).filter(|pair| !pair.ends_with('='));
            }
            let Some(to) = response.headers().get("location") else { break };
            assert_eq!(response.status(), 303, "an answer to a form leads on with 303");
            to.to_str().unwrap().clone_into(&mut place);
            assert!(place.starts_with('/'), "it leads elsewhere: {place}");
            response = self.asks(Method::GET, &place).send().await.unwrap();
        }
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        Page { status, place, headers, text: response.text().await.unwrap() }
    }
}

/// Fields as a form sends them.
#[must_use]
pub fn encoded(fields: &[(&str, &str)]) -> String {
    let plain = |text: &str| -> String {
        let one = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(one).collect()
    };
    fields.iter().map(|(name, value)| format!("{}={}", plain(name), plain(value))).collect::<Vec<_>>().join("&")
}

impl Page {
    /// A whole document of ours, if the status is this one: every element that is opened is closed, nothing is let in from
    /// elsewhere.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.place, self.text);
        assert_eq!(self.headers.get("content-type").map(String::as_str), Some("text/html; charset=utf-8"));
        let policy = &self.headers["content-security-policy"];
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(self.headers["referrer-policy"], "same-origin");
        assert_eq!(self.headers["cache-control"], "no-store");
        well_formed(&self.text);
        self
    }

    /// Whether it has this text.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// The forms that go to `action`.
    #[must_use]
    pub fn forms(&self, action: &str) -> Vec<Form> {
        let all = self.text.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next());
        all.map(Form::read).filter(|form| form.action == action).collect()
    }

    /// The first form that goes to `action` and asks for something once: no search.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    #[must_use]
    pub fn form(&self, action: &str) -> Form {
        let once = |form: &Form| form.fields.iter().any(|(name, _)| name == "once");
        self.forms(action).into_iter().find(once).unwrap_or_else(|| panic!("no form for {action}: {}", self.text))
    }
}

impl Form {
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once('>').unwrap();
        let hidden = body.split("<input").skip(1).filter(|input| attribute(input, "type").as_deref() == Some("hidden"));
        let named = |tag: &str| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()));
        Self {
            action: attribute(head, "action").unwrap_or_default(),
            fields: hidden.filter_map(named).collect(),
            buttons: body.split("<button").skip(1).filter_map(named).collect(),
        }
    }
}

/// An attribute of the tag that a text begins with.
#[must_use]
pub fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    Some(plain(value))
}

/// A text without its entities.
#[must_use]
pub fn plain(text: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x3D;", "="),
        ("&#x60;", "`"),
        ("&amp;", "&"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (coded, plain)| text.replace(coded, plain))
}

/// Every element that is opened is closed, in its order.
#[track_caller]
fn well_formed(html: &str) {
    const VOID: [&str; 5] = ["meta", "link", "input", "br", "rect"];
    let mut open: Vec<&str> = Vec::new();
    for tag in html.split('<').skip(1).filter(|tag| !tag.starts_with('!')) {
        let name =
            tag.split(|c: char| c.is_whitespace() || c == '>' || c == '/').find(|name| !name.is_empty()).unwrap();
        let closed = tag.split('>').next().is_some_and(|head| head.ends_with('/'));
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{html}");
        } else if !VOID.contains(&name) && !closed {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}
