//! After any sequence of edits: what is in force is what its files give, and what is wrong changes nothing else.

use proptest::prelude::*;

use super::*;

/// What files of the test say: workflows that call one another, or not, right and wrong.
fn texts() -> Vec<Option<String>> {
    let renamed = |name: &str| CHECK.replace("check", name);
    let calling = |name: &str, called: &str| {
        ORDER.replace("order", name).replace("workflow: check", &format!("workflow: {called}"))
    };
    let mut all = vec![
        CHECK.to_owned(),
        CHECK.replace("result: [score]\n", ""),
        CHECK.replace("found: over", "found: ovr"),
        CHECK.replace("requester: person,", "requester: person, needed: text,"),
        ORDER.to_owned(),
        ORDER.replace("event.score", "1"),
        ORDER.replace("version: 1", "version: 2"),
        calling("order", "deep"),
        calling("deep", "check").replace("start:", "result: [score]\nstart:"),
        calling("check", "order"),
        calling("deep", "deep"),
        renamed("deep"),
        renamed("alone"),
        ALONE.to_owned(),
        "workflow: [".to_owned(),
        String::new(),
    ];
    all.push(ALONE.replace("calendar: office", "calendar: night"));
    all.into_iter().map(Some).chain([None, None]).collect()
}

fn edits() -> impl Strategy<Value = Vec<Vec<(usize, prop::sample::Index)>>> {
    let edit = (0..5_usize, any::<prop::sample::Index>());
    prop::collection::vec(prop::collection::vec(edit, 1..4), 1..8)
}

fn in_force(library: &Library) -> Vec<(String, String)> {
    let path = |name: &Arc<str>| Some((library.path(name)?.to_string(), library.current(name)?.source.to_string()));
    library.names().filter_map(path).collect()
}

fn identities(library: &Library) -> Vec<(Arc<str>, Arc<str>, crate::ids::DefinitionHash)> {
    let one = |name: &Arc<str>| Some((name.clone(), library.path(name)?.clone(), library.current(name)?.hash));
    library.names().filter_map(one).collect()
}

fn fresh(files: Vec<(String, String)>, calendars: &Calendars) -> Option<Library> {
    Library::load_with(files, &Vocabulary::default(), calendars.clone()).ok().map(|(library, _)| library)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_in_force_is_what_its_files_give(edits in edits(), nights in prop::collection::vec(any::<bool>(), 8)) {
        let texts = texts();
        let night = OFFICE.replace("office", "night");
        let mut now = folder(&[]);
        let mut house = House::new(&[]);
        for (step, night_is_there) in edits.into_iter().zip(nights) {
            for (file, text) in step {
                let path = format!("{file}.yaml");
                match text.get(&texts) {
                    Some(text) => drop(now.files.insert(path, Text::Bytes(text.clone().into_bytes()))),
                    None => drop(now.files.remove(&path)),
                }
            }
            now.calendars = Ok(if night_is_there { calendars(&[OFFICE, &night]) } else { calendars(&[OFFICE]) });
            let before = house.0.clone();
            let report = house.reload(&now);

            let again = fresh(in_force(&house.0), house.0.calendars());
            prop_assert_eq!(again.as_ref().map(identities), Some(identities(&house.0)));

            // What is refused might as well not have been touched.
            let mut without = now.clone();
            let mut refused = Vec::new();
            for (path, _) in report.refused() {
                refused.push(path.to_owned());
                let old = in_force(&before).into_iter().find(|(known, _)| known == path);
                match old {
                    _ if path == "calendars" => without.calendars = Ok(before.calendars().clone()),
                    Some((path, source)) => drop(without.files.insert(path, Text::Bytes(source.into_bytes()))),
                    None => drop(without.files.remove(path)),
                }
            }
            let clean = reload(&before, &without, &[], &Vocabulary::default(), &AtomicBool::new(false)).unwrap();
            prop_assert_eq!(clean.report.refused().count(), 0);
            prop_assert_eq!(identities(&clean.library), identities(&house.0));

            // Nothing of it would hold beside the rest, and each says why.
            for (path, faults) in report.refused() {
                prop_assert!(!faults.is_empty());
                let mut files: BTreeMap<String, String> = in_force(&house.0).into_iter().collect();
                let mut calendars = house.0.calendars().clone();
                match now.files.get(path) {
                    _ if path == "calendars" => calendars = now.calendars.clone().unwrap(),
                    Some(Text::Bytes(bytes)) => drop(files.insert(path.into(), String::from_utf8(bytes.clone()).unwrap())),
                    _ => drop(files.remove(path)),
                }
                prop_assert!(fresh(files.into_iter().collect(), &calendars).is_none(), "{} would hold", path);
            }
            // The same folder again changes nothing, and says the same.
            let repeated = house.reload(&now);
            prop_assert!(!repeated.changes_anything());
            prop_assert_eq!(repeated.refused().map(|(path, _)| path.to_owned()).collect::<Vec<_>>(), refused);
        }
    }
}
