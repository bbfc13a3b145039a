//! Files with one thing changed: whatever the reader says of a shape, the schema says too, and nothing more.
//!
//! `MUTANTS=1` tries all of them, which takes minutes.

use super::*;

/// What stands in the place of a value.
fn others(value: &Value) -> Vec<Value> {
    let list = Value::Array(vec![value.clone()]);
    let map = Value::Object(Map::from_iter([("zz_top".to_owned(), value.clone())]));
    let (no_list, no_map) = (Value::Array(Vec::new()), Value::Object(Map::new()));
    [list, map, no_list, no_map, Value::Null, "zz top".into(), "".into(), 7.into(), true.into()].into()
}

/// Every way of changing one thing in `value`, each with where and how.
fn mutants(value: &Value, at: &str, out: &mut dyn FnMut(String, Value)) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let changed = |name: Option<String>| {
                    let pairs = map.iter().filter_map(|(k, v)| match k == key {
                        true => Some((name.clone()?, v.clone())),
                        false => Some((k.clone(), v.clone())),
                    });
                    Value::Object(pairs.collect())
                };
                out(format!("{at}/{key} left out"), changed(None));
                out(format!("{at}/{key} misspelt"), changed(Some(format!("{key}q"))));
                let put = |new: Value| {
                    let pairs = map.iter().map(|(k, v)| (k.clone(), if k == key { new.clone() } else { v.clone() }));
                    Value::Object(pairs.collect())
                };
                others(inner).into_iter().for_each(|new| out(format!("{at}/{key} = {new}"), put(new)));
                mutants(inner, &format!("{at}/{key}"), &mut |how, new| out(how, put(new)));
            }
        }
        Value::Array(items) => {
            for (n, inner) in items.iter().enumerate() {
                let put = |new: Value| {
                    let items = items.iter().enumerate();
                    items.map(|(m, old)| if m == n { new.clone() } else { old.clone() }).collect::<Value>()
                };
                others(inner).into_iter().for_each(|new| out(format!("{at}/{n} = {new}"), put(new)));
                mutants(inner, &format!("{at}/{n}"), &mut |how, new| out(how, put(new)));
            }
        }
        _ => {}
    }
}

/// JSON is YAML: the reader reads the mutants as they are.
fn codes(value: &Value, names: &Vocabulary) -> (bool, BTreeSet<&'static str>) {
    let checked = compile("mutant.yaml", &value.to_string(), names);
    (checked.is_refused(), checked.diagnostics.iter().map(|finding| finding.code).collect())
}

/// What a schema cannot see: which columns a table has, its author says in another place of the file.
fn is_of_columns(how: &str) -> bool {
    let inside = how.strip_prefix("/tables/").and_then(|rest| rest.split_once('/')).map_or("", |(_, rest)| rest);
    ["in/", "otherwise", "out/", "rows/"].iter().any(|part| inside.starts_with(part))
}

#[test]
fn the_schema_refuses_what_the_reader_refuses_for_its_shape_and_nothing_else() {
    let every = std::env::var_os("MUTANTS").is_some();
    let (validator, names) = (Validator::new(), explained::general());
    let (mut count, mut misspelt, mut wrong, mut seen) = (0, 0, Vec::new(), BTreeSet::new());
    let whole = shipped().into_iter().map(|file| (file, false));
    let pieces = if every { [examples(), corrected()].concat() } else { examples() };
    for ((name, source), values) in whole.chain(pieces.into_iter().map(|file| (file, true))) {
        mutants(&tree(&source), "", &mut |how, mutant| {
            // Values are changed in the small files only, once in what is put around them all; of several ways one, but for
            // those that look like a text and are none.
            let slip = how.ends_with(" misspelt");
            let new = values && seen.insert(how.clone());
            let like_text = [" = \"\"", " = true"].iter().any(|end| how.ends_with(end));
            if !(every || slip || new && (like_text || seen.len().is_multiple_of(8))) {
                return;
            }
            count += 1;
            let (refused, codes) = codes(&mutant, &names);
            misspelt += usize::from(slip && codes.contains("FLX0002"));
            let why = validator.refuses(&mutant);
            let shape = codes.iter().any(|code| SHAPE.contains(code)) && !is_of_columns(&how);
            if why.is_some() && !refused || why.is_none() && shape {
                let name = name.lines().next().unwrap();
                wrong.push(format!("{name}: {how}: reader {codes:?}, schema {}", why.unwrap_or_default()));
            }
        });
    }
    assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 1_500 && misspelt > 500, "{count} mutants, {misspelt} misspelt keys");
}
