//! Lists that say which calls a policy applies to: no entry twice, and none that another one covers already.

use serde_json::Value;

use super::{Walk, nearest};
use crate::policy::bounds::{ENTRIES, short};
use crate::policy::covers;

/// The methods that a call usually has.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/// The others that IANA has registered, and what caches understand.
const RARE: &str = "ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL \
    MKREDIRECTREF MKWORKSPACE MOVE ORDERPATCH PROPFIND PROPPATCH PURGE QUERY REBIND REPORT SEARCH UNBIND UNCHECKOUT UNLINK \
    UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL";

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
        if list.len() > ENTRIES {
            let hint = "say the beginning of several with `*` at the end, or take several policies";
            self.hinted(at, format!("this list has {} entries; it may have {ENTRIES}", list.len()), hint);
            return &[];
        }
        if list.is_empty() && value.is_array() {
            let hint = match at.ends_with("/by") {
                true => "say what is counted; all calls of a tenant together are counted by `[tenant]`",
                false => "leave it out, or fill it",
            };
            self.hinted(at, "this list is empty: nothing would ever match".to_owned(), hint);
        }
        list
    }

    pub(super) fn methods(&mut self, value: &Value, at: &str) -> Vec<String> {
        let mut methods: Vec<String> = Vec::new();
        for (place, value) in self.filled(value, at).iter().enumerate() {
            let at = format!("{at}/{place}");
            let Some(method) = self.method(value, &at) else { continue };
            if methods.contains(&method) {
                self.fault(&at, format!("`{}` stands here twice", short(&method)));
            }
            methods.push(method);
        }
        methods
    }

    pub(super) fn method(&mut self, value: &Value, at: &str) -> Option<String> {
        let method = self.text(value, at)?;
        let known = |method: &str| METHODS.contains(&method) || RARE.split(' ').any(|rare| rare == method);
        if !known(method) {
            let upper = method.to_uppercase();
            let hint = match known(&upper) {
                true => format!("methods are upper case: did you mean `{upper}`?"),
                false => nearest(&upper, &METHODS),
            };
            self.hinted(at, format!("`{}` is no method that a call could have", short(method)), hint);
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
                let told = format!("`{}` is never reached: `{}` covers it already", short(route), short(pattern));
                self.hinted(&format!("{at}/{place}"), told, "remove one of the two");
            }
        }
        routes.into_iter().map(|(_, route)| route).collect()
    }

    pub(super) fn route(&mut self, value: &Value, at: &str) -> Option<String> {
        let route = self.text(value, at)?;
        let stars = route.matches('*').count();
        let told = || format!("`{}` is no route that a call could have", short(route));
        if !route.starts_with('/') || stars > 1 || (stars == 1 && !route.ends_with('*')) {
            let hint = "a template such as `/v1/tasks/{id}`, or the beginning of some with `*` at the end";
            self.hinted(at, told(), hint);
        } else if route.contains(['?', '#']) || route.contains(char::is_whitespace) {
            self.hinted(at, told(), "leave the query out");
        }
        Some(route.to_owned())
    }
}
