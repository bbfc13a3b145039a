//! Offsets at the end of a time: by `strptime` `%z` is `+0100` alone and `%:z` is `+01:00` alone, while logs have both side by
//! side, and `Z` between them.

use std::borrow::Cow;

/// The text with the offset at its end written as the format reads it, if both end with one.
pub(super) fn fitting<'t>(format: &str, text: &'t str) -> Cow<'t, str> {
    let colon = match (format.ends_with("%:z"), format.ends_with("%z") && !format.ends_with("%%z")) {
        (true, _) => ":",
        (_, true) => "",
        _ => return Cow::Borrowed(text),
    };
    if let Some(before) = text.strip_suffix(['Z', 'z']) {
        return Cow::Owned(format!("{before}+00{colon}00"));
    }
    let Some((before, offset)) = text.rfind(['+', '-']).and_then(|at| text.split_at_checked(at + 1)) else {
        return Cow::Borrowed(text);
    };
    let (hours, minutes) = match (offset.len(), offset.split_once(':')) {
        (5, Some(parts)) => parts,
        (4, None) => offset.split_at_checked(2).unwrap_or_default(),
        (2, None) => (offset, "00"),
        _ => return Cow::Borrowed(text),
    };
    let are_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    match are_digits(hours) && are_digits(minutes) {
        true => Cow::Owned(format!("{before}{hours}{colon}{minutes}")),
        false => Cow::Borrowed(text),
    }
}
