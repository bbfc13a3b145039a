//! One case: declared, compiled, evaluated, compared.

use std::collections::BTreeMap;

use super::Outcome::{self, Different, Passed, PassedByRefusal, Refused, Unsupported, Wrong};
use super::textproto::Message;
use super::values::{self, BYTES, DYN, FINE, FLOAT, MESSAGES, TYPES, UINT, declared, same, type_of};
use crate::diagnostic::Diagnostic;
use crate::expression::tests::{first_error, inferred};
use crate::expression::{Env, Type, Value, compile_nullable};

/// Names of types and packages, which CEL has as values.
const TYPE_NAMES: &[&str] = &[
    "bool",
    "bytes",
    "double",
    "dyn",
    "int",
    "list",
    "map",
    "null_type",
    "optional_type",
    "string",
    "type",
    "uint",
    "google",
    "cel",
];

struct Around {
    env: Env,
    scope: BTreeMap<String, Value>,
}

pub(super) fn outcome(test: &Message) -> Outcome {
    let fails = test.message("eval_error").is_some() || test.message("any_eval_errors").is_some();
    let around = match around(test) {
        Ok(around) => around,
        Err(why) => return Refused(why.to_owned()),
    };
    let source = test.text("expr");
    let ty = match inferred(&source, &around.env) {
        Ok(ty) => ty,
        Err(_) if fails => return PassedByRefusal,
        Err(finding) => return refusal(test, &finding),
    };
    if test.text("check_only") == "true" {
        return deduced(test, &ty);
    }
    let expr = match compile_nullable(&source, &around.env, &ty) {
        Ok(expr) => expr,
        Err(_) if fails => return PassedByRefusal,
        Err(findings) => return refusal(test, &first_error(findings)),
    };
    let value = expr.eval(&around.scope);
    match (value, fails) {
        (Err(_), true) => Passed,
        (Ok(value), true) => different(&source, &Ok(value), None),
        (ours, false) => compared(test, &source, &ty, ours.map_err(|e| e.message)),
    }
}

fn compared(test: &Message, source: &str, ty: &Type, ours: Result<Value, String>) -> Outcome {
    let typed = test.message("typed_result");
    let expected = match test.message("value").or(typed.and_then(|typed| typed.message("result"))) {
        Some(value) => values::value(value),
        None => Ok(Value::Bool(true)),
    };
    match (ours, expected) {
        (Ok(ours), Ok(expected)) if same(&ours, &expected) => match typed {
            Some(_) => deduced(test, ty),
            None => Passed,
        },
        (ours, Ok(expected)) => different(source, &ours, Some(&expected)),
        (_, Err(why)) => Refused(why.to_owned()),
    }
}

/// What the checker found, against what CEL's finds.
fn deduced(test: &Message, ty: &Type) -> Outcome {
    let Some(theirs) = test.message("typed_result").and_then(|typed| typed.message("deduced_type")) else {
        return Passed;
    };
    match declared(theirs) {
        Ok(theirs) if *ty == theirs || ty.join(&theirs).as_ref() == Some(&theirs) => Passed,
        Ok(theirs) => Wrong(format!("its type is {ty}, not {theirs}")),
        Err(why) => Refused(why.to_owned()),
    }
}

/// The variables with their types and values.
fn around(test: &Message) -> Result<Around, &'static str> {
    let mut around = Around { env: Env::new(), scope: BTreeMap::new() };
    let mut types = BTreeMap::new();
    for variable in test.messages("type_env") {
        let name = variable.text("name");
        if let Some(of) = variable.message("ident").and_then(|ident| ident.message("type")) {
            types.insert(name, declared(of)?);
        } else if variable.message("function").is_some() {
            return Err("functions that the suite declares");
        }
    }
    for binding in test.messages("bindings") {
        let name = binding.text("key");
        let value = binding.message("value").and_then(|value| value.message("value")).ok_or(DYN)?;
        let value = values::value(value)?;
        if !types.contains_key(&name) {
            types.insert(name.clone(), type_of(&value).ok_or(DYN)?);
        }
        around.scope.insert(name, value);
    }
    for (name, ty) in types {
        if name.contains('.') {
            return Err("names with points in them: a point selects a field");
        }
        let nullable = ty == Type::Null || matches!(around.scope.get(&name), Some(Value::Null));
        let env = around.env;
        around.env = if nullable { env.with_nullable(name, ty) } else { env.with(name, ty) };
    }
    Ok(around)
}

/// The reason that our finding gives.
fn refusal(test: &Message, finding: &Diagnostic) -> Outcome {
    let unchecked = test.text("disable_check") == "true";
    let message = finding.message.as_str();
    let quoted = message.split('`').nth(1).unwrap_or("");
    match finding.code {
        "FLX0103" => Refused(FLOAT.to_owned()),
        "FLX0104" if message.contains("digits") => Refused(FLOAT.to_owned()),
        "FLX0110" if TYPE_NAMES.contains(&quoted) => Refused(TYPES.to_owned()),
        "FLX0110" | "FLX0112" if quoted.starts_with(char::is_uppercase) => Refused(MESSAGES.to_owned()),
        "FLX0110" | "FLX0112" if unchecked => Refused("names that are unknown at load, evaluated unchecked".to_owned()),
        "FLX0113" | "FLX0114" | "FLX0117" => {
            Refused("operands and arguments of types that do not go together".to_owned())
        }
        "FLX0111" => Refused("fields of what has none".to_owned()),
        "FLX0118" => Refused(match message {
            _ if message.contains("unsigned") || quoted == "uint" => UINT.to_owned(),
            _ if message.contains("bytes") || quoted.starts_with("base64") => BYTES.to_owned(),
            _ if message.contains("message") => MESSAGES.to_owned(),
            _ if quoted.starts_with("cel.") => "`cel.block`, which only optimizers write".to_owned(),
            _ if quoted == "dyn" => DYN.to_owned(),
            _ if quoted == "type" => TYPES.to_owned(),
            _ => FLOAT.to_owned(),
        }),
        "FLX0119" => Refused("comparing with null what always has a value".to_owned()),
        "FLX0120" => Refused("a list or map of values of several types, or of null".to_owned()),
        "FLX0121" => Refused("a macro's variable that hides a name".to_owned()),
        "FLX0123" if message.contains(FINE) => Refused(FINE.to_owned()),
        "FLX0123" if message.contains("is not an instant") => {
            Unsupported("instants after 9999-12-30T22:00:00Z".to_owned())
        }
        "FLX0123" => Refused("a part that always fails, which is refused at load".to_owned()),
        "FLX0110" if quoted == "ip" => Unsupported("`ip`".to_owned()),
        "FLX0112" => Unsupported(format!("`{quoted}`")),
        code => Unsupported(format!("{code} {message}")),
    }
}

/// Another value than CEL's: by which rule.
fn different(source: &str, ours: &Result<Value, String>, theirs: Option<&Value>) -> Outcome {
    match (ours, theirs) {
        (Ok(Value::Text(a)), Some(Value::Text(b))) if source.contains("duration(") && a.replace(' ', "") == **b => {
            Different("a length of time is written with a blank before its unit, as it is read".to_owned())
        }
        (Ok(Value::Decimal(_)), None) if source.contains(" % ") => {
            Different("decimals have an exact remainder".to_owned())
        }
        (Ok(Value::Int(_)), None) if source.starts_with("int(") => {
            Different("a decimal is exact up to the last int".to_owned())
        }
        _ => Wrong(format!("{source}: {ours:?} instead of {theirs:?}")),
    }
}
