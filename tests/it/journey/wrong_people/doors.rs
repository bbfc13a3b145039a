//! The other doors to a decision: the form of a task's page, and the inbox, where several are decided at once.
//!
//! What must hold: what is refused over HTTP is refused here for the same reason.

use std::collections::BTreeMap;

use fluxor_tests::server::Site;
use fluxor_tests::server::client::{Reply, fresh_key};
use fluxor_tests::server::visit::{Page, Visitor, plain};
use serde_json::Value;

/// Who tries what about a task.
pub(super) struct Act<'a> {
    pub(super) person: &'a str,
    pub(super) task: &'a Value,
    /// As `POST /v1/tasks/{id}/decisions` takes it.
    pub(super) act: &'a Value,
}

impl Act<'_> {
    fn text(&self, name: &str) -> &str {
        self.act[name].as_str().unwrap_or_default()
    }

    fn place(&self) -> String {
        format!("/tasks/{}", self.task["id"].as_str().unwrap())
    }

    /// The fields of the page's form that say the same; nothing: no form of a page can.
    fn fields(&self) -> Option<Vec<(&'static str, String)>> {
        let act = match self.text("act") {
            "add_approver" => "add_after",
            "repair" | "escalate" | "look" => return None,
            // Of somebody else's seat only HTTP can say so.
            "reassign" if !self.act["from"].is_null() => return None,
            same => same,
        };
        let to = if act == "add_after" { self.text("person") } else { self.text("to") };
        Some(vec![
            ("once", fresh_key()),
            ("etag", self.task["etag"].as_str().unwrap().to_owned()),
            ("act", act.to_owned()),
            ("seat", format!("{}@{}", self.text("step"), self.text("on_behalf_of"))),
            ("reason", self.text("reason").to_owned()),
            ("to", to.to_owned()),
        ])
    }
}

/// Browsers of everybody.
pub(super) struct Doors {
    people: BTreeMap<String, Visitor>,
    stranger: Visitor,
    url: String,
}

fn borrowed<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Whether the page knows its visitor no more: then nothing was tried, and the trail hears of nothing.
fn is_out(page: &Page) -> bool {
    page.has("active today")
}

impl Doors {
    /// Everybody signs in, while he is there.
    pub(super) async fn new(site: &Site, people: &[&str]) -> Self {
        let mut all = BTreeMap::new();
        for person in people {
            all.insert((*person).to_owned(), Visitor::signed_in(site, person).await);
        }
        let mut stranger = Visitor::at(&site.url);
        stranger.post("/sign-in", &[("key", &site.keys["stranger"])]).await.is(200);
        Self { people: all, stranger, url: site.url.clone() }
    }

    /// Whoever was away meanwhile and is back signs in anew.
    pub(super) async fn come_back(&mut self, site: &Site) {
        for (person, visitor) in &mut self.people {
            let page = visitor.get("/inbox").await;
            if !page.has("/sign-out") && !is_out(&page) {
                *visitor = Visitor::signed_in(site, person).await;
            }
        }
    }

    fn of(&mut self, person: &str) -> &mut Visitor {
        self.people.get_mut(person).unwrap_or_else(|| panic!("{person} has no browser"))
    }

    /// Tries it by the form; returns how many entries of the security stream that makes.
    pub(super) async fn by_form(&mut self, tried: &Act<'_>, over_http: &Reply) -> u64 {
        let Some(fields) = tried.fields() else { return 0 };
        let page = self.of(tried.person).post(&tried.place(), &borrowed(&fields)).await;
        if is_out(&page) {
            page.is(403);
            return 1;
        }
        let page = page.is(over_http.status);
        assert!(
            page.has("Not done.") || page.has("Nothing was decided."),
            "{} {}: {}",
            tried.person,
            tried.act,
            page.text
        );
        u64::from(page.status == 403)
    }

    /// Tries it as one of several.
    pub(super) async fn in_bulk(&mut self, tried: &Act<'_>, over_http: &Reply) -> u64 {
        if !["approve", "reject"].contains(&tried.text("act")) {
            return 0;
        }
        let text = |name: &str| tried.task[name].as_str().unwrap_or_default();
        let (step, behalf) = (tried.text("step"), tried.text("on_behalf_of"));
        let row = [text("id"), behalf, step, text("etag")].join("\t");
        let once = fresh_key();
        let fields = [("once", &*once), ("act", tried.text("act")), ("reason", tried.text("reason")), ("task", &*row)];
        let page = self.of(tried.person).post("/inbox", &fields).await;
        if is_out(&page) {
            page.is(403);
            return 1;
        }
        let page = page.is(200);
        let why = over_http.body["detail"].as_str().unwrap();
        assert!(page.has("It was not decided: it says why."), "{} {}: {}", tried.person, tried.act, page.text);
        assert!(plain(&page.text).contains(why), "{why}: {}", page.text);
        u64::from(over_http.status == 403)
    }

    /// Tries it as a stranger, as nobody, and from a page of another site, which the trail tells of whoever's browser sent it.
    pub(super) async fn by_nobody(&mut self, task: &Value, step: &str) -> u64 {
        let act = serde_json::json!({ "act": "approve", "step": step });
        let tried = Act { person: "stranger", task, act: &act };
        let (place, fields) = (tried.place(), tried.fields().unwrap());
        let fields = borrowed(&fields);
        self.stranger.post(&place, &fields).await.is(404);
        Visitor::at(&self.url).post(&place, &fields).await.is(401);
        for person in self.people.values_mut() {
            person.post_from("https://evil.example", &place, &fields).await.is(403);
        }
        self.people.len() as u64
    }

    /// Whoever may, does.
    pub(super) async fn approved(&mut self, right: &Act<'_>) {
        let fields = right.fields().unwrap();
        let page = self.of(right.person).post(&right.place(), &borrowed(&fields)).await.is(200);
        assert!(page.place.ends_with("?done=approve"), "{}: {}", page.place, page.text);
    }
}
