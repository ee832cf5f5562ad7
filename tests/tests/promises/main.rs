//! What the client promises of secrets, redirects, time, hostile answers and its own requests, held against a
//! server that breaks the rules. Each test is named after its promise.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod a;
mod a_another;
mod a_deadline;
mod a_memory;
mod a_texts;
mod b;
mod b_clusters;
mod b_nodes;
mod c;
mod d;
mod d_connections;
mod d_crowd;
mod d_doubt;
mod d_hung;
mod d_retry;
mod d_settings;
mod e;
mod e_index;
mod e_leader;
mod f;
mod f_flood;
mod f_framing;
mod f_json;
mod f_size;
mod g;
mod g_requests;
mod hostile;
mod i;
mod in_doubt;
mod support;
