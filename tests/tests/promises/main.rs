//! What the client promises of secrets, redirects, time, hostile answers and its own requests, held against a
//! server that breaks the rules. Each test is named after its promise.

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
