//! The examples of the READMEs, as documentation tests. That of `vault-identity` is its own front page.

#[doc = include_str!("../../crates/identity-core/README.md")]
struct Core;

#[doc = include_str!("../../crates/identity-hyper/README.md")]
struct Hyper;

#[doc = include_str!("../../crates/identity-mock/README.md")]
struct Mock;
