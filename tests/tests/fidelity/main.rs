//! Whether the server in memory answers as the real one does.

mod differential;
mod mapping;
mod operations;
mod recordings;
mod replay;
mod source;
mod status;
