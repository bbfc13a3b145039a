//! Where the states of an earlier definition went: kept in the entry of each migration, so that the way until then can be shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Target;

/// By path of an old state, where it went; all others are those of the same path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Went(pub(super) BTreeMap<Arc<str>, Target>);

impl Went {
    /// What the entry of a migration tells; nothing, where its body was purged.
    #[must_use]
    pub fn read(body: &str) -> Self {
        #[derive(Default, Deserialize)]
        struct Body {
            #[serde(default)]
            request: Request,
        }
        #[derive(Default, Deserialize)]
        struct Request {
            #[serde(default)]
            states: Went,
        }
        serde_json::from_str::<Body>(body).unwrap_or_default().request.states
    }

    /// The paths that stand for an old state.
    #[must_use]
    pub fn image(&self, path: &str) -> Vec<Arc<str>> {
        image(path, |path| self.0.get(path).cloned())
    }
}

/// What is written of a state, or of the nearest state around it of which something is; with how long its path is.
pub(super) fn nearest<T>(path: &str, of: impl Fn(&str) -> Option<T>) -> Option<(usize, T)> {
    let ends: Vec<usize> = path.match_indices('.').map(|(at, _)| at).chain([path.len()]).collect();
    ends.into_iter().rev().find_map(|end| Some((end, of(&path[..end])?)))
}

/// The paths that stand for an old state.
pub(super) fn image(path: &str, of: impl Fn(&str) -> Option<Target>) -> Vec<Arc<str>> {
    match nearest(path, of) {
        None => vec![path.into()],
        Some((_, Target::States(to))) => to,
        Some((end, Target::Inside(around))) => vec![format!("{around}{}", &path[end..]).into()],
    }
}
