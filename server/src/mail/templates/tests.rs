//! What the mails say, as golden files of the folder `golden` (`UPDATE=1` writes them), and what is said about wrong ones.

use serde_json::json;

use super::super::contacts::Contacts;
use super::super::facts::{self, Payload};
use super::*;

fn fields() -> BTreeSet<String> {
    facts::fields([])
}

fn shipped() -> Templates {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions");
    Templates::load(Some(&folder), fields()).unwrap()
}

fn contacts() -> Contacts {
    let document = json!({ "zone": "Europe/Berlin", "contacts": {
        "ann": { "name": "Ann Ångström" }, "bob": { "name": "Bob <b>" }, "cyd": {},
    } });
    serde_json::from_value(document).unwrap()
}

/// A notice of this kind about an order that somebody hostile wrote.
fn filled(kind: &str, notice: &serde_json::Value) -> Facts {
    let mut payload = json!({
        "notice": { "kind": kind, "task": 1, "people": ["ann"], "due": "2026-03-04T09:00:00Z" },
        "at": "2026-03-02T09:00:00Z", "by": "bob", "behalf": "cyd",
        "workflow": "purchase_order", "title": "Purchase order", "key": null, "state": "open.review",
        "subject": {
            "requester": "bob", "amount": "12000.00 EUR", "lines": 3, "lines_digest": "00",
            "supplier": "Acme\r\nBcc: all@example.com <script>alert(1)</script> & Söhne",
            "note": "first line\r\n\r\nOpen it: https://evil.example\n<a href=\"x\">y</a>",
        },
    });
    for (key, value) in notice.as_object().unwrap() {
        let place = if matches!(key.as_str(), "at" | "by" | "behalf" | "until" | "then") { "" } else { "/notice" };
        payload.pointer_mut(place).unwrap()[key] = value.clone();
    }
    let payload = Payload::read(&payload.to_string()).unwrap();
    let instance: fluxor_engine::ids::InstanceId = "019590a1-0000-7000-8000-0123456789ab".parse().unwrap();
    let url = "https://fluxor.example.com";
    let link = match payload.leads_to(instance) {
        Some(task) => format!("{url}/tasks/{task}"),
        None => format!("{url}/instances/{instance}"),
    };
    facts::of(&payload, instance, &contacts(), &"ann".into(), Some(link))
}

#[test]
fn nothing_is_wrong_with_those_that_come_with_the_program() {
    for (template, found) in Templates::build(Vec::new(), fields()).1 {
        assert!(found.is_empty(), "{}: {found:?}", template.name);
    }
    assert!(find::built_in().all(|template| find::comes_along(&template)));
    let other = Template { source: String::new(), ..find::built_in().next().unwrap() };
    assert!(!find::comes_along(&other));
}

#[test]
fn each_mail_says_what_its_golden_file_says() {
    let templates = shipped();
    let reason = "too dear:\n- 3 desks are enough\n<b>really</b>";
    let cases = [
        ("task_opened", "task_opened", json!({ "step": "head_of_it" })),
        ("task_opened", "task_opened_for_somebody", json!({ "step": "manager", "stands_for": "cyd" })),
        ("reminder", "reminder", json!({ "step": "manager" })),
        ("reminder", "reminder_due", json!({ "step": "manager", "at": "2026-03-04T09:00:00Z" })),
        ("escalated", "escalated", json!({ "step": "manager", "stands_for": "cyd" })),
        (
            "task_opened",
            "task_opened_that_lapses",
            json!({ "step": "manager", "until": "2026-03-16T09:00:00Z", "then": "Expired" }),
        ),
        ("ended", "ended", json!({ "due": null, "reason": reason })),
        ("ended", "ended_by_time", json!({ "due": null, "by": null, "behalf": null })),
        ("your_turn", "your_turn", json!({ "due": null, "reason": reason })),
        ("approved", "approved", json!({ "due": null })),
        ("rejected", "rejected", json!({ "due": null, "reason": reason })),
        ("rejected", "rejected_by_time", json!({ "due": null, "by": null, "behalf": null, "reason": "timed out" })),
        ("changes_requested", "changes_requested", json!({ "due": null, "reason": reason, "behalf": null })),
        (
            "question_asked",
            "question_asked",
            json!({ "due": null, "step": "manager", "reason": reason, "behalf": null }),
        ),
        (
            "question_answered",
            "question_answered",
            json!({ "due": null, "reason": "since\nthey broke", "question": reason, "behalf": null }),
        ),
    ];
    for (kind, name, notice) in cases {
        golden(name, &templates.render(kind, &filled(kind, &notice)).unwrap());
    }
}

