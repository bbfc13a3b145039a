//! Every name of a mapping is looked up in the definition; all that does not fit is told.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Course, Does, Move, choosy, family, personal, steps};
use crate::decide::{actions_of, own_keys};
use crate::definition::chart::{By, Definition, StateKind};
use crate::definition::library::Library;
use crate::definition::reading::Spot;
use crate::diagnostic::{Diagnostic, Help, Severity, Span, nearest};
use crate::domain::Vocabulary;
use crate::expression::{RecordType, Type};
use crate::replay::codes;
use crate::replay::map::{From, Map, Meaning, Source, What};
use crate::replay::value::Value;

/// What is done, what it is called, the record of what it takes, and the keys that actions read by themselves.
type Doing = (Does, Arc<str>, Option<Arc<RecordType>>, Vec<Arc<str>>);

/// What is known while a mapping is bound.
struct Binding<'a> {
    map: &'a Map,
    definition: &'a Definition,
    vocabulary: &'a Vocabulary,
    found: Vec<Diagnostic>,
}

impl Course {
    /// Holds `map` against `definition`, which is the current one of its name in `library`. `seen`: whether the log has an event of this activity.
    ///
    /// # Errors
    /// Everything that does not fit, warnings among it. What is wrong with none of it are warnings alone, given beside
    /// the course.
    pub fn bind(
        map: &Map,
        library: &Library,
        definition: &Arc<Definition>,
        vocabulary: &Vocabulary,
        seen: &dyn Fn(&str) -> bool,
    ) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let mut binding = Binding { map, definition, vocabulary, found: Vec::new() };
        let subject = binding.subject();
        let starts_as = map.starts_as.as_ref().and_then(|source| binding.value(source, &Type::Person, "as"));
        let mut activities = HashMap::new();
        for (name, meanings) in &map.activities {
            if !seen(&name.value) {
                binding.never_seen(name);
            }
            let moves = meanings.iter().filter_map(|meaning| binding.meaning(meaning)).collect();
            activities.insert(Arc::from(name.value.as_str()), moves);
        }
        map.log.order.iter().filter(|name| !seen(name.value.trim())).for_each(|name| binding.never_seen(name));
        let starts = |meaning: &Meaning| matches!(meaning.what, What::Start);
        let course = Self {
            definition: definition.clone(),
            library: library.clone(),
            activities,
            others: map.others,
            subject,
            starts_as,
            personal: personal(definition),
            choosy: choosy(definition),
            told_when: map.activities.iter().flat_map(|(_, meanings)| meanings).any(starts),
        };
        match binding.found.iter().any(|f| f.severity == Severity::Error) {
            true => Err(binding.found),
            false => Ok((course, binding.found)),
        }
    }
}

/// The first state that asks for data.
fn asks_data(definition: &Definition) -> Option<Arc<str>> {
    let asks = |kind: &StateKind| matches!(kind, StateKind::Approval(approval) if approval.form.is_some());
    definition.states.iter().find(|state| asks(&state.kind)).map(|state| state.path.clone())
}

impl<'a> Binding<'a> {
    fn wrong(&mut self, code: &'static str, span: Span, what: String, help: impl Into<Help>) {
        self.found.push(Diagnostic::error(code, span, what).help(help));
    }

    fn never_seen(&mut self, name: &Spot<String>) {
        let what = format!("the log has no event `{}`", name.value);
        let help = "look how the log writes it: `fluxor replay LOG --draft` lists all of its activities";
        self.found.push(Diagnostic::warning(codes::NEVER_SEEN, name.span, what).help(help));
    }

