//! Runs the examples of the READMEs as doctests, except that of `vault-identity`, which is the page of its
//! crate.

#[doc = include_str!("../../crates/identity-core/README.md")]
struct Core;

#[doc = include_str!("../../crates/identity-hyper/README.md")]
struct Hyper;

#[doc = include_str!("../../crates/identity-fake/README.md")]
struct Fake;

#[doc = include_str!("../../crates/identity-mock/README.md")]
struct Mock;
