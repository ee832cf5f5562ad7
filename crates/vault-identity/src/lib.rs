//! A typed client for the identity secrets engine of HashiCorp Vault and OpenBao
