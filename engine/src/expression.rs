//! Placeholder until the expression branch lands.
#![allow(missing_docs)]
#[derive(Debug)]
pub struct Expr;
#[derive(Clone, Debug)]
pub struct RecordType;
#[derive(Clone, Debug)]
pub enum Type {
    Bool,
}
#[derive(Clone, Debug)]
pub enum Value {
    Bool(bool),
}
