//! What a refused caller reads: problem details (RFC 9457) with the problem types of draft-ietf-httpapi-ratelimit-headers.
//!
//! A service may answer in its own words: [`Refused`] makes the response, and the layers add the headers to whatever it
//! made, so that no wording can lose them.

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A quota is used up: later it will pass.
    Quota,
    /// The call costs more than the policy can ever admit: later it will not pass either.
    TooCostly,
    /// The policy guards against abuse (sign-in, say), and this looks like it.
    Abnormal,
    /// The service has more to do than it can, or a limit that lets nobody pass without its store: nobody's quota.
    Capacity,
}

/// A refusal, with all that its body may tell. It names policies of the service and nothing of other callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The policies that refused, the tightest first.
    pub violated: Vec<String>,
    /// Whole seconds to wait, as `Retry-After` says; none if waiting does not help.
    pub retry_after: Option<u64>,
    /// What the call costs, where it costs too much.
    pub cost: Option<u64>,
    /// What the call may cost at most, where it costs too much.
    pub most: Option<u64>,
    /// Whether a limit lets nobody pass because its store is away.
    pub closed: bool,
}

impl Refusal {
    /// The service sheds load: come back in `seconds`.
    #[must_use]
    pub fn capacity(seconds: u64) -> Self {
        let retry_after = Some(seconds.max(1));
        Self { reason: Reason::Capacity, violated: Vec::new(), retry_after, cost: None, most: None, closed: false }
    }

    /// The status: 429, and 503 if it is the service's own fault.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self.reason {
            Reason::Quota | Reason::TooCostly | Reason::Abnormal => StatusCode::TOO_MANY_REQUESTS,
            Reason::Capacity => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The problem type, as the draft has IANA register it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.reason {
            Reason::Quota | Reason::TooCostly => "https://iana.org/assignments/http-problem-types#quota-exceeded",
            Reason::Abnormal => "https://iana.org/assignments/http-problem-types#abnormal-usage-detected",
            Reason::Capacity => "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
        }
    }

    /// The registered title of the problem type.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self.reason {
            Reason::Quota | Reason::TooCostly => "Quota Exceeded",
            Reason::Abnormal => "Abnormal Usage Detected",
            Reason::Capacity => "Temporary Reduced Capacity",
        }
    }

    /// A stable code: it tells "try later" and "never" apart, which the problem type does not.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.reason {
            Reason::Quota => "quota_exceeded",
            Reason::TooCostly => "cost_over_limit",
            Reason::Abnormal => "abnormal_usage",
            Reason::Capacity => "reduced_capacity",
        }
    }

    /// What is wrong and what to do, in one or two sentences.
    #[must_use]
    pub fn detail(&self) -> String {
        let policy = self.violated.first().map_or("", String::as_str);
        let wait = match self.retry_after {
            Some(1) => "Try again in 1 second.".to_owned(),
            Some(seconds) => format!("Try again in {seconds} seconds."),
            None => "Try again later.".to_owned(),
        };
        match self.reason {
            Reason::Capacity if self.closed => {
                format!(
                    "The limit `{policy}` cannot be looked up at the moment, and lets nobody pass until it can. {wait}"
                )
            }
            Reason::Quota => format!("The limit `{policy}` is used up. {wait}"),
            Reason::TooCostly => {
                let told = match (self.cost, self.most) {
                    (Some(cost), Some(most)) => {
                        format!(
                            "This call costs {cost}, and the limit `{policy}` never admits more than {most} at once."
                        )
                    }
                    _ => format!("This call costs more than the limit `{policy}` ever admits at once."),
                };
                format!("{told} Waiting does not help: make it smaller.")
            }
            Reason::Abnormal => format!("There were too many attempts (limit `{policy}`). {wait}"),
            Reason::Capacity => format!("The service has more to do than it can right now. {wait}"),
        }
    }

    /// The problem details as JSON.
    #[must_use]
    pub fn body(&self) -> String {
        let told = Told {
            kind: self.kind(),
            title: self.title(),
            status: self.status().as_u16(),
            code: self.code(),
            detail: self.detail(),
            violated: &self.violated,
            retry_after: self.retry_after,
            cost: self.cost,
            most: self.most,
        };
        // Texts and numbers: there is nothing in it that JSON cannot say.
        serde_json::to_string(&told).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: String,
    #[serde(rename = "violated-policies", skip_serializing_if = "<[_]>::is_empty")]
    violated: &'a [String],
    #[serde(rename = "retry-after", skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    most: Option<u64>,
}

/// Makes the response to a refused call. A closure `Fn(&Refusal, &Parts) -> Response<B>` is one.
pub trait Refused<B> {
    /// The response. `Retry-After` and the limits' fields are added to it afterwards.
    fn response(&self, refusal: &Refusal, call: &Parts) -> Response<B>;
}

impl<B, F> Refused<B> for F
where
    F: Fn(&Refusal, &Parts) -> Response<B>,
{
    fn response(&self, refusal: &Refusal, call: &Parts) -> Response<B> {
        self(refusal, call)
    }
}

/// The body that comes with the crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Problem;

impl<B: From<String>> Refused<B> for Problem {
    fn response(&self, refusal: &Refusal, _call: &Parts) -> Response<B> {
        let mut response = Response::new(B::from(refusal.body()));
        *response.status_mut() = refusal.status();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn read(refusal: &Refusal) -> Value {
        serde_json::from_str(&refusal.body()).unwrap()
    }

    #[test]
    fn a_quota_says_when() {
        let refusal = Refusal {
            reason: Reason::Quota,
            violated: vec!["daily".into(), "a \"b\"".into()],
            retry_after: Some(12),
            cost: None,
            most: None,
            closed: false,
        };
        let told = read(&refusal);
        assert_eq!(told["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
        assert_eq!(told["status"], 429);
        assert_eq!(told["violated-policies"], serde_json::json!(["daily", "a \"b\""]));
        assert_eq!(told["detail"], "The limit `daily` is used up. Try again in 12 seconds.");
    }

    #[test]
    fn never_is_another_code_and_says_what_to_do() {
        let refusal = Refusal {
            reason: Reason::TooCostly,
            violated: vec!["tiny".into()],
            retry_after: None,
            cost: Some(6),
            most: Some(5),
            closed: false,
        };
        let told = read(&refusal);
        assert_eq!(told["code"], "cost_over_limit");
        assert!(told.get("retry-after").is_none());
        assert_eq!(
            told["detail"],
            "This call costs 6, and the limit `tiny` never admits more than 5 at once. Waiting does not help: make it smaller."
        );
        assert_eq!((&told["cost"], &told["most"]), (&6.into(), &5.into()));
        let unknown = Refusal { cost: None, ..refusal };
        assert!(unknown.detail().starts_with("This call costs more than the limit `tiny` ever admits at once. "));
    }

    #[test]
    fn a_store_that_is_away_is_nobody_s_quota() {
        let told = read(&Refusal { violated: vec!["paid".into()], closed: true, ..Refusal::capacity(1) });
        assert_eq!(told["type"], "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity");
        assert_eq!((&told["status"], &told["code"]), (&503.into(), &"reduced_capacity".into()));
        let detail = "The limit `paid` cannot be looked up at the moment, and lets nobody pass until it can. Try again in 1 second.";
        assert_eq!(told["detail"], detail);
    }

    #[test]
    fn shedding_is_the_service_s_own_fault() {
        let told = read(&Refusal::capacity(0));
        assert_eq!((told["status"].as_u64(), told["retry-after"].as_u64()), (Some(503), Some(1)));
        assert!(told.get("violated-policies").is_none());
    }
}
