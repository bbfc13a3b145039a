//! The reading of lines.
