//! The page about limits, as a browser gets it: with a key as the password, and without a script. [`crate::browser`] opens it in a real one.

use fluxor_tests::server::Site;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::json;

use super::limits::set;

/// A browser's requests: no checks of what programs are answered.
struct Browser<'s> {
    site: &'s Site,
    http: Client,
}

struct Page {
    status: u16,
    kind: String,
    asks: String,
    policy: String,
    text: String,
}

impl Page {
    async fn of(response: Response) -> Self {
        let header =
            |name: &str| response.headers().get(name).map_or(String::new(), |v| v.to_str().unwrap().to_owned());
        let (kind, asks, policy) =
            (header("content-type"), header("www-authenticate"), header("content-security-policy"));
        Self { status: response.status().as_u16(), kind, asks, policy, text: response.text().await.unwrap() }
    }

    /// A whole document of ours, if the status is this one: every element that is opened is closed.
    #[track_caller]
    fn is(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.kind, "text/html; charset=utf-8");
        assert!(self.policy.starts_with("default-src 'none'; style-src 'self'"), "{}", self.policy);
        assert!(!self.policy.contains("unsafe"), "{}", self.policy);
        well_formed(&self.text);
        self.text
    }
}

/// Every element that is opened is closed, in its order.
#[track_caller]
fn well_formed(html: &str) {
    const VOID: [&str; 4] = ["meta", "link", "input", "rect"];
    let mut open: Vec<&str> = Vec::new();
    for tag in html.split('<').skip(1).filter(|tag| !tag.starts_with('!')) {
        let name =
            tag.split(|c: char| c.is_whitespace() || c == '>' || c == '/').find(|name| !name.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{html}");
        } else if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

impl Browser<'_> {
    fn asks(&self, method: Method, path: &str, who: Option<&str>) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.site.url));
        match who {
            Some(who) => request.basic_auth("whoever", Some(&self.site.keys[who])),
            None => request,
        }
    }

    async fn get(&self, path: &str, who: Option<&str>) -> Page {
        Page::of(self.asks(Method::GET, path, who).send().await.unwrap()).await
    }

    async fn attempt(&self, who: &str, fields: &[(&str, &str)]) -> Page {
        let mut body = form(fields);
        body.insert_str(0, "setting=limits&");
        let request = self.asks(Method::POST, "/limits", Some(who));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        Page::of(request.send().await.unwrap()).await
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    let plain = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", value.bytes().map(plain).collect::<String>()));
    pairs.collect::<Vec<_>>().join("&")
}

const FEW: &str = "policies:\n  - { name: tried, by: [user], strategy: { log: { limit: 1, window: 1h } } }\n";

pub(super) async fn limits_in_a_browser(site: Site) {
    let browser = Browser { site: &site, http: Client::builder().no_proxy().build().unwrap() };
    let few = json!({ "policies": [{ "name": "few", "by": ["user"],
        "strategy": { "bucket": { "burst": 2, "tokens": 1, "per": "1h" } } }] });
    set(&site, "limits", &few).await;
    for _ in 0..2 {
        site.by("bob").get("/v1/tasks").await.is(200);
    }
    let refused = site.by("bob").get("/v1/tasks").await.refused(429, "quota_exceeded");
    let id = refused["instance"].as_str().unwrap();

    // Nobody and a wrong key are asked for one; a program's way to send it is none here, and a browser's is none elsewhere.
    for page in [browser.get("/limits", None).await, {
        let request = browser.asks(Method::GET, "/limits", None).basic_auth("x", Some("flx_a_b"));
        Page::of(request.send().await.unwrap()).await
    }] {
        assert!(page.asks.starts_with("Basic realm="), "{}", page.asks);
        assert!(page.is(401).contains("fluxor keys create"));
    }
    let bearer = browser.asks(Method::GET, "/limits", None).bearer_auth(&site.keys["admin"]);
    assert_eq!(bearer.send().await.unwrap().status(), 401);
    assert_eq!(browser.asks(Method::GET, "/v1/me", Some("admin")).send().await.unwrap().status(), 401);

    let whole = browser.get("/limits", Some("admin")).await.is(200);
    for word in ["user&#x3D;bob", "class=\"state over\"", "2 at once, then 1 an hour", "<svg", id, "Try other limits"] {
        assert!(whole.contains(word), "{word}: {whole}");
    }
    let found = browser.get(&format!("/limits?request={id}"), Some("admin")).await.is(200);
    assert!(found.contains("The refusal of this request."), "{found}");
    // Who is over a limit may ask why, and sees the own refusals.
    let turned = browser.get("/limits", Some("bob")).await.is(200);
    assert!(turned.contains("Your refused requests") && turned.contains(id), "{turned}");
    let own = browser.get("/limits", Some("ann")).await.is(200);
    assert!(own.contains("Your refused requests") && !own.contains("bob") && !own.contains("textarea"), "{own}");
    browser.get("/limits?setting=server_limits", Some("admin")).await.is(200);
    let stranger = browser.get("/limits?setting=server_limits", Some("stranger")).await;
    stranger.is(403);
    let wrong = browser.get("/limits?dya=[x](javascript:alert(1))`<b>", Some("admin")).await.is(400);
    assert!(!wrong.contains("href=\"javascript") && !wrong.contains("<b>"), "{wrong}");
    let hostile = "/limits?request=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27";
    let page = browser.get(hostile, Some("admin")).await.is(200);
    assert!(!page.contains("<script"), "{page}");

    // Limits that are tried: what they would have done, and what is wrong with them, beside what was typed.
    let tried = browser.attempt("admin", &[("document", FEW), ("day", "today")]).await.is(200);
    assert!(tried.contains("these limits would have refused") && tried.contains("limit: 1"), "{tried}");
    for (wrong, word) in [
        (FEW.replace("user", "usr"), "/document/policies/0/by/0"),
        ("policies: [".to_owned(), "neither YAML nor JSON"),
        ("</textarea><script>".to_owned(), "neither YAML nor JSON"),
    ] {
        let page = browser.attempt("admin", &[("document", &wrong), ("day", "")]).await.is(200);
        assert!(page.contains(word) && page.contains("role=\"alert\"") && !page.contains("<script"), "{page}");
    }
    assert_eq!(site.admin().get("/v1/settings/limits").await.is(200)["document"], few, "nothing was set");
    let page = browser.attempt("ann", &[("document", FEW)]).await;
    assert_eq!(page.status, 403);
    // What another site makes a browser send is not taken.
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")] {
        let request = browser.asks(Method::POST, "/limits", Some("admin")).header(name, value).body("document=");
        assert!(Page::of(request.send().await.unwrap()).await.is(403).contains("another site"), "{name}");
    }
    let large = "x".repeat(1 << 21);
    assert!(browser.attempt("admin", &[("document", &large)]).await.is(413).contains("1048576 bytes"));
    site.end().await;
}
