//! Which arrows are taken: in each innermost state the first one, from the inside out, whose condition holds and that
//! the actor may take. Conditions are judged before anything moves; of two arrows that would leave the same state, the
//! inner one is taken, else the one that stands first (as in SCXML, W3C 2015, appendix D).

use std::sync::Arc;

use crate::definition::chart::{Arrow, Outcome, State, StateIx};
use crate::domain::Domain;
use crate::instance::Status;
use crate::refusal::Refusal;

use super::run::{Asking, Run};
use super::{Conditional, Halt};

/// An arrow that is to be taken.
pub(super) struct Chosen<'a> {
    at: StateIx,
    arrow: &'a Arrow,
    /// The rule that let the actor take it.
    allowed: Option<Arc<str>>,
}

/// What a list of arrows comes to.
enum Pick<'a> {
    Take(&'a Arrow, Option<Arc<str>>),
    /// Some condition held, and the actor may take none of those arrows: the rules of which he meets none.
    Unmet(Vec<String>),
    Nothing,
}

/// One more rule, if it is not there.
pub(super) fn also(rules: &mut Vec<String>, rule: String) {
    if !rules.contains(&rule) {
        rules.push(rule);
    }
}

/// Nobody of these is the actor.
pub(super) fn not_allowed(rules: &[String]) -> Refusal {
    Refusal::NotAllowed { rule: rules.join(", or ").into() }
}

