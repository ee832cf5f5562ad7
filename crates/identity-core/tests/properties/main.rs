//! What holds for every input.

mod decoding;
mod headers;
mod paths;
mod round_trip;
mod secrets;

use identity_core::Target;

fn target() -> Target {
    Target::new("https://vault.test/proxy").expect("an address")
}
