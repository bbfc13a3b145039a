//! Names that stand for something, where a workflow begins: what there is not would have nobody to ask, later.

use fluxor_engine::diagnostic::nearest;
use fluxor_engine::domain::Done;

use crate::action::{Answer, Call, instance, needs, refuse, text_param};
use crate::row::Op;
use crate::settings::Settings;

/// How many units one sentence names.
const MOST_NAMED: usize = 8;

/// Refuses a unit that the organisation has not, and a supplier without a record that is active.
pub(crate) fn require_known(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    instance(call)?;
    if let Some(why) = text_param(call, "unit").and_then(|unit| no_such_unit(call, unit)) {
        return refuse("invalid_input", format!("/unit: {why}"));
    }
    if let Some(code) = text_param(call, "supplier") {
        let shown: String = code.chars().take(60).collect();
        match call.facts.supplier(call.tenant, &code.into()).map_err(needs)? {
            Some(row) if row.active => {}
            Some(_) => {
                let sentence = format!("/supplier: nothing is bought from `{shown}` any more; name another one.");
                return refuse("invalid_input", sentence);
            }
            None => {
                let sentence = format!(
                    "/supplier: no supplier has the code `{shown}`; write the code of one that is recorded, or have it \
                     taken on first."
                );
                return refuse("invalid_input", sentence);
            }
        }
    }
    Ok(Done::default())
}

/// Why nobody could be asked in this unit. An organisation that names no units takes any.
pub(crate) fn no_such_unit(call: &Call<'_>, unit: &str) -> Option<String> {
    let units = &call.organisation.organisation.parts().units;
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
