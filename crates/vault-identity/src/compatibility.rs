#![doc = include_str!("../docs/compatibility.md")]