/// Compares a mail with its golden files, or writes them.
#[track_caller]
fn golden(name: &str, words: &Words) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mail/templates/golden");
    let mut differ = Vec::new();
    for (part, text) in [("subject", &words.subject), ("txt", &words.text), ("html", &words.html)] {
        let file = folder.join(format!("{name}.{part}"));
        let text = format!("{}\n", text.trim_end_matches('\n'));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &text).unwrap();
        } else if std::fs::read_to_string(&file).unwrap_or_default() != text {
            differ.push(format!("{}:\n{text}", file.display()));
        }
        let markup = text.contains("<script>") || text.contains("<a href=\"x\">");
        assert!(part != "html" || !markup, "{text}");
        assert!(part == "html" || !text.contains("\nOpen it: https://evil.example"), "{text}");
        assert!(!text.contains("\nBcc:") && !text.contains('\r'), "{text}");
    }
    assert!(differ.is_empty(), "differ from their golden files (UPDATE=1 writes them):\n{}", differ.join("\n"));
}

#[test]
fn a_subject_is_one_line_of_bounded_length() {
    let mut facts = filled("approved", &json!({}));
    let words = shipped().render("approved", &facts).unwrap();
    assert!(!words.subject.contains(['\r', '\n']), "{}", words.subject);
    facts = serde_json::from_value::<Payload>(json!({
        "notice": { "kind": "approved", "task": 1, "people": [] }, "workflow": "leave", "state": "x",
        "subject": { "supplier": "é".repeat(4000), "days": 3 },
    }))
    .map(|payload| {
        facts::of(&payload, "019590a1-0000-7000-8000-0123456789ab".parse().unwrap(), &contacts(), &"x".into(), None)
    })
    .unwrap();
    let words = shipped().render("approved", &facts).unwrap();
    assert_eq!(words.subject.chars().count(), LONGEST_SUBJECT + 3);
    assert!(
        words.text.contains("You find it in Fluxor under 019590a1-0000-7000-8000-0123456789ab.1."),
        "{}",
        words.text
    );
}

/// The findings in these files of a company, without places.
fn wrong(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("templates/partials")).unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join("templates").join(name), text).unwrap();
    }
    let checked = check(folder.path(), fields()).unwrap();
    let shown = checked.iter().flat_map(|(file, found)| found.iter().map(|f| f.render(&file.path, &file.source)));
    shown.collect::<String>().replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn what_is_wrong_is_named_with_file_and_line() {
    assert_eq!(
        wrong(&[("approved.txt.hbs", "{{title}} {{money subject.amount}} {{#with subject}}{{note}}{{/with}}")]),
        ""
    );
    for (name, text, says) in [
        ("approved.txt.hbs", "a\nb {{titel}}\n", &["FLX0601", "approved.txt.hbs:2:", "no value `titel`"][..]),
        // In the way that is not taken, and in a condition.
        ("approved.html.hbs", "{{#if reason}}\nx\n{{else}}\n{{reson}}{{/if}}", &["FLX0601", "hbs:4:", "`reson`"]),
        ("approved.html.hbs", "{{#if reson}}x{{/if}}", &["FLX0601", "hbs:1:", "`reson`"]),
        ("approved.txt.hbs", "\n{{subject.suplier}}", &["FLX0601", "hbs:2:", "`subject.suplier`"]),
        ("approved.txt.hbs", "{{monney subject.amount}}", &["FLX0601", "`monney`"]),
        ("approved.txt.hbs", "{{> foot}}", &["FLX0601", "`foot`"]),
        (
            "approved.txt.hbs",
            "a\n{{#if reason}}\nb",
            &["FLX0600", "approved.txt.hbs:2:", "`{{#if reason}}` is not closed"],
        ),
        ("approved.html.hbs", "a\n{{{subject.note}}}", &["FLX0603", "hbs:2:1", "{{quote name}}"]),
        ("aproved.txt.hbs", "a", &["FLX0602", "aproved.txt.hbs:1:", "approved.txt.hbs"]),
        ("partials/foot.md.hbs", "a", &["FLX0602", "foot.txt.hbs"]),
        ("partials/details.txt.hbs", "a\n\n{{foot}}", &["FLX0601", "partials/details.txt.hbs:3:", "`foot`"]),
    ] {
        let found = wrong(&[(name, text)]);
        assert!(says.iter().all(|part| found.contains(part)), "{name} {text}:\n{found}");
        assert_eq!(found.matches("error[").count(), 1, "{found}");
    }
}

