//! Several statements as one text, their parameters numbered through.

/// Appends `sql`, whose parameters are `$1`, `$2`, ..., behind `offset` parameters of others.
pub(super) fn append(out: &mut String, sql: &str, offset: usize) {
    let mut rest = sql;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: usize = rest[..digits].parse().unwrap_or(0);
        out.push('$');
        if number > 0 {
            out.push_str(&(number + offset).to_string());
            rest = &rest[digits..];
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    #[test]
    fn parameters_are_numbered_through() {
        let mut out = String::from("A = $1; ");
        super::append(&mut out, "B = $1, C = '$.x', D = $12;", 3);
        assert_eq!(out, "A = $1; B = $4, C = '$.x', D = $15;");
    }
}
