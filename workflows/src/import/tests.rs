//! Text in, text out: a case is a company's files, perhaps with a mapping, and what is said about them.
//!
//! `UPDATE=1` writes what is said anew: read the diff.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::tables::Table;
use super::*;

const README: &str = include_str!("../../../definitions/imports/README.md");

/// A folder of its own that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn of(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("fluxor-import-{}-{name}", std::process::id()));
        for (file, text) in files {
            let file = path.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn definitions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions/imports")
}

/// What is said about the files `company/*`, with `mapping.yaml` if there is one.
fn said(name: &str, files: &[(&str, &str)]) -> String {
    let folder = Folder::of(name, files);
    let company = folder.0.join("company");
    let mapping = match files.iter().find(|(file, _)| *file == "mapping.yaml") {
        Some((_, text)) => match Mapping::parse(&folder.0.join("mapping.yaml"), (*text).to_owned()) {
            Ok(mapping) => Some(mapping),
            Err(why) => return shortened(&why, &folder.0),
        },
        None => None,
    };
    match Import::open(&company, mapping.as_ref(), None, &Quiet) {
        Ok(import) => import.report().to_string(),
        Err(why) => shortened(&why.to_string(), &folder.0),
    }
}

fn shortened(text: &str, folder: &Path) -> String {
    format!("{}\n", text.replace(&format!("{}/", folder.display()), "").trim_end())
}

/// `--- name` begins a file, `===` what is said.
fn parts(text: &str) -> (Vec<(&str, &str)>, &str) {
    let (files, said) = text.split_once("\n===\n").expect("a case has a line ===");
    let files = files.strip_prefix("--- ").expect("a case begins with `--- name`").split("\n--- ");
    (files.map(|file| file.split_once('\n').unwrap_or((file, ""))).collect(), said)
}