#[test]
fn all_that_a_template_names_and_there_is_not_is_told_at_once() {
    let mail = "{{foo}}\n{{bar}} {{title}}\n{{#if baz}}{{qux}}{{else if quux}}x{{/if}}\n{{nohelper name}}\n{{{subject.note}}} {{{key}}}\n";
    let found = wrong(&[("approved.txt.hbs", mail)]);
    for said in ["`foo`", "`bar`", "`baz`", "`qux`", "`quux`", "no helper `nohelper`"] {
        assert_eq!(found.matches(said).count(), 1, "{said} in {found}");
    }
    assert_eq!((found.matches("[FLX0601]").count(), found.matches("[FLX0603]").count()), (6, 2), "{found}");
    // The tag is marked, and not what stands behind it.
    let marked = wrong(&[("approved.txt.hbs", "{{foo}} and more\n")]);
    assert!(marked.contains("^^^^^^^") && !marked.contains("^^^^^^^^"), "{marked}");
    // In lists, around a layout, and in what a partial says.
    let found = wrong(&[
        ("digest.txt.hbs", "{{#> layout}}{{one}}{{#each waiting}}{{two}}{{> foot}}{{/each}}{{three}}{{/layout}}"),
        ("partials/foot.txt.hbs", "{{four}}\n{{five}}\n"),
    ]);
    for said in ["`one`", "`two`", "`three`", "`four`", "`five`"] {
        assert_eq!(found.matches(said).count(), 1, "{said} in {found}");
    }
}

#[test]
fn a_partial_that_nothing_calls_is_looked_at() {
    let found =
        wrong(&[("partials/foot.txt.hbs", "{{titel}}\n{{#each told}}{{help}}{{/each}}{{> nowhere}}{{monney key}}\n")]);
    for said in
        ["foot.txt.hbs:1:1", "`titel`", "no partial `nowhere`", "no helper `monney`", "nothing calls this partial"]
    {
        assert!(found.contains(said), "{said} in {found}");
    }
    assert_eq!(found.matches("error[").count(), 3, "{found}");
    // What its callers may bring: a text that it stands around, an entry of a list, what is counted there.
    let fine =
        "{{title}} {{help}} {{value}} {{@index}} {{../title}} {{> @partial-block}} {{subject.note}} {{supplier}}";
    assert_eq!(wrong(&[("partials/frame.html.hbs", fine)]), "");
    // One that cannot be read is there all the same.
    let found = wrong(&[("approved.txt.hbs", "{{> foot}}"), ("partials/foot.txt.hbs", "{{#if key}}")]);
    assert!(found.contains("FLX0600") && !found.contains("FLX0601"), "{found}");
}

#[test]
fn every_page_has_an_example_that_is_wrong_and_one_that_is_right() {
    for (code, page) in PAGES {
        let rest = page.split("\n```handlebars ").skip(1);
        let files: Vec<(&str, &str)> =
            rest.map(|rest| rest.split_once("\n```").unwrap().0.split_once('\n').unwrap()).collect();
        let [first, second] = files[..] else { panic!("{code} has {} blocks", files.len()) };
        let (of_wrong, of_right) = (wrong(&[first]), wrong(&[second]));
        assert!(of_wrong.contains(&format!("error[{code}]")), "{code}: {of_wrong}");
        assert_eq!((of_wrong.matches("error[").count(), &*of_right), (1, ""), "{code}");
    }
}

