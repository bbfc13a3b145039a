//! Lists that say which calls a policy applies to: no entry twice, and none that another one covers already.

use serde_json::Value;

use super::Walk;
use crate::policy::bounds::{LARGEST, number};
use crate::policy::covers;

impl Walk {
    /// A list of some names, each once, at least one.
    pub(super) fn some_of<T: Copy + PartialEq>(&mut self, value: &Value, at: &str, choices: &[(&str, T)]) -> Vec<T> {
        let mut found = Vec::new();
        for (place, value) in self.filled(value, at).iter().enumerate() {
            let at = format!("{at}/{place}");
            let Some(choice) = self.choice(value, &at, choices) else { continue };
            if found.contains(&choice) {
                self.fault(&at, "this stands here twice".to_owned());
            }
            found.push(choice);
        }
        found
    }

    fn filled<'a>(&mut self, value: &'a Value, at: &str) -> &'a [Value] {
        let list = self.array(value, at);
        if list.is_empty() && value.is_array() {
            self.hinted(at, "this list is empty: nothing would ever match".to_owned(), "leave it out, or fill it");
        }
        list
    }

    pub(super) fn methods(&mut self, value: &Value, at: &str) -> Vec<String> {
        let mut methods: Vec<String> = Vec::new();
        for (place, value) in self.filled(value, at).iter().enumerate() {
            let at = format!("{at}/{place}");
            let Some(method) = self.method(value, &at) else { continue };
            if methods.contains(&method) {
                self.fault(&at, format!("`{method}` stands here twice"));
            }
            methods.push(method);
        }
        methods
    }

    pub(super) fn method(&mut self, value: &Value, at: &str) -> Option<String> {
        let method = self.text(value, at)?;
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
            let hint = format!("methods are upper case: did you mean `{}`?", method.to_uppercase());
            self.hinted(at, format!("`{method}` is no method that a call could have"), hint);
        }
        Some(method.to_owned())
    }

    pub(super) fn routes(&mut self, value: &Value, at: &str) -> Vec<String> {
        let mut routes: Vec<(usize, String)> = Vec::new();
        for (place, value) in self.filled(value, at).iter().enumerate() {
            routes.extend(self.route(value, &format!("{at}/{place}")).map(|route| (place, route)));
        }
        for (place, route) in &routes {
            let covering = |(other, pattern): &&(usize, String)| {
                other != place && covers(pattern, route) && (pattern != route || other < place)
            };
            if let Some((_, pattern)) = routes.iter().find(covering) {
                let told = format!("`{route}` is never reached: `{pattern}` covers it already");
                self.hinted(&format!("{at}/{place}"), told, "remove one of the two");
            }
        }
        routes.into_iter().map(|(_, route)| route).collect()
    }

    pub(super) fn route(&mut self, value: &Value, at: &str) -> Option<String> {
        let route = self.text(value, at)?;
        let stars = route.matches('*').count();
        if !route.starts_with('/') || stars > 1 || (stars == 1 && !route.ends_with('*')) {
            let hint = "a template such as `/v1/tasks/{id}`, or the beginning of some with `*` at the end";
            self.hinted(at, format!("`{route}` is no route that a call could have"), hint);
        } else if route.contains(['?', '#']) || route.contains(char::is_whitespace) {
            self.hinted(at, format!("`{route}` is no route that a call could have"), "leave the query out");
        }
        Some(route.to_owned())
    }

    /// A whole number from 1.
    pub(super) fn number(&mut self, value: &Value, at: &str, field: &'static str, most: u64) -> Option<u64> {
        let Some(number_read) = value.as_u64() else {
            self.fault(at, format!("`{field}` must be a whole number from 1 to {most}"));
            return None;
        };
        if let Some((_, told, hint)) = number(field, number_read, most) {
            self.hinted(at, told, hint);
        }
        Some(number_read)
    }

    /// The cost of a call may also be nothing.
    pub(super) fn cost_number(&mut self, value: &Value, at: &str) -> Option<u64> {
        let cost = value.as_u64().filter(|cost| *cost <= LARGEST);
        if cost.is_none() {
            self.fault(at, format!("`cost` must be a whole number from 0 to {LARGEST}"));
        }
        cost
    }
}