#[test]
fn every_case_is_judged_as_it_was() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/import/tests");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut wrong = Vec::new();
    for path in &paths {
        let text = std::fs::read_to_string(path).unwrap();
        let (files, expected) = parts(&text);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let said = said(&name, &files);
        if std::env::var_os("UPDATE").is_some() {
            let input = text.split_once("\n===\n").unwrap().0;
            std::fs::write(path, format!("{input}\n===\n{said}")).unwrap();
        } else if said != expected {
            wrong.push(format!("--- {name}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "run with UPDATE=1 and read the diff\n{}", wrong.join("\n"));
    assert!(paths.len() >= 6);
}

#[test]
fn every_code_of_a_mapping_is_met_by_a_case_and_told() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/import/tests");
    let all: String = std::fs::read_dir(cases)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    for (code, meaning) in CODES {
        assert!(README.contains(&format!("| {code} | {meaning} |")), "README.md does not tell {code} as it is");
        assert!(all.contains(&format!("error[{code}]")), "no case meets {code}");
    }
}

/// What pages are about.
const PAGES_FILES: [(&str, &str); 3] = [
    ("company/vendors.csv", "id,name,blocked,currency,days,phone\nV1,Oak,0,1,30,\n"),
    ("company/currencies.csv", "id,iso\n1,EUR\n"),
    ("company/orders.csv", "id,vendor,date\n"),
];

/// `also FLX....` behind a fence names other findings of a wrong block.
#[test]
fn every_page_has_an_example_that_is_wrong_and_one_that_is_right() {
    for (code, page) in PAGES {
        let blocks = page.split("\n```yaml").skip(1);
        let blocks: Vec<_> = blocks.map(|rest| rest.split("\n```").next().unwrap().split_once('\n').unwrap()).collect();
        let [(also, wrong), (_, right)] = blocks[..] else { panic!("{code} has {} blocks", blocks.len()) };
        let told = |mapping| said(code, &[&PAGES_FILES[..], &[("mapping.yaml", mapping)]].concat());
        let (of_wrong, of_right) = (told(wrong), told(right));
        let found: BTreeSet<&str> = of_wrong.split("error[").skip(1).map(|rest| &rest[..code.len()]).collect();
        let also = also.split_whitespace().filter(|word| *word != "also");
        assert_eq!(found, also.chain([*code]).collect(), "{code}: {of_wrong}");
        assert!(!of_right.contains("error[") && of_right.contains("Acme"), "{code}: {of_right}");
    }
}

#[test]
fn the_readme_tells_the_canonical_set_as_it_is() {
    let mut told = BTreeSet::new();
    for line in README.lines().filter_map(|line| line.strip_prefix("| ")) {
        let Some((file, columns)) = line.split_once(".csv | ") else { continue };
        let table = Table::named(file).unwrap_or_else(|| panic!("README.md tells of {file}.csv, which is not there"));
        let ours: Vec<String> =
            table.columns().iter().map(|c| format!("{}{}", c.name, if c.required { "" } else { "?" })).collect();
        assert_eq!(columns.trim_end_matches(" |"), ours.join(", "), "{file}.csv");
        told.insert(table);
    }
    assert_eq!(told, Table::ALL.into_iter().collect());
}

#[test]
fn the_readme_s_example_is_a_mapping_and_fits_its_company() {
    let yaml = README.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let files = [
        ("company/artikel.csv", "artnr;bez_1;bez_2;grp;status;vk_preis\nA1;Desk;oak;7;;9\nA2;Old;desk;;X;9\n"),
        ("company/gruppen.csv", "nr;name\n7;Furniture\n"),
        (
            "company/lager.csv",
            "beleg;pos;artnr;art;menge;zeit\nB1;1;A1;WE;5.5;01.03.2026 08:30\nB1;2;A1;WA;2;02.03.2026 00:30\nB2;1;A1;WA;0;02.03.2026 09:00\n",
        ),
        ("company/kunden.csv", "nr\n1\n"),
        ("maps/acme.yaml", yaml),
        ("sample/people.csv", "id\nann\n"),
        ("sample/roles.csv", "unit,role,person\npurchasing,buyer,ann\n"),
        ("sample/substitutes.csv", "person,substitute\n"),
    ];
    let folder = Folder::of("readme", &files);
    let mapping =
        Mapping::parse(&folder.0.join("maps/acme.yaml"), yaml.to_owned()).unwrap_or_else(|why| panic!("{why}"));
    let import =
        Import::open(&folder.0.join("company"), Some(&mapping), None, &Quiet).unwrap_or_else(|e| panic!("{e}"));
    let report = import.report();
    assert_eq!((report.bad.len(), report.left_out.len()), (0, 1), "{report}");
    assert_eq!(report.totals.iter().find(|total| total.what == "on hand").unwrap().source, "3.5");
    let item = &import.scan.kept[&Table::Items][0];
    assert_eq!((item.text("name"), item.text("category")), (Some("Desk oak"), Some("Furniture")));
    assert!(report.not_mapped.iter().any(|out| out.file == "kunden.csv" && out.because.starts_with("customers")));
}

#[test]
fn the_shipped_mappings_are_well_formed() {
    let names: Vec<String> = yaml_files(&definitions())
        .iter()
        .map(|path| Mapping::read(path).unwrap_or_else(|why| panic!("{why}")).name)
        .collect();
    assert_eq!(names, ["adventureworks", "wideworldimporters"]);
}

#[test]
fn a_folder_is_known_by_its_files() {
    let mapping = |name: &str| {
        format!("mapping: {name}\nrecognise: [a.csv]\ntables: {{ locations: {{ rows: [{{ code: m, name: M }}] }} }}\n")
    };
    let files = [
        ("one/a.csv", "x\n"),
        ("set/company.csv", "name\n"),
        ("other/b.csv", "x\n"),
        ("maps/m.yaml", &mapping("m")),
        ("maps/broken.yaml", "mapping: [\n"),
        ("maps/note.txt", ""),
    ];
    let folder = Folder::of("known", &files);
    let known = |name: &str| recognise(&folder.0.join(name), &folder.0.join("maps")).map(|m| m.map(|m| m.name));
    assert_eq!(known("one"), Ok(Some("m".to_owned())));
    assert_eq!(known("set"), Ok(None));
    assert!(known("other").unwrap_err().contains("broken.yaml"), "a broken mapping may be the one that is meant");
    std::fs::remove_file(folder.0.join("maps/broken.yaml")).unwrap();
    assert!(known("other").unwrap_err().contains("no mapping knows these files (there are: m)"));
    std::fs::write(folder.0.join("maps/n.yaml"), mapping("n")).unwrap();
    assert!(known("one").unwrap_err().contains("several mappings know these files (m, n)"));
}

#[test]
fn what_makes_no_sense_of_people_is_a_bad_row_and_an_email_that_is_none_no_contact() {
    let files = [
        ("company/company.csv", "name,currency,zone\nSmall,EUR,UTC\n"),
        (
            "company/people.csv",
            "id,name,email,limit,currency\nann,Ann,n/a,,\nbob,Bob,bob@example.com,-5,EUR\neve,,eve@example.com,5,EUR\n",
        ),
        ("company/substitutes.csv", "person,substitute\nann,ann\nann,eve\n"),
    ];
    let folder = Folder::of("senseless", &files);
    let import = Import::open(&folder.0.join("company"), None, None, &Quiet).unwrap_or_else(|why| panic!("{why}"));
    let report = import.report().to_string();
    assert!(
        report.contains("limit: `-5` is below zero") && report.contains("nobody stands in for himself"),
        "{report}"
    );
    let patch = commands::organisation(&import.scan, &Default::default()).unwrap();
    let contacts = serde_json::json!({ "ann": { "name": "Ann" }, "eve": { "email": "eve@example.com" } });
    assert_eq!(patch["contacts"], contacts);
    assert!(fluxor_engine::decide::merge_organisation(None, &patch, Default::default()).is_ok(), "{patch:?}");
}
