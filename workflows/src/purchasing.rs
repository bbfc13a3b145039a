//! Purchase orders: what they are made of, and what may be done to them.

mod change;
mod emergency;
mod fields;
mod imported;
mod lines;
mod message;
mod number;
mod numbering;
mod receipt;
mod status;
mod stock;

pub use lines::{MOST_LINES, digest as lines_digest, mistakes_in_lines};

pub(crate) use change::{change_order, currency_known, record_order};
pub(crate) use emergency::{
    KINDS as EMERGENCIES, count_not_approved, goods_received, not_approved, open_emergency, settle_emergency,
};
pub(crate) use imported::record_imported_order;
pub(crate) use message::{order_lines, order_to_supplier};
pub(crate) use number::number_order;
pub(crate) use receipt::receive_goods;
pub(crate) use status::set_order_status;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_stock;
