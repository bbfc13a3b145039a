//! Arrows: of events, of time, and those that are always tried.

use std::sync::Arc;

use crate::definition::chart::{Arrow, ArrowIx, By, Due, Go, Outcome, StateIx, Timer};
use crate::definition::codes;
use crate::definition::file::{ArrowFile, DueFile, StateFile};
use crate::definition::lint::{Edge, Goes, Guard, Trigger};
use crate::diagnostic::{Diagnostic, Span};
use crate::expression::{Expr, Field, Kind, Literal, RecordType, Type};

use super::expressions::{Scope, UNSURE};
use super::{Arrows, Checker, DONE, FAILED};

/// How an arrow comes to be taken.
struct Way<'w> {
    from: StateIx,
    trigger: Trigger,
    scope: &'w Scope,
    /// The engine takes it: nobody is asked whether he may.
    engine: bool,
}

impl Checker<'_> {
    /// The arrows of a state, in the order of the file as far as it matters.
    pub(super) fn arrows(&mut self, file: &StateFile, from: StateIx, path: &str) -> Arrows {
        let mut arrows = Arrows::default();
        for (event, files) in &file.on {
            let name: Arc<str> = event.value.as_str().into();
            let outcome = self.is_outcome(&name);
            if outcome {
                self.outcome_keys.push((from, event.clone()));
            }
            let engine = outcome || self.results.contains(&name);
            let payload = match self.events.get(&name) {
                Some(event) => event.payload.clone(),
                None if [DONE, FAILED].contains(&&*name) => {
                    let record = || Arc::new(RecordType::new(if file.task.is_some() { UNSURE } else { DONE }));
                    self.forms.get(&from).cloned().unwrap_or_else(record)
                }
                None => Arc::new(RecordType::new(&*name).with_nullable("reason", Type::Text)),
            };
            let scope = Scope { event: Some(payload), person: !engine };
            let way = Way { from, trigger: Trigger::Event(name.clone()), scope: &scope, engine: outcome };
            // Of a workflow that is not known nobody can say what it gives.
            if [DONE, FAILED].contains(&&*name) && self.forms_unknown.contains(&from) {
                self.edges.extend(files.iter().map(|file| Edge::unknown(from, name.clone(), file.span)));
                continue;
            }
            let list = files.iter().filter_map(|arrow| self.arrow(arrow, &way)).map(|mut arrow| {
                // A message's result comes from the engine, unless the author opens the event to somebody.
                if engine && matches!(arrow.by, By::Anyone) {
                    arrow.by = By::Engine;
                }
                arrow
            });
            let list = list.collect();
            arrows.on.insert(name, list);
        }
        let scope = Scope::engine();
        let way = Way { from, trigger: Trigger::Always, scope: &scope, engine: true };
        for arrow in &file.always {
            if arrow.to.is_none() {
                let help = "write `to:`; what is done on entry stands in `do` of the state";
                self.error(codes::ALWAYS_STAYS, arrow.span, "an `always` arrow leads to another state", help);
            }
            arrows.always.extend(self.arrow(arrow, &way));
        }
        for (n, timer) in file.after.iter().enumerate() {
            let way = Way { from, trigger: Trigger::After(n), scope: &scope, engine: true };
            let list = timer.arrows.iter().filter_map(|arrow| self.arrow(arrow, &way)).collect();
            let due = match &timer.due {
                Some(DueFile::In(wait)) => Some(Due::In(self.in_calendar(wait.clone()))),
                Some(DueFile::At(text)) => {
                    self.expression(text, &scope, &Field::required(Type::Timestamp)).map(Box::new).map(Due::At)
                }
                None => None,
            };
            if let Some(due) = due {
                arrows.timers.push(Timer { name: format!("{path}#{}", n + 1).into(), due, arrows: list });
            }
        }
        arrows
    }

    fn arrow(&mut self, file: &ArrowFile, way: &Way<'_>) -> Option<Arrow> {
        let guard = file.guard.as_ref().map(|text| self.condition(text, way.scope));
        if way.engine {
            self.engine_arrow(file, way);
        }
        let by = match &file.by {
            _ if way.engine => Some(By::Engine),
            Some(by) => self.by(by, way.scope),
            None => Some(By::Anyone),
        };
        let to = file.to.as_ref().map(|name| self.goal(way.from, name));
        let undo = self.undoing(file.undo.as_ref());
        let set = self.set(&file.set, way.scope);
        let actions = self.calls(&file.actions, way.scope);
        let sends = self.sends(&file.sends);
        let kind = match &guard {
            None => Guard::None,
            Some(None) => Guard::Broken,
            Some(Some(condition)) => guard_kind(&condition.expr, &condition.text),
        };
        self.edges.push(Edge {
            from: way.from,
            trigger: way.trigger.clone(),
            goes: match to {
                None => Goes::Stay,
                Some(Some((to, _))) => Goes::To(to),
                Some(None) => Goes::Unknown,
            },
            guard: kind,
            by: file.by.as_ref().map(|by| by.value.text.trim().to_owned()).filter(|by| by != "anyone" && !way.engine),
            refuses: file.refuse.is_some(),
            idle: is_idle(file),
            guard_span: file.guard.as_ref().map_or(file.span, |text| text.span),
            span: file.span,
        });
        let ix = ArrowIx(self.arrows);
        self.arrows += 1;
        let guard = match guard {
            None => None,
            Some(condition) => Some(condition?),
        };
        let outcome = match &file.refuse {
            Some(sentence) => Outcome::Refuse(sentence.value.text.trim().into()),
            None => {
                let (to, history) = to.flatten().map_or((None, None), |(to, history)| (Some(to), history));
                Outcome::Go(Go { to, history, undo, set, actions, sends })
            }
        };
        Some(Arrow {
            ix,
            guard,
            by: by?,
            reason_required: file.reason.as_ref().is_some_and(|reason| reason.value),
            outcome,
            span: file.span,
        })
    }

    /// Nobody acts in the arrow of the engine: nobody can be refused or asked for a reason.
    fn engine_arrow(&mut self, file: &ArrowFile, way: &Way<'_>) {
        let trigger = &way.trigger;
        // Whoever completes a task hears why his data will not do.
        let heard = *trigger == Trigger::Event(DONE.into()) && self.tasks.contains(&way.from);
        let what = match trigger {
            Trigger::Event(name) => format!("the outcome `{name}`"),
            Trigger::Always => "`always`".to_owned(),
            Trigger::After(_) => "a timer".to_owned(),
        };
        let outcome = matches!(trigger, Trigger::Event(_));
        let mut wrong: Vec<(Span, &str)> = Vec::new();
        wrong.extend(file.by.as_ref().map(|by| (by.span, "by")));
        // The core demands a reason for each rejection and each request for changes: saying so again does no harm.
        let demanded = matches!(trigger, Trigger::Event(name) if matches!(&**name, "rejected" | "changes_requested"));
        wrong.extend(file.reason.as_ref().filter(|_| !demanded).map(|reason| (reason.span, "reason")));
        wrong.extend(file.refuse.as_ref().filter(|_| !heard).map(|refuse| (refuse.span, "refuse")));
        for (span, key) in wrong {
            self.found.push(
                Diagnostic::error(codes::ENGINE_ARROW, span, format!("{what} takes no `{key}`"))
                    .label("nobody acts here")
                    .help(if outcome {
                        "the engine raises it, and who decides is said in the approval; leave it out here"
                    } else {
                        "the engine takes this arrow; leave it out, or write an event"
                    }),
            );
        }
    }
}

fn guard_kind(expr: &Expr, text: &str) -> Guard {
    match &expr.ast().kind {
        Kind::Literal(Literal::Bool(true)) => Guard::True,
        Kind::Literal(Literal::Bool(false)) => Guard::False,
        _ => Guard::Some(text.split_whitespace().collect::<Vec<_>>().join(" ")),
    }
}

/// Whether nothing comes of an arrow but that it was taken.
fn is_idle(file: &ArrowFile) -> bool {
    let ArrowFile { to, undo, set, actions, sends, refuse, .. } = file;
    to.is_none() && undo.is_none() && set.is_empty() && actions.is_empty() && sends.is_empty() && refuse.is_none()
}
