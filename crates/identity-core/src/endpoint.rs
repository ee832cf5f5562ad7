//! The [`Endpoint`] trait, its request builder and response, and the table of all operations.

pub(crate) mod api_response;
pub(crate) mod definition;
pub(crate) mod method;
pub(crate) mod operation;
pub(crate) mod request_builder;
mod table;

pub use api_response::{ApiResponse, Meta};
pub use definition::Endpoint;
pub use method::Method;
pub use operation::Operation;
pub use request_builder::RequestBuilder;
pub use table::{ENDPOINTS, EndpointInfo, SYSTEM_ENDPOINTS};
