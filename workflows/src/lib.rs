//! Procurement.