    /// The fields at the start; what must be given and is not is told.
    fn subject(&mut self) -> Vec<(Arc<str>, Value)> {
        let definition = self.definition;
        let record = definition.subject.record.clone();
        let own = own_keys(self.vocabulary, definition.start_actions());
        let map = self.map;
        let given = self.fields(&map.subject, &record, &own, "the subject");
        let missing = record.fields.iter().filter(|(name, field)| {
            let name = name.as_str();
            !field.nullable
                && name != "requester"
                && !definition.subject.computed.iter().any(|computed| **computed == *name)
                && !map.subject.iter().any(|(given, _)| given.value == name)
                && !map.unread.iter().any(|unread| unread == name)
        });
        let missing: Vec<String> = missing.map(|(name, _)| format!("`{name}`")).collect();
        if !missing.is_empty() {
            let what = format!("the subject needs {}", missing.join(", "));
            let help = format!(
                "write `start: {{ subject: {{ {}: its column }} }}`; a written value is `{{ value: it }}`",
                missing[0].trim_matches('`')
            );
            self.wrong(codes::MISSING_VALUE, map.start, what, help);
        }
        given
    }

    fn fields(
        &mut self,
        sources: &[(Spot<String>, Source)],
        record: &RecordType,
        own: &[Arc<str>],
        of: &str,
    ) -> Vec<(Arc<str>, Value)> {
        let mut fields = Vec::new();
        for (name, source) in sources {
            let ty = match record.fields.get(&name.value) {
                // What an action reads by itself is JSON of its own kind.
                _ if own.iter().any(|key| **key == *name.value) => Type::Null,
                Some(field) => field.ty.clone(),
                None => {
                    let what = format!("{of} has no field `{}`", name.value);
                    let near = nearest(&name.value, record.fields.keys().map(String::as_str));
                    let all: Vec<&str> = record.fields.keys().map(String::as_str).collect();
                    let help = match near {
                        Some(near) => Help::similar("field", near),
                        None if all.is_empty() => "it has none: leave this out".into(),
                        None => format!("its fields are {}", all.join(", ")).into(),
                    };
                    self.wrong(codes::UNKNOWN_FIELD, name.span, what, help);
                    continue;
                }
            };
            fields.extend(self.value(source, &ty, &name.value).map(|value| (name.value.as_str().into(), value)));
        }
        fields
    }

    /// A source with the type that its values become; what is written out is checked now.
    fn value(&mut self, source: &Source, ty: &Type, name: &str) -> Option<Value> {
        let value = Value::of(source, ty).folding(self.map.people.fold);
        let mut fits = true;
        let written = [
            match &source.from {
                From::Written(text) => Some(text),
                From::Column(_) => None,
            },
            source.otherwise.as_ref(),
        ];
        for text in written.into_iter().flatten().chain(source.values.iter().filter_map(|(_, text)| text.as_ref())) {
            if let Err(why) = value.check(text) {
                let what = format!("`{text}` cannot be `{name}`: {why}");
                self.wrong(codes::BAD_VALUE, source.span, what, format!("write a value of type {}", ty.name()));
                fits = false;
            }
        }
        if let Err(why) = value.check_format() {
            let help = "write fields such as `%d.%m.%Y %H:%M:%S`, `%m/%d/%Y %I:%M %p`, `%Y-%m-%dT%H:%M:%S%.f%z`";
            self.wrong(codes::BAD_TIME, source.span, why, help);
            fits = false;
        }
        fits.then_some(value)
    }

    fn meaning(&mut self, meaning: &Meaning) -> Option<Move> {
        let definition = self.workflow(meaning.workflow.as_ref())?;
        let what = self.what(definition, meaning);
        // What is wrong with the rest of it is told all the same.
        let told = matches!(meaning.what, What::Complete) && what.is_none();
        let state = meaning.state.as_ref().filter(|_| !told).and_then(|state| self.state(definition, state));
        let behalf = meaning.behalf.as_ref().and_then(|of| self.value(of, &Type::Person, "for"));
        let reason = meaning.reason.as_ref().and_then(|of| self.value(of, &Type::Text, "reason"));
        let (does, label, record, own) = what?;
        let data = self.data(meaning, record.as_deref(), &own);
        let workflow = meaning.workflow.as_ref().map(|name| name.value.as_str().into());
        // Data is for the task that asks for it, whatever else is open beside it.
        let state = state.or_else(|| matches!(does, Does::Complete).then(|| asks_data(definition)).flatten());
        Some(Move { when: meaning.when.clone(), does, state, workflow, behalf, reason, data, label })
    }

