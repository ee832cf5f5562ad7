//! Whether the server in memory answers as the real one does.

mod differential;
mod mapping;
mod operations;
mod replay;
mod source;
