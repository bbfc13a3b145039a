//! Ids that nobody has.

use super::Organisation;
use crate::diagnostic::nearest;
use crate::ids::PersonId;

impl Organisation {
    /// That it has nobody of that id, with whom it may have been meant, as a sentence.
    #[must_use]
    pub fn nobody(&self, id: &PersonId) -> String {
        let people = &self.parts.people;
        let shown: String = id.as_str().chars().take(80).collect();
        let help = match nearest(id.as_str(), people.iter().map(|one| one.id.as_str())) {
            _ if people.is_empty() => {
                "It has no people at all: load it first (`fluxor organisation load FILE`).".to_owned()
            }
            Some(near) => format!("Did you mean `{near}`?"),
            None => "`fluxor organisation show` lists who is in it.".to_owned(),
        };
        format!("The organisation has nobody with the id `{shown}`. {help}")
    }
}
