//! Tests the client's promises about secrets, redirects, deadlines, retries, consistency, hostile responses
//! and its own requests against a faulty server. `docs/promises.md` lists the promises with their tests.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod broken_http;
mod clients;
mod cluster_redirects;
mod clusters;
mod concurrency;
mod connections;
mod consistency;
mod error_messages;
mod error_responses;
mod extreme_settings;
mod failed_calls;
mod hostile_responses;
mod large_responses;
mod leader_reads;
mod malformed_json;
mod mismatched_responses;
mod operation_deadlines;
mod redirects;
mod request_values;
mod requests;
mod resumed_leader;
mod retries;
mod secrets;
mod stale_responses;
mod support;
mod uncertain_writes;
mod warnings;
mod zeroization;
