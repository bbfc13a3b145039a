//! The columns that are wanted, each once, and what each is for.

use crate::unreadable::{Missing, Unreadable};
use crate::wanted::Wanted;

/// What a nameless case of XES is named by.
pub(crate) const CASE: &str = "case:concept:name";
/// As many of the log's names are told where one is missing.
const MOST_NAMES: usize = 100;
const ACTIVITY: &str = "concept:name";
const TIME: &str = "time:timestamp";

/// The wanted columns. A slot is the place of a column in `names`.
pub(crate) struct Plan {
    pub(crate) names: Vec<String>,
    pub(crate) case: usize,
    pub(crate) activity: usize,
    pub(crate) time: usize,
    /// The slot of each of the further columns.
    pub(crate) columns: Vec<usize>,
    /// Activities in the order in which those of one instant happened.
    pub(crate) order: Vec<String>,
    /// Whether the defaults of a document are no values of a slot.
    pub(crate) own: Vec<bool>,
    /// The slot of each column to choose by, with the values to keep in lower case.
    pub(crate) only: Vec<(usize, Vec<String>)>,
}

impl Plan {
    pub(crate) fn new(wanted: &Wanted) -> Plan {
        let mut names: Vec<String> = Vec::new();
        let mut slot = |name: &str| {
            names.iter().position(|own| own == name).unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            })
        };
        let case = slot(wanted.case.as_deref().unwrap_or(CASE));
        let activity = slot(wanted.activity.as_deref().unwrap_or(ACTIVITY));
        let time = slot(wanted.time.column.as_deref().unwrap_or(TIME));
        let columns = wanted.columns.iter().map(|name| slot(name)).collect();
        let lower = |values: &Vec<String>| values.iter().map(|value| value.trim().to_lowercase()).collect();
        let only = wanted.only.iter().map(|(name, values)| (slot(name), lower(values))).collect();
        let own = names.iter().map(|name| wanted.own.contains(name)).collect();
        Plan { names, case, activity, time, columns, order: wanted.order.clone(), own, only }
    }

    /// The error of wanted columns that are not there, or there `twice`, where `has` are.
    pub(crate) fn missing(&self, slots: &[usize], twice: Vec<String>, mut has: Vec<String>) -> Unreadable {
        let names = slots.iter().filter_map(|slot| self.names.get(*slot));
        let columns = names.map(|name| Missing { name: name.clone(), nearest: nearest(name, &has).cloned() });
        let (columns, all) = (columns.collect(), has.len());
        has.truncate(MOST_NAMES);
        Unreadable::Columns { columns, twice, has, all }
    }
}

/// The name that differs in case, blanks and marks only, that one is a part of the other, or by a third of its letters.
fn nearest<'a>(name: &str, has: &'a [String]) -> Option<&'a String> {
    /// Longer names are not compared, since that takes the product of their lengths.
    const MOST_BYTES: usize = 200;
    let bare =
        |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let wanted = bare(name);
    if wanted.len() > MOST_BYTES {
        return None;
    }
    let most = (wanted.chars().count() / 3).max(1);
    let part = |own: &str| own.len().min(wanted.len()) >= 4 && (wanted.ends_with(own) || own.starts_with(&wanted));
    has.iter()
        .map(|own| (bare(own), own))
        .filter(|(bare, _)| bare.len() <= MOST_BYTES)
        .map(|(bare, own)| match bare == wanted {
            true => (0, own),
            false if part(&bare) => (1, own),
            false => (strsim::damerau_levenshtein(&wanted, &bare), own),
        })
        .filter(|(edits, _)| *edits <= most)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, own)| own)
}