    /// What is done, what it is called, and what it takes.
    fn what(&mut self, definition: &Definition, meaning: &Meaning) -> Option<Doing> {
        Some(match &meaning.what {
            What::Skip => (Does::Skip, "skip".into(), None, Vec::new()),
            What::Start => (Does::Start, "start".into(), None, Vec::new()),
            What::Event(event) => {
                let by_engine = self.event(definition, event)?;
                let name: Arc<str> = event.value.as_str().into();
                let record = definition.events.get(&name).map(|event| event.payload.clone());
                let own = own_keys(self.vocabulary, actions_of(definition, &name));
                (Does::Event { event: name.clone(), by_engine }, name, record, own)
            }
            What::Act { act, step, to } => {
                let step = match step {
                    Some(step) => Some(self.step(definition, step)?),
                    None => None,
                };
                let to = to.as_ref().and_then(|to| self.value(to, &Type::Person, "to"));
                let label = step.as_ref().map_or_else(|| Arc::from(*act), |step| format!("{act} {step}").into());
                (Does::Act { act, step, to: to.map(Box::new) }, label, None, Vec::new())
            }
            What::Complete => {
                let form = self.form(definition, meaning)?;
                (Does::Complete, "complete".into(), Some(form), Vec::new())
            }
        })
    }

    /// Payload or data; what must be given and is not is told.
    fn data(&mut self, meaning: &Meaning, record: Option<&RecordType>, own: &[Arc<str>]) -> Vec<(Arc<str>, Value)> {
        let none = RecordType::new("nothing");
        let record = record.unwrap_or(&none);
        let of = match &meaning.what {
            What::Event(event) => format!("the event `{}`", event.value),
            What::Complete => "the form".to_owned(),
            _ => "this".to_owned(),
        };
        let data = self.fields(&meaning.data, record, own, &of);
        let given = |name: &str| {
            meaning.data.iter().any(|(given, _)| given.value == name)
                || self.map.unread.iter().any(|unread| unread == name)
        };
        let missing = record.fields.iter().filter(|(name, field)| !field.nullable && !given(name));
        let missing: Vec<String> = missing.map(|(name, _)| format!("`{name}`")).collect();
        if !missing.is_empty() {
            let key = if matches!(meaning.what, What::Complete) { "data" } else { "payload" };
            let what = format!("{of} needs {}", missing.join(", "));
            let help = format!("write `{key}: {{ {}: its column }}`", missing[0].trim_matches('`'));
            self.wrong(codes::MISSING_VALUE, meaning.span, what, help);
        }
        data
    }

