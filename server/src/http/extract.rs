//! Extractors for paths and queries, whose every "no" is a problem.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use fluxor_engine::diagnostic;
use serde::de::DeserializeOwned;

use super::json;
use super::problem::Problem;
use super::spent;
use crate::app::App;

/// One parameter of the path, or a tuple of them.
#[derive(Clone, Debug)]
pub(crate) struct Path<T>(pub(crate) T);

/// What a path's parameters can become.
pub(crate) trait Parameters: Sized {
    /// Reads them in the order of the path.
    fn read(parameters: &[(String, String)]) -> Result<Self, Problem>;
}

fn one<T: FromStr<Err: std::fmt::Display>>(parameters: &[(String, String)], place: usize) -> Result<T, Problem> {
    let (name, text) = parameters.get(place).map_or(("", ""), |(name, text)| (name, text));
    text.parse().map_err(|why| {
        Problem::new("invalid_path", format!("`{text}` in the path is no {name}: {why}.")).with("parameter", name)
    })
}

impl<T: FromStr<Err: std::fmt::Display>> Parameters for (T,) {
    fn read(parameters: &[(String, String)]) -> Result<Self, Problem> {
        Ok((one(parameters, 0)?,))
    }
}

impl<T, U> Parameters for (T, U)
where
    T: FromStr<Err: std::fmt::Display>,
    U: FromStr<Err: std::fmt::Display>,
{
    fn read(parameters: &[(String, String)]) -> Result<Self, Problem> {
        Ok((one(parameters, 0)?, one(parameters, 1)?))
    }
}

impl<T, U, V> Parameters for (T, U, V)
where
    T: FromStr<Err: std::fmt::Display>,
    U: FromStr<Err: std::fmt::Display>,
    V: FromStr<Err: std::fmt::Display>,
{
    fn read(parameters: &[(String, String)]) -> Result<Self, Problem> {
        Ok((one(parameters, 0)?, one(parameters, 1)?, one(parameters, 2)?))
    }
}

impl<T: Parameters> FromRequestParts<App> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let raw = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|why| Problem::new("invalid_path", format!("The path cannot be read: {why}.")))?;
        let parameters: Vec<_> = raw.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        T::read(&parameters).map(Self)
    }
}

/// The query. Unknown parameters are refused: a misspelt filter must not show everything.
#[derive(Clone, Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let text = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form(text));
        serde_path_to_error::deserialize(reader).map(Self).map_err(|error| {
            let (at, why) = json::explain(error.path(), &error.inner().to_string());
            Problem::new("invalid_query", format!("{}: {why}.", at.trim_start_matches('/')))
        })
    }
}

fn form(text: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(text.as_bytes())
}

/// How many rows a page has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(i64);

impl Limit {
    pub(super) const MOST: i64 = 500;

    /// One row more than the page has: whether there is a next page.
    pub(crate) const fn and_one(self) -> i64 {
        self.0 + 1
    }

    /// What fits beside other things.
    pub(super) const fn few() -> Self {
        Self(20)
    }

    /// How many rows.
    pub(super) fn rows(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Cuts the row too many; returns the last row of the page if there are more.
    pub(crate) fn cut<T>(self, rows: &mut Vec<T>) -> Option<&T> {
        let most = self.rows();
        let more = rows.len() > most;
        rows.truncate(most);
        spent::rows(u64::try_from(rows.len()).unwrap_or(u64::MAX));
        rows.last().filter(|_| more)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |n: &i64| (1..=Self::MOST).contains(n);
        text.parse()
            .ok()
            .filter(fits)
            .map(Self)
            .ok_or_else(|| format!("`{text}` is no number from 1 to {}", Self::MOST))
    }
}

impl<'de> serde::Deserialize<'de> for Limit {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for Limit {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_i64(self.0)
    }
}

/// The link to the next page: the same query, after another row.
pub(crate) fn next(path: &str, query: &impl serde::Serialize) -> String {
    format!("{path}?{}", serde_urlencoded::to_string(query).unwrap_or_default())
}

/// A code as one part of a path: what means something in an address is written as `%2F`.
pub(crate) fn part(code: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    code.bytes().fold(String::new(), |mut part, byte| {
        match plain(byte) {
            true => part.push(char::from(byte)),
            false => part.push_str(&format!("%{byte:02X}")),
        }
        part
    })
}

/// The nearest of the routes, for a path that leads nowhere.
pub(crate) fn nearest_route<'a>(path: &str, routes: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    diagnostic::nearest(path, routes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_part_of_a_path() {
        assert_eq!(part("BAT-01_a.b~"), "BAT-01_a.b~");
        assert_eq!(part("9#2?x=1%/Ä"), "9%232%3Fx%3D1%25%2F%C3%84");
    }

    #[test]
    fn a_page_knows_whether_there_are_more() {
        let limit: Limit = "2".parse().unwrap();
        let mut rows = vec![1, 2, 3];
        assert_eq!(limit.cut(&mut rows), Some(&2));
        assert_eq!(rows, [1, 2]);
        assert_eq!(limit.cut(&mut rows), None, "a full last page has no next one");
        for wrong in ["0", "501", "-1", "many"] {
            assert!(wrong.parse::<Limit>().is_err(), "{wrong}");
        }
    }
}
