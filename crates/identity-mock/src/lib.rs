//! Test doubles for code that uses vault-identity