impl<'a, D: Domain> Run<'a, '_, D> {
    /// Offers `event` to the states `active` and to those around them. `true`: an arrow was taken.
    pub(super) fn answer(
        &mut self,
        active: &[StateIx],
        event: &str,
        asking: Asking<'_>,
    ) -> Result<bool, Halt<D::Need>> {
        let chosen = self.choose(active, |state| state.on.get(event).map(Vec::as_slice), asking)?;
        self.take_all(chosen, asking)
    }

    /// Takes the first of `arrows`, those of `at`, that holds and that the actor may take.
    pub(super) fn take_first(
        &mut self,
        at: StateIx,
        arrows: &'a [Arrow],
        asking: Asking<'_>,
    ) -> Result<bool, Halt<D::Need>> {
        let chosen = match self.pick(arrows, asking)? {
            Pick::Take(arrow, allowed) => vec![Chosen { at, arrow, allowed }],
            Pick::Unmet(rules) => return Err(not_allowed(&rules).into()),
            Pick::Nothing => Vec::new(),
        };
        self.take_all(chosen, asking)
    }

    /// The arrows that are taken, of the lists that `of` names.
    pub(super) fn choose(
        &mut self,
        active: &[StateIx],
        of: impl Fn(&'a State) -> Option<&'a [Arrow]>,
        asking: Asking<'_>,
    ) -> Result<Vec<Chosen<'a>>, Halt<D::Need>> {
        let definition = self.definition;
        let mut chosen: Vec<Chosen<'a>> = Vec::new();
        let (mut unmet, mut declined) = (Vec::new(), Vec::new());
        // What a state's arrows come to does not depend on which state inside asks.
        let mut tried: Vec<(StateIx, bool)> = Vec::new();
        for &leaf in active {
            for at in definition.upwards(leaf) {
                if let Some((_, done)) = tried.iter().find(|(state, _)| *state == at) {
                    if *done {
                        break;
                    }
                    continue;
                }
                let picked = match of(definition.state(at)) {
                    Some(arrows) => {
                        self.trying.state = Some(at);
                        self.pick(arrows, asking)?
                    }
                    None => Pick::Nothing,
                };
                tried.push((at, !matches!(picked, Pick::Nothing)));
                match picked {
                    Pick::Take(arrow, allowed) => chosen.push(Chosen { at, arrow, allowed }),
                    Pick::Unmet(rules) => {
                        rules.into_iter().for_each(|rule| also(&mut unmet, rule));
                        declined.push(at);
                    }
                    Pick::Nothing => continue,
                }
                break;
            }
        }
        // What somebody may not do inside is not done from outside, by way of another region.
        chosen.retain(|one| !declined.iter().any(|inner| self.is_inside(*inner, one.at)));
        match chosen.is_empty() && !unmet.is_empty() {
            true => Err(not_allowed(&unmet).into()),
            false => Ok(self.without_conflicts(chosen)),
        }
    }

    /// Takes them, one after the other. `false`: there are none.
    pub(super) fn take_all(&mut self, chosen: Vec<Chosen<'a>>, asking: Asking<'_>) -> Result<bool, Halt<D::Need>> {
        let taken = !chosen.is_empty();
        for Chosen { at, arrow, allowed } in chosen {
            let Outcome::Go(go) = &arrow.outcome else { continue };
            // What ended it on the way was the last thing to happen to it.
            if self.work.status == Status::Final {
                break;
            }
            self.trying.state = Some(at);
            self.by_engine = !matches!(asking, Asking::Outside(_));
            self.record.allowed = self.record.allowed.take().or(allowed);
            self.go(at, arrow, go)?;
        }
        Ok(taken)
    }

    fn pick(&mut self, arrows: &'a [Arrow], asking: Asking<'_>) -> Result<Pick<'a>, Halt<D::Need>> {
        let mut rules = Vec::new();
        for arrow in arrows {
            let permission = match asking {
                Asking::Outside(_) => Some(self.permission(&arrow.by)?),
                Asking::Outcome | Asking::Itself => None,
            };
            if let Some(guard) = &arrow.guard {
                match self.holds(Conditional::Arrow(arrow.ix), guard) {
                    Ok(true) => {}
                    Ok(false) => continue,
                    // Whoever may not take the arrow does not bring about an incident by what he sends.
                    Err(Halt::Broken(..)) if matches!(permission, Some(Err(_))) => {}
                    Err(halt) => return Err(halt),
                }
            }
            let mut allowed = None;
            match permission {
                None => {}
                Some(Ok(met)) => allowed = Some(met),
                Some(Err(unmet)) => {
                    also(&mut rules, unmet);
                    continue;
                }
            }
            return match &arrow.outcome {
                Outcome::Refuse(sentence) if asking.is_heard() => Err(Refusal::Guard(sentence.clone()).into()),
                Outcome::Refuse(_) => Ok(Pick::Nothing),
                Outcome::Go(_) if arrow.reason_required && asking.lacks_reason() => Err(Refusal::ReasonRequired.into()),
                Outcome::Go(_) => Ok(Pick::Take(arrow, allowed)),
            };
        }
        Ok(if rules.is_empty() { Pick::Nothing } else { Pick::Unmet(rules) })
    }

    /// Two arrows that would leave the same states: the inner one is kept, else the first.
    fn without_conflicts(&self, chosen: Vec<Chosen<'a>>) -> Vec<Chosen<'a>> {
        let mut kept: Vec<Chosen<'a>> = Vec::new();
        for next in chosen {
            let clash = |one: &Chosen<'a>| match (self.leaves(one), self.leaves(&next)) {
                (Some(a), Some(b)) => self.overlap(a, b),
                _ => false,
            };
            if !kept.iter().any(clash) {
                kept.push(next);
            } else if kept.iter().filter(|one| clash(one)).all(|one| self.is_inside(next.at, one.at)) {
                kept.retain(|one| !clash(one));
                kept.push(next);
            }
        }
        kept
    }

    fn is_inside(&self, inner: StateIx, outer: StateIx) -> bool {
        inner != outer && self.definition.is_within(inner, outer)
    }

    /// What an arrow leaves, if it leaves anything: all inside of a state, or all there is.
    fn leaves(&self, chosen: &Chosen<'a>) -> Option<Option<StateIx>> {
        match &chosen.arrow.outcome {
            Outcome::Go(go) => Some(self.definition.left(chosen.at, go.to?)),
            Outcome::Refuse(_) => None,
        }
    }

    fn overlap(&self, a: Option<StateIx>, b: Option<StateIx>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => self.definition.is_within(a, b) || self.definition.is_within(b, a),
            _ => true,
        }
    }
}