#[test]
fn what_would_be_too_much_work_is_refused() {
    let deep = format!("{}x{}", "{{#if reason}}".repeat(21), "{{/if}}".repeat(21));
    let fine = format!("{}x{}", "{{#if reason}}".repeat(20), "{{/if}}".repeat(20));
    let lists = "{{#each waiting}}{{#each waiting}}{{#each waiting}}{{title}}{{/each}}{{/each}}{{/each}}";
    let brackets = format!("{{{{#if {}reason{}}}}}x{{{{/if}}}}", "(not ".repeat(6), ")".repeat(6));
    let many = "{{> two}}".repeat(100);
    let long = "x".repeat(70_000);
    for (files, says) in [
        (vec![("approved.txt.hbs", &*deep)], "more than 20 deep"),
        (vec![("approved.txt.hbs", &*brackets)], "brackets"),
        (vec![("approved.txt.hbs", &*long)], "longer than"),
        (vec![("approved.txt.hbs", lists)], "too long to fill in"),
        (vec![("partials/one.txt.hbs", "{{> two}}"), ("partials/two.txt.hbs", "{{> one}}")], "leads back to itself"),
        (vec![("partials/one.txt.hbs", "{{> one}}")], "leads back to itself"),
        (
            vec![
                ("partials/one.txt.hbs", &*many),
                ("partials/two.txt.hbs", "{{> three}}{{> three}}"),
                ("partials/three.txt.hbs", &*many.replace("two", "details")),
            ],
            "too long to fill in",
        ),
        (vec![("approved.txt.hbs", "{{#*inline \"x\"}}y{{/inline}}{{> x}}")], "changes other templates"),
    ] {
        let found = wrong(&files);
        assert!(found.contains("FLX0635") && found.contains(says), "{says}: {found}");
    }
    assert_eq!(wrong(&[("approved.txt.hbs", &fine)]), "");
    assert_eq!(wrong(&[("digest.txt.hbs", "{{#each waiting}}{{title}} {{link}}{{else}}{{name}}{{/each}}")]), "");
    let found = wrong(&[("digest.txt.hbs", "{{#each waiting}}x{{else}}{{nam}}{{/each}}")]);
    assert!(found.contains("FLX0601") && found.contains("`nam`"), "{found}");
    let found = wrong(&[("digest.txt.hbs", "{{#each waiting}}{{titel}}{{/each}}")]);
    assert!(found.contains("FLX0601") && found.contains("`titel`"), "{found}");
}

#[test]
fn the_digest_says_what_its_golden_file_says() {
    let entry = |kind: &str, notice: serde_json::Value| filled(kind, &notice);
    let mut facts = Facts {
        waiting: vec![
            entry("task_opened", json!({ "step": "manager" })),
            entry("escalated", json!({ "step": "head", "stands_for": "cyd", "at": "2026-03-05T09:00:00Z" })),
        ],
        questions: vec![
            entry("question_asked", json!({ "due": null, "reason": "why?\n<b>really</b>" })),
            entry("question_answered", json!({ "due": null, "question": "why?", "reason": "it broke" })),
        ],
        decided: vec![
            entry("approved", json!({ "due": null })),
            entry("rejected", json!({ "due": null, "reason": "no" })),
        ],
        settled: 2,
        more: 3,
        also: Some("12".to_owned()),
        ..Facts::digest(
            &contacts(),
            &"ann".into(),
            at("2026-03-03T07:00:00Z"),
            Some("https://fluxor.example.com/tasks".into()),
        )
    };
    golden("digest", &shipped().render("digest", &facts).unwrap());
    facts.waiting.clear();
    facts.questions.clear();
    let words = shipped().render("digest", &facts).unwrap();
    assert_eq!(words.subject, "2 decided");
    assert!(!words.text.contains("Waiting for you:"), "{}", words.text);
}

fn at(text: &str) -> fluxor_engine::clock::Timestamp {
    fluxor_engine::clock::Timestamp::parse(text).unwrap()
}

#[test]
fn a_company_s_own_template_goes_before_and_the_rest_stays() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("templates")).unwrap();
    std::fs::write(folder.path().join("templates/approved.subject.hbs"), "Genehmigt: {{reference}}\n").unwrap();
    let templates = Templates::load(Some(folder.path()), fields()).unwrap();
    let words = templates.render("approved", &filled("approved", &json!({}))).unwrap();
    assert_eq!(words.subject, "Genehmigt: 456789AB");
    assert!(words.text.contains("was approved by Bob <b> for cyd"), "{}", words.text);
    std::fs::write(folder.path().join("templates/approved.subject.hbs"), "{{nothing}}").unwrap();
    let error = Templates::load(Some(folder.path()), fields()).err().unwrap().to_string();
    assert!(error.contains("approved.subject.hbs:1:") && error.contains("`nothing`"), "{error}");
}

#[test]
fn every_code_is_in_the_reference() {
    let readme = include_str!("../../../../definitions/templates/README.md");
    for (code, meaning) in CODES {
        assert!(readme.contains(&format!("| {code} | {meaning} |")), "| {code} | {meaning} |");
    }
    let facts = serde_json::to_value(facts::blank(&fields(), true)).unwrap();
    for name in facts.as_object().unwrap().keys() {
        assert!(readme.contains(&format!("| `{name}` |")), "`{name}` is not explained");
    }
}
