//! An instance as somebody names it: by its id, or by the end of it, which is what pages and mails call it by; and what is said where
//! there is nothing of a name.

use fluxor_engine::diagnostic::nearest;
use fluxor_engine::ids::{InstanceId, TaskId, TenantId};
use fluxor_engine::store::InstancePage;

use super::Failure;
use super::remote::Remote;
use crate::desk::Desk;
use crate::page::{LOOKED_THROUGH, ending, is_short, short};

/// An id, or the end of one.
#[derive(Clone, Debug)]
pub(super) enum Named {
    Whole(InstanceId),
    End(String),
}

/// # Errors
/// What an id is.
pub(super) fn named(text: &str) -> Result<Named, String> {
    match text.parse() {
        Ok(id) => Ok(Named::Whole(id)),
        Err(_) if is_short(text) => Ok(Named::End(text.to_owned())),
        Err(why) => Err(format!("{why}, or its last eight digits, as pages and mails have them")),
    }
}

/// A task: by its instance, and its number there.
#[derive(Clone, Debug)]
pub(super) struct NamedTask(Named, u32);

/// # Errors
/// What a task's id is.
pub(super) fn named_task(text: &str) -> Result<NamedTask, String> {
    let wrong = || {
        format!(
            "`{text}` is not a task id: it is an instance's id, or the last eight digits of it, a point and a number"
        )
    };
    let (instance, ordinal) = text.rsplit_once('.').ok_or_else(wrong)?;
    let instance = named(instance).map_err(|_| wrong())?;
    Ok(NamedTask(instance, ordinal.parse().map_err(|_| wrong())?))
}

impl NamedTask {
    /// The one in this database.
    pub(super) async fn here(&self, desk: &dyn Desk, tenant: TenantId) -> Result<TaskId, Failure> {
        Ok(TaskId { instance: self.0.here(desk, tenant).await?, ordinal: self.1 })
    }
}

impl Named {
    /// The one in this database.
    pub(super) async fn here(&self, desk: &dyn Desk, tenant: TenantId) -> Result<InstanceId, Failure> {
        match self {
            Self::Whole(id) => Ok(*id),
            Self::End(end) => {
                let found = ending(desk, &InstancePage::all(tenant, 0), end).await?;
                only(end, &found.iter().map(|row| row.id).collect::<Vec<_>>())
            }
        }
    }

    /// The one that a server has.
    pub(super) async fn there(&self, there: &Remote) -> Result<InstanceId, Failure> {
        let end = match self {
            Self::Whole(id) => return Ok(*id),
            Self::End(end) => end,
        };
        let mut query = vec![("limit".to_owned(), "500".to_owned())];
        let (mut found, mut seen) = (Vec::new(), 0);
        while seen < LOOKED_THROUGH {
            let page = there.get("/v1/instances", &query).await?;
            let rows = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            let ids = rows.iter().filter_map(|row| row["id"].as_str()?.parse::<InstanceId>().ok());
            found.extend(ids.filter(|id| short(*id).eq_ignore_ascii_case(end)));
            seen += rows.len();
            let Some((_, next)) = page["next"].as_str().and_then(|next| next.split_once('?')) else { break };
            query = serde_urlencoded::from_str(next).map_err(|why| Failure::Broken(why.into()))?;
        }
        only(end, &found)
    }
}

/// The one that is meant.
fn only(end: &str, found: &[InstanceId]) -> Result<InstanceId, Failure> {
    let all = || found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match found {
        [one] => Ok(*one),
        [] => {
            let why = format!(
                "None of the {LOOKED_THROUGH} newest instances has an id that ends in {end}: give the whole id."
            );
            Err(Failure::Declined("unknown_instance".to_owned(), why))
        }
        _ => Err(Failure::Usage(format!("several ids end in {end}: give one of them as a whole: {}", all()))),
    }
}

/// `There is no workflow `nope`; did you mean `note`?`, or nothing, where it is known.
pub(super) fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.collect();
    if known.contains(&name) {
        return None;
    }
    let near = nearest(name, known).map_or(".".to_owned(), |near| format!("; did you mean `{near}`?"));
    Some(format!("{what} `{name}`{near}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_named_by_its_id_or_the_end_of_it() {
        let id = "01a22d72-da03-7000-8000-0000f55852a7";
        assert!(matches!(named(id), Ok(Named::Whole(whole)) if whole.to_string() == id));
        assert!(matches!(named("F55852A7"), Ok(Named::End(end)) if end == "F55852A7"));
        assert!(named("f55852").unwrap_err().contains("its last eight digits"));
        assert!(matches!(named_task("F55852A7.2"), Ok(NamedTask(Named::End(end), 2)) if end == "F55852A7"));
        assert!(matches!(named_task(&format!("{id}.1")), Ok(NamedTask(Named::Whole(_), 1))));
        for wrong in ["F55852A7", "F55852A7.x", "f5.1", ".1"] {
            assert!(named_task(wrong).unwrap_err().contains("the last eight digits of it, a point and a number"));
        }
        let [one, other] = [1, 2].map(|n| InstanceId(uuid::Uuid::from_u128(n)));
        assert!(matches!(only("00000001", &[one]), Ok(found) if found == one));
        assert!(matches!(only("00000001", &[]), Err(Failure::Declined(code, _)) if code == "unknown_instance"));
        assert!(
            matches!(only("00000001", &[one, other]), Err(Failure::Usage(why)) if why.contains(&other.to_string()))
        );
    }

    #[test]
    fn a_name_that_nothing_has_is_told_with_the_nearest() {
        let known = ["order", "pair"];
        assert_eq!(unknown("There is no workflow", "pair", known.into_iter()), None);
        let told = unknown("There is no workflow", "oder", known.into_iter());
        assert_eq!(told.as_deref(), Some("There is no workflow `oder`; did you mean `order`?"));
        assert_eq!(
            unknown("There is no workflow", "zzz", known.into_iter()).as_deref(),
            Some("There is no workflow `zzz`.")
        );
    }
}
