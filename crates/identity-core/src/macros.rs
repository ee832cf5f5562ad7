//! Macros that write the request structs and enums of all nouns.

mod open_enum;
mod setters;

pub(crate) use open_enum::*;
pub(crate) use setters::*;
