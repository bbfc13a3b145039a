//! Whoever is declined reads who it is about, by name and id, by which rule, and what to do.

use fluxor_tests::server::Site;
use fluxor_tests::server::visit::Visitor;
use serde_json::json;

use super::company::{approve, in_review, reorganise, text};

const RULE: &str = "whom the definition keeps out (`never: [requester]`)";

pub(super) async fn a_refusal_names_the_person_and_the_rule(site: Site) {
    let named = |name: &str| json!({ "name": name });
    let contacts = json!({ "ann": named("Ann Archer"), "bob": named("Bob Baker") });
    reorganise(&site, &json!({ "contacts": contacts })).await;
    let (_, task) = in_review(&site, "ann", "400.00 EUR").await;
    let by = |who: &str| site.by(who);
    let delegate = |to: &str| json!({ "act": "delegate", "step": "manager", "to": to });

    let told = by("bob").decide(&task, &delegate("ann")).await.refused(403, "target_excluded");
    assert_eq!(text(&told["detail"]), format!("Ann Archer (ann) is the requester, {RULE}. Name somebody else."));
    let told = by("bob").decide(&task, &delegate("fai")).await.refused(422, "target_unknown");
    assert_eq!(text(&told["detail"]), "Nobody in the organisation has the id `fai`. Did you mean `fay`?");
    let told = by("bob").decide(&task, &approve("manger")).await.refused(404, "unknown_step");
    let steps = "There is no step `manger`; the only one is `manager`. Did you mean `manager`?";
    assert_eq!(text(&told["detail"]), steps);
    let told = by("ann").decide(&task, &approve("manager")).await.refused(403, "excluded");
    assert_eq!(
        text(&told["detail"]),
        format!("Ann Archer (ann) is the requester, {RULE}. Somebody else has to decide.")
    );
    let told = by("fay").decide(&task, &approve("manager")).await.refused(403, "not_approver");
    assert!(text(&told["detail"]).ends_with("in `manager`; asked there: Bob Baker (bob)."), "{told}");

    // On the page, and on the command line of whoever asks why somebody could not.
    let id = text(&task["id"]);
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let form = bob.get(&format!("/tasks/{id}")).await.is(200).form(&format!("/tasks/{id}"));
    let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let typed = [("act", "delegate"), ("step", "manager"), ("to", "ann")];
    let page = bob.post(&form.action, &[&fields[..], &typed].concat()).await;
    assert!(page.has("Ann Archer (ann) is the requester, whom the definition keeps out"), "{}", page.text);
    let told = site.command(&["tasks", "deciders", &id, "--person", "ann"]).await.done();
    assert!(told.contains(&format!("ann is the requester, {RULE}.")), "{told}");
    site.end().await;
}
