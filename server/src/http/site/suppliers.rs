//! Which supplier somebody means who typed a code or a name, where a workflow must have one of the books.

use std::collections::{HashMap, HashSet};

use fluxor_engine::diagnostic::nearest;
use fluxor_engine::ids::TenantId;
use fluxor_workflows::supplier_fields;
use serde_json::{Map, Value};

use super::super::problem::Problem;
use crate::app::App;
use crate::desk::{Books, Paper};
use crate::page::{Refused, Supplier};

/// Suppliers that a form lists.
const LISTED: i64 = 300;

/// Suppliers that are read at a time, and among how many a name is looked for.
const PAGE: i64 = 500;
const MOST: usize = 5_000;

/// The first suppliers from whom something is bought, for a list to choose from.
pub(super) async fn listed(app: &App, tenant: TenantId) -> Result<Vec<Supplier>, Problem> {
    Ok(page(app, tenant, String::new(), LISTED).await?.0)
}

/// Those behind a code that are active, and the last code that was read.
async fn page(
    app: &App,
    tenant: TenantId,
    after: String,
    limit: i64,
) -> Result<(Vec<Supplier>, Option<String>), Problem> {
    let rows = app.desk().books(tenant, Books::Suppliers { after, limit }).await?;
    let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
    let word = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let active = rows.iter().filter(|row| row["active"] == true);
    let last = rows.last().map(|row| word(row, "code"));
    Ok((active.map(|row| Supplier { code: word(row, "code"), name: word(row, "name") }).collect(), last))
}

/// The suppliers among whom a name is looked for; and whether these are all.
async fn all(app: &App, tenant: TenantId) -> Result<(Vec<Supplier>, bool), Problem> {
    let (mut all, mut after) = (Vec::new(), String::new());
    while all.len() < MOST {
        let (more, last) = page(app, tenant, after, PAGE).await?;
        all.extend(more);
        match last {
            Some(last) => after = last,
            None => return Ok((all, true)),
        }
    }
    Ok((all, false))
}

/// Puts codes in the place of names that one supplier alone has; what is left is told, by field.
pub(super) async fn named(
    app: &App,
    tenant: TenantId,
    fields: &[&str],
    input: &mut Map<String, Value>,
) -> Result<HashMap<String, String>, Problem> {
    let mut unclear = HashMap::new();
    let mut known = None;
    for field in fields {
        let Some(typed) = input.get(*field).and_then(Value::as_str).map(str::to_owned) else { continue };
        let asked = Books::Supplier { code: typed.clone(), whole: false };
        if !app.desk().books(tenant, asked).await?.is_null() {
            continue;
        }
        let (suppliers, whole) = match &known {
            Some(known) => known,
            None => known.insert(all(app, tenant).await?),
        };
        match meant(&typed, suppliers) {
            Ok(code) if *whole => drop(input.insert((*field).to_owned(), code.into())),
            Ok(code) => drop(unclear.insert((*field).to_owned(), format!("write the code: is it `{code}`?"))),
            Err(why) => drop(unclear.insert((*field).to_owned(), why)),
        }
    }
    Ok(unclear)
}

/// What the suppliers are called whom the fields of a document name by their codes: by field, `Bremsland GmbH (b1)`.
pub(super) async fn called(app: &App, tenant: TenantId, paper: &Paper) -> Result<HashMap<String, String>, Problem> {
    let mut called = HashMap::new();
    for field in supplier_fields(&paper.definition) {
        let Some(code) = paper.instance.subject.get(field).and_then(Value::as_str) else { continue };
        let row = app.desk().books(tenant, Books::Supplier { code: code.to_owned(), whole: false }).await?;
        let name = row["name"].as_str().filter(|name| !name.trim().is_empty() && *name != code);
        called.extend(name.map(|name| (field.to_owned(), format!("{name} ({code})"))));
    }
    Ok(called)
}

/// The code of the one who is called that.
fn meant<'s>(typed: &str, suppliers: &'s [Supplier]) -> Result<&'s str, String> {
    let wanted = typed.trim().to_lowercase();
    let called: Vec<&Supplier> = suppliers.iter().filter(|one| one.name.trim().to_lowercase() == wanted).collect();
    let shown: String = typed.chars().take(60).collect();
    match called.as_slice() {
        [one] => Ok(&one.code),
        [] => {
            let near = |text: &str| {
                let text = text.to_lowercase();
                let texts: HashSet<String> =
                    suppliers.iter().flat_map(|one| [&one.code, &one.name]).map(|t| t.to_lowercase()).collect();
                nearest(&text, texts.iter().map(String::as_str)).map(str::to_owned)
            };
            let is = |one: &&Supplier, near: &str| one.code.to_lowercase() == near || one.name.to_lowercase() == near;
            let near = near(&shown).and_then(|near| suppliers.iter().find(|one| is(one, &near)));
            // Whoever knows a part of the name finds it by that.
            let part = || {
                let mut within = suppliers.iter().filter(|one| one.name.to_lowercase().contains(&wanted));
                within.next().filter(|_| wanted.len() >= 3 && within.next().is_none())
            };
            let hint = match near.or_else(part) {
                Some(one) => format!("did you mean `{}` ({})?", one.code, one.name),
                None => "write the code of one that is recorded, or have it taken on first".to_owned(),
            };
            Err(format!("no supplier has the code or the name `{shown}`: {hint}"))
        }
        several => {
            let codes: Vec<String> = several.iter().take(8).map(|one| format!("`{}`", one.code)).collect();
            Err(format!("several suppliers are called {shown}: say which by its code, {}", codes.join(" or ")))
        }
    }
}

/// A refusal with what is known of suppliers that were not found, in the place of what else is said of them.
pub(super) fn told(refused: Refused, unclear: &HashMap<String, String>) -> Refused {
    let mut refused = refused;
    let mut fields: Vec<_> = unclear.iter().collect();
    fields.sort_unstable();
    for (field, why) in fields {
        refused.errors.retain(|(at, _)| *at != format!("/{field}"));
        refused.errors.push((format!("/{field}"), why.clone()));
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supplier_is_found_by_his_name_and_never_guessed() {
        let all = [("b1", "Bremsland GmbH"), ("b2", "Bolt"), ("b3", "bolt"), ("v", "Vieten & Sons")];
        let all = all.map(|(code, name)| Supplier { code: code.to_owned(), name: name.to_owned() });
        assert_eq!(meant(" bremsland gmbh", &all), Ok("b1"));
        let told = |typed: &str| meant(typed, &all).unwrap_err();
        assert_eq!(told("Bolt"), "several suppliers are called Bolt: say which by its code, `b2` or `b3`");
        for (typed, hint) in [
            ("Bremslnd GmbH", "did you mean `b1` (Bremsland GmbH)?"),
            ("Vieten", "did you mean `v` (Vieten & Sons)?"),
            ("Xylo", "write the code of one that is recorded, or have it taken on first"),
        ] {
            assert_eq!(told(typed), format!("no supplier has the code or the name `{typed}`: {hint}"));
        }
    }
}
