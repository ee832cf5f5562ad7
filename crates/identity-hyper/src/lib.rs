//! The default transport of vault-identity, on hyper, rustls and tower
