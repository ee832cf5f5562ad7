//! Macros that generate the request structs and enums of all nouns.

mod endpoint;
mod new_with_one_field;
mod open_enum;
mod setters;

pub(crate) use endpoint::endpoint;
pub(crate) use new_with_one_field::new_with_one_field;
pub(crate) use open_enum::open_enum;
pub(crate) use setters::setters;
