//! Names that stand for something, where a workflow begins: what there is not would have nobody to ask, later.

use fluxor_engine::approval::Organisation;
use fluxor_engine::diagnostic::nearest;
use fluxor_engine::domain::Done;

use crate::action::{Answer, Call, instance, needs, refuse, text_param};
use crate::row::Op;
use crate::settings::Settings;

/// How many units one sentence names.
const MOST_NAMED: usize = 8;

/// Refuses a unit that the organisation has not, and a supplier without a record that is active: both at once.
pub(crate) fn require_known(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    instance(call)?;
    let unit = text_param(call, "unit").and_then(|unit| no_such_unit(call, unit));
    let wrong: Vec<String> =
        unit.map(|why| format!("/unit: {why}")).into_iter().chain(no_such_supplier(call)?).collect();
    let Some((last, others)) = wrong.split_last() else { return Ok(Done::default()) };
    // Each but the last ends where the next begins.
    let others = others.iter().map(|why| format!("{}; ", why.trim_end_matches('.')));
    refuse("invalid_input", others.chain([last.clone()]).collect::<String>())
}

/// Why nothing can be bought from the supplier that is named, if one is.
fn no_such_supplier(call: &Call<'_>) -> Answer<Option<String>> {
    if let Some(code) = text_param(call, "supplier") {
        let shown: String = code.chars().take(60).collect();
        match call.facts.supplier(call.tenant, &code.into()).map_err(needs)? {
            Some(row) if row.active => {}
            Some(_) => {
                return Ok(Some(format!("/supplier: nothing is bought from `{shown}` any more; name another one.")));
            }
            None => {
                return Ok(Some(format!(
                    "/supplier: no supplier has the code `{shown}`; write the code of one that is recorded, or have it \
                     taken on first."
                )));
            }
        }
    }
    Ok(None)
}

/// Why nobody could be asked in this unit. An organisation that names no units takes any.
pub(crate) fn no_such_unit(call: &Call<'_>, unit: &str) -> Option<String> {
    unknown_unit(&call.organisation.organisation, unit)
}

/// The same for whoever looks at a form of which something else is wrong, so that no action was come to.
#[must_use]
pub fn unknown_unit(organisation: &Organisation, unit: &str) -> Option<String> {
    let units = &organisation.parts().units;
    if units.is_empty() || units.iter().any(|known| *known.id == *unit) {
        return None;
    }
    let names = || units.iter().map(|known| &*known.id);
    let hint = match nearest(unit, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if units.len() > MOST_NAMED => "name one that it has.".to_owned(),
        None => format!("its units are {}.", names().collect::<Vec<_>>().join(", ")),
    };
    let shown: String = unit.chars().take(60).collect();
    Some(format!("the organisation has no unit `{shown}`; {hint}"))
}
