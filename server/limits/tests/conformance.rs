//! The structured field tests of the HTTP working group, read in place, through what emits and reads our headers.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};

use fluxor_limits::answer::{emit, parse};
use serde_json::Value;
use sfv::{BareItem, Date, Decimal, Dictionary, InnerList, Integer, Item, Key, List, ListEntry, Parameters};

const FOLDER: &str = "../../../shared/conformance/structured-fields";

#[test]
fn every_case_of_the_working_group() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return;
    }
    let (mut cases, mut wrong) = (0, Vec::new());
    for file in files(&folder).into_iter().chain(files(&folder.join("serialisation-tests"))) {
        let read: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for case in read {
            cases += 1;
            if let Err(why) = run(&case) {
                wrong.push(format!("{}: {}: {why}", file.display(), case["name"]));
            }
        }
    }
    println!("{cases} cases, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{} of {cases} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(cases, 2_135, "the suite has changed");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "json"));
    files.sort();
    files
}

fn run(case: &Value) -> Result<(), String> {
    let flag = |name: &str| case[name].as_bool().unwrap_or(false);
    let Some(raw) = case.get("raw") else { return serialisation(case, flag("must_fail")) };
    let lines: Vec<&str> = raw.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let kind = case["header_type"].as_str().unwrap();
    match (read(kind, &lines), flag("must_fail"), flag("can_fail")) {
        (Err(_), true, _) | (Err(_), _, true) => Ok(()),
        (Err(why), false, false) => Err(format!("refused: {why}")),
        (Ok(field), true, _) => Err(format!("taken as {field:?}")),
        (Ok(field), false, _) => {
            let expected = typed(kind, &case["expected"])?;
            if field != expected {
                return Err(format!("read as {field:?}, not {expected:?}"));
            }
            let canonical = case.get("canonical").unwrap_or(raw);
            written(&field, canonical)
        }
    }
}

/// What is only written: it cannot be built, or its text is the canonical one.
fn serialisation(case: &Value, must_fail: bool) -> Result<(), String> {
    match (typed(case["header_type"].as_str().unwrap(), &case["expected"]), must_fail) {
        (Err(_), true) => Ok(()),
        (Err(why), false) => Err(why),
        (Ok(field), true) => Err(format!("built: {field:?}")),
        (Ok(field), false) => written(&field, &case["canonical"]),
    }
}

fn written(field: &Field, canonical: &Value) -> Result<(), String> {
    let text = match field {
        Field::Item(item) => Some(emit::item(item)),
        Field::List(list) => emit::list(list),
        Field::Dictionary(dictionary) => emit::dictionary(dictionary),
    };
    let expected: Vec<&str> = canonical.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let expected = (!expected.is_empty()).then(|| expected.join(", "));
    if text == expected { Ok(()) } else { Err(format!("written as {text:?}, not {expected:?}")) }
}

#[derive(Debug, PartialEq)]
enum Field {
    Item(Item),
    List(List),
    Dictionary(Dictionary),
}

fn read(kind: &str, lines: &[&str]) -> Result<Field, String> {
    let lines = || lines.iter().map(|line| line.as_bytes());
    let field = match kind {
        "item" => parse::item(lines()).map(Field::Item),
        "list" => parse::list(lines()).map(Field::List),
        "dictionary" => parse::dictionary(lines()).map(Field::Dictionary),
        other => panic!("a field of type {other}"),
    };
    field.map_err(|why| why.to_string())
}

fn typed(kind: &str, value: &Value) -> Result<Field, String> {
    Ok(match kind {
        "item" => Field::Item(item(value)?),
        "list" => Field::List(value.as_array().unwrap().iter().map(entry).collect::<Result<_, _>>()?),
        "dictionary" => Field::Dictionary(
            value
                .as_array()
                .unwrap()
                .iter()
                .map(|pair| Ok((key(&pair[0])?, entry(&pair[1])?)))
                .collect::<Result<_, String>>()?,
        ),
        other => panic!("a field of type {other}"),
    })
}

fn entry(value: &Value) -> Result<ListEntry, String> {
    match value[0].as_array() {
        Some(items) => {
            let items = items.iter().map(item).collect::<Result<_, _>>()?;
            Ok(InnerList::with_params(items, params(&value[1])?).into())
        }
        None => Ok(item(value)?.into()),
    }
}

fn item(value: &Value) -> Result<Item, String> {
    Ok(Item::with_params(bare(&value[0])?, params(&value[1])?))
}

fn params(value: &Value) -> Result<Parameters, String> {
    value.as_array().unwrap().iter().map(|pair| Ok((key(&pair[0])?, bare(&pair[1])?))).collect()
}

fn key(value: &Value) -> Result<Key, String> {
    Key::from_string(value.as_str().unwrap().to_owned()).map_err(|(why, _)| why.to_string())
}

fn bare(value: &Value) -> Result<BareItem, String> {
    let why = |error: &dyn std::fmt::Display| error.to_string();
    match value {
        Value::Bool(flag) => Ok((*flag).into()),
        Value::Number(number) if number.is_f64() => {
            Ok(Decimal::try_from(number.as_f64().unwrap()).map_err(|e| why(&e))?.into())
        }
        Value::Number(number) => Ok(Integer::try_from(number.as_i64().unwrap()).map_err(|e| why(&e))?.into()),
        Value::String(text) => Ok(sfv::String::from_string(text.clone()).map_err(|(e, _)| why(&e))?.into()),
        Value::Object(object) => {
            let value = &object["value"];
            match object["__type"].as_str().unwrap() {
                "token" => {
                    Ok(sfv::Token::from_string(value.as_str().unwrap().to_owned()).map_err(|(e, _)| why(&e))?.into())
                }
                "binary" => Ok(base32(value.as_str().unwrap()).into()),
                "date" => {
                    let seconds = Integer::try_from(value.as_i64().unwrap()).map_err(|e| why(&e))?;
                    Ok(Date::from_unix_seconds(seconds).into())
                }
                "displaystring" => Ok(BareItem::DisplayString(value.as_str().unwrap().to_owned())),
                other => panic!("a value of type {other}"),
            }
        }
        other => panic!("{other} is no bare item"),
    }
}

/// RFC 4648, 6: how the suite writes bytes.
fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for c in text.bytes().filter(|c| *c != b'=') {
        let five = match c {
            b'A'..=b'Z' => c - b'A',
            _ => c - b'2' + 26,
        };
        bits = (bits << 5) | u32::from(five);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    bytes
}
