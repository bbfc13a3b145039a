//! What templates may call: money, dates, times, quantities, quoted text; and `if` and `unless` that know no unknown names.

use fluxor_engine::money::Money;
use fluxor_workflows::{Quantity, grouped, shown};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError, RenderErrorReason,
    Renderable as _, ScopedJson,
};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// Characters that let a text pretend to be another one: controls, and those that turn the direction of writing.
pub(crate) fn is_hostile(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Text on one line: no line break, no control character, single blanks.
pub(super) fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if is_hostile(c) { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As a value stands in HTML: escaped, on one line.
pub(super) fn html(text: &str) -> String {
    handlebars::html_escape(&one_line(text))
}

/// The lines of what somebody wrote, each harmless by itself.
fn lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.trim().lines().map(one_line).collect()
}

/// `1,200.00 EUR`, with the digits of its currency, more only where there are more.
pub(crate) fn money(text: &str) -> Option<String> {
    text.parse::<Money>().ok().map(shown)
}

/// `1,200.5`.
pub(super) fn quantity(text: &str) -> Option<String> {
    Some(grouped(&text.parse::<Quantity>().ok()?.to_string()))
}

/// `Wed, 4 March 2026` of a date or an instant.
pub(super) fn date(text: &str, zone: &TimeZone) -> Option<String> {
    let day = match text.parse::<Timestamp>() {
        Ok(at) => at.to_zoned(zone.clone()).date(),
        Err(_) => text.parse::<Date>().ok()?,
    };
    Some(day.strftime("%a, %-d %B %Y").to_string())
}

/// `Wed, 4 March 2026, 10:00 CET` of an instant.
pub(super) fn time(text: &str, zone: &TimeZone) -> Option<String> {
    let at = text.parse::<Timestamp>().ok()?.to_zoned(zone.clone());
    Some(at.strftime("%a, %-d %B %Y, %H:%M %Z").to_string())
}

/// A helper over one value: nothing stays nothing, an unknown name is an error, and so is what cannot be read.
struct Shown {
    name: &'static str,
    show: fn(&str, &TimeZone) -> Option<String>,
}

impl HelperDef for Shown {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let value = known(h, self.name)?;
        let text = match value {
            Json::Null => return Ok(ScopedJson::Derived(Json::String(String::new()))),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let zone = ctx.data()["zone"].as_str().and_then(|zone| TimeZone::get(zone).ok()).unwrap_or(TimeZone::UTC);
        // What is no amount or no date is shown as it is: a mail with an odd value is better than none.
        let shown = (self.show)(&text, &zone).unwrap_or(text);
        Ok(ScopedJson::Derived(Json::String(shown)))
    }
}

/// What somebody wrote, set apart: nobody can write lines that look like ours.
struct Quote {
    html: bool,
}

impl HelperDef for Quote {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let Json::String(text) = known(h, "quote")? else { return Ok(()) };
        let lines = lines(text);
        if self.html {
            let escaped: Vec<String> = lines.iter().map(|line| handlebars::html_escape(line)).collect();
            out.write(&escaped.join("<br>\n"))?;
        } else {
            let marked: Vec<String> = lines.iter().map(|line| format!("> {line}").trim_end().to_owned()).collect();
            out.write(&marked.join("\n"))?;
        }
        Ok(())
    }
}

/// `if` and `unless`. In a check both ways are gone, so that no name hides in the one that is not taken.
struct Branch {
    name: &'static str,
    when: bool,
    checking: bool,
}

impl HelperDef for Branch {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let holds = match known(h, self.name)? {
            Json::Null | Json::Bool(false) => false,
            Json::String(text) => !text.is_empty(),
            Json::Array(list) => !list.is_empty(),
            Json::Number(number) => number.as_f64() != Some(0.0),
            Json::Bool(true) | Json::Object(_) => true,
        };
        let taken = holds == self.when;
        for way in [(h.template(), taken), (h.inverse(), !taken)] {
            if let (Some(template), true) = (way.0, way.1 || self.checking) {
                template.render(r, ctx, rc, out)?;
            }
        }
        Ok(())
    }
}

fn known<'a>(h: &'a Helper<'_>, name: &'static str) -> Result<&'a Json, RenderError> {
    let given = h.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex(name, 0))?;
    if given.is_value_missing() {
        return Err(RenderErrorReason::MissingVariable(given.relative_path().cloned()).into());
    }
    Ok(given.value())
}

/// Registers them all.
pub(super) fn register(registry: &mut Handlebars<'static>, html: bool, checking: bool) {
    let shown: [Shown; 4] = [
        Shown { name: "money", show: |text, _| money(text) },
        Shown { name: "quantity", show: |text, _| quantity(text) },
        Shown { name: "date", show: date },
        Shown { name: "time", show: time },
    ];
    for helper in shown {
        registry.register_helper(helper.name, Box::new(helper));
    }
    registry.register_helper("quote", Box::new(Quote { html }));
    for (name, when) in [("if", true), ("unless", false)] {
        registry.register_helper(name, Box::new(Branch { name, when, checking }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        for (text, shown) in [
            ("1200.00 EUR", "1,200.00 EUR"),
            ("1234567.8901 EUR", "1,234,567.8901 EUR"),
            ("5000.00 JPY", "5,000 JPY"),
            ("-3.5 KWD", "-3.500 KWD"),
            ("999 USD", "999.00 USD"),
        ] {
            assert_eq!(money(text).as_deref(), Some(shown));
        }
        assert_eq!(money("a lot"), None);
        assert_eq!(quantity("12000.50").as_deref(), Some("12,000.5"));
    }

    #[test]
    fn dates_are_those_of_the_zone() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(date("2026-03-03T23:30:00Z", &berlin).as_deref(), Some("Wed, 4 March 2026"));
        assert_eq!(time("2026-03-03T23:30:00Z", &berlin).as_deref(), Some("Wed, 4 March 2026, 00:30 CET"));
        assert_eq!(date("2026-03-03", &berlin).as_deref(), Some("Tue, 3 March 2026"));
        assert_eq!(time("soon", &berlin), None);
    }

    #[test]
    fn no_text_breaks_out_of_its_line() {
        assert_eq!(one_line(" a\r\nBcc: x\0\u{202e}y\u{2028}z "), "a Bcc: x y z");
        assert_eq!(html("<b>\n\"&'"), "&lt;b&gt; &quot;&amp;&#x27;");
    }
}
