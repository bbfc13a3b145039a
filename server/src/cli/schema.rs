//! `fluxor schema`: the JSON Schema of definition files, from which editors complete and check keys.

use super::End;
use super::out::Out;

pub(super) fn run(out: &Out) -> End {
    out.text(&fluxor_engine::definition::schema_text());
    End::Done
}