    /// The definition that an activity is for: this one, or one that it calls.
    fn workflow(&mut self, name: Option<&Spot<String>>) -> Option<&'a Definition> {
        let Some(name) = name else { return Some(self.definition) };
        let family = family(self.definition);
        let found = family.iter().find(|definition| *definition.name == *name.value).copied();
        if found.is_none() {
            let what = format!("`{}` calls no workflow `{}`", self.definition.name, name.value);
            let names: Vec<&str> = family.iter().map(|definition| &*definition.name).collect();
            let help = match nearest(&name.value, names.iter().copied()) {
                Some(near) => Help::similar("workflow", near),
                None => format!("write one of {}", names.join(", ")).into(),
            };
            self.wrong(codes::UNKNOWN_EVENT, name.span, what, help);
        }
        found
    }

    /// Whether the event, which must be one, is the engine's own.
    fn event(&mut self, definition: &Definition, event: &Spot<String>) -> Option<bool> {
        let mut arrows = definition.states.iter().filter_map(|state| state.on.get(event.value.as_str())).flatten();
        if definition.events.contains_key(event.value.as_str()) {
            return Some(arrows.all(|arrow| matches!(arrow.by, By::Engine)));
        }
        let what = match arrows.next() {
            Some(_) => format!("`{}` is an outcome, which comes of people's decisions", event.value),
            None => format!("`{}` has no event `{}`", definition.name, event.value),
        };
        let near = nearest(&event.value, definition.events.keys().map(AsRef::as_ref));
        let help = match (event.value.as_str(), near) {
            ("approved", _) => "write the act of whoever approves: `{ act: approve, step: its name }`".into(),
            ("rejected" | "changes_requested", _) => {
                "write the act of whoever decides: `{ act: reject, step: its name }`, or `request_changes`".into()
            }
            ("approve" | "reject", None) => format!("write `{{ act: {}, step: its name }}`", event.value).into(),
            (_, Some(near)) => Help::similar("event", near),
            (_, None) => {
                let all: Vec<&str> = definition.events.keys().map(AsRef::as_ref).collect();
                format!("its events are {}; what is of no matter is `skip`", all.join(", ")).into()
            }
        };
        self.wrong(codes::UNKNOWN_EVENT, event.span, what, help);
        None
    }

    fn step(&mut self, definition: &Definition, step: &Spot<String>) -> Option<Arc<str>> {
        let steps = steps(&[definition]);
        let found = steps.iter().find(|known| *known.name == *step.value).map(|known| known.name.clone());
        if found.is_none() {
            let what = format!("no approval of `{}` has a step `{}`", definition.name, step.value);
            let help = match nearest(&step.value, steps.iter().map(|known| &*known.name)) {
                Some(near) => Help::similar("step", near),
                None if steps.is_empty() => "it has no approval: map this activity to an event".into(),
                None => {
                    let names: Vec<&str> = steps.iter().map(|known| &*known.name).collect();
                    format!("its steps are {}", names.join(", ")).into()
                }
            };
            self.wrong(codes::UNKNOWN_STEP, step.span, what, help);
        }
        found
    }

    /// The path of a state that has a task.
    fn state(&mut self, definition: &Definition, state: &Spot<String>) -> Option<Arc<str>> {
        let asks = |kind: &StateKind| matches!(kind, StateKind::Approval(_));
        let found = definition.states.iter().find(|known| *known.path == *state.value && asks(&known.kind));
        if found.is_none() {
            let what = format!("`{}` has no state `{}` that asks people", definition.name, state.value);
            let paths = definition.states.iter().filter(|known| asks(&known.kind)).map(|known| &*known.path);
            let help = match nearest(&state.value, paths.clone()) {
                Some(near) => Help::similar("state", near),
                None => format!("those that do are {}", paths.collect::<Vec<_>>().join(", ")).into(),
            };
            self.wrong(codes::UNKNOWN_STATE, state.span, what, help);
        }
        found.map(|state| state.path.clone())
    }

    /// What the task asks for: of the state that is named, else of the only one.
    fn form(&mut self, definition: &Definition, meaning: &Meaning) -> Option<Arc<RecordType>> {
        let named = |path: &str| meaning.state.as_ref().is_none_or(|state| state.value == path);
        let mut forms =
            definition.states.iter().filter(|state| named(&state.path)).filter_map(|state| match &state.kind {
                StateKind::Approval(approval) => approval.form.as_ref().map(|form| form.record.clone()),
                _ => None,
            });
        let (form, more) = (forms.next(), forms.next().is_some());
        if more || form.is_none() {
            let what = match (more, &meaning.state) {
                (true, _) => "several states ask for data".to_owned(),
                (false, Some(state)) => {
                    format!("`{}` has no state `{}` that asks for data", definition.name, state.value)
                }
                (false, None) => format!("no state of `{}` asks for data", definition.name),
            };
            let help = "write the state whose task it is: `complete: checks.tax`";
            self.wrong(codes::UNKNOWN_STATE, meaning.span, what, help);
            return None;
        }
        form
    }
}
