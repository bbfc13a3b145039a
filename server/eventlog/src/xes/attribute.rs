//! An attribute of XES: an element such as `<string key="org:resource" value="Ann"/>`.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::events::attributes::Attribute as Written;
use quick_xml::name::QName;

use crate::unreadable::short;

/// Its key with entities and character references resolved, and its value as it is written: most values are not wanted.
pub(super) struct Attribute<'a> {
    pub(super) key: Cow<'a, str>,
    value: Written<'a>,
}

impl<'a> Attribute<'a> {
    /// None if it has no key or no value.
    pub(super) fn of(element: &'a BytesStart<'_>) -> Result<Option<Attribute<'a>>, String> {
        if let Some(usual) = usual(element.attributes_raw()) {
            return Ok(Some(usual));
        }
        let (mut key, mut value) = (None, None);
        // Not checked for names that stand twice: that takes the square of their number. The first one counts.
        for written in element.attributes().with_checks(false) {
            let written = written.map_err(wrong)?;
            match written.key.into_inner() {
                "key" if key.is_none() => key = Some(resolved(&written)?),
                "value" if value.is_none() => value = Some(written),
                _ => continue,
            }
            if key.is_some() && value.is_some() {
                break;
            }
        }
        Ok(key.zip(value).map(|(key, value)| Attribute { key, value }))
    }

    /// Its value with entities and character references resolved.
    pub(super) fn value(&self) -> Result<Cow<'a, str>, String> {
        resolved(&self.value)
    }
}

/// What nearly all attributes look like: ` key="org:resource" value="Ann"`, and nothing else. It is read by hand, since
/// attributes are most of a document.
fn usual(raw: &str) -> Option<Attribute<'_>> {
    let (key, rest) = raw.trim_ascii_start().strip_prefix("key=\"")?.split_once('"')?;
    let (value, rest) = rest.strip_prefix(" value=\"")?.split_once('"')?;
    if !rest.trim_ascii().is_empty() || key.contains(['&', '\t', '\r', '\n']) {
        return None;
    }
    let value = Written { key: QName("value"), value: Cow::Borrowed(value) };
    Some(Attribute { key: Cow::Borrowed(key), value })
}

/// An XML attribute of an element.
pub(super) fn named(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    for written in element.attributes().with_checks(false) {
        let written = written.map_err(wrong)?;
        if written.key.into_inner() == name {
            return resolved(&written).map(|value| Some(value.into_owned()));
        }
    }
    Ok(None)
}

fn resolved<'a>(written: &Written<'a>) -> Result<Cow<'a, str>, String> {
    written.normalized_value(XmlVersion::Implicit1_0).map_err(wrong)
}

fn wrong(error: impl std::fmt::Display) -> String {
    format!("an attribute is not well-formed XML ({}): put it right", short(&error.to_string()))
}
