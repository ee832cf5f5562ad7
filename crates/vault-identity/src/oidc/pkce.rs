use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64_URL;
use identity_core::{SecretString, error::RequestError, oidc::CodeChallenge};
use sha2::{Digest, Sha256};

use crate::Result;

/// A code verifier and its challenge (PKCE, RFC 7636), for one authorization code.
///
/// ```
/// use vault_identity::oidc::{AuthorizeOidc, ClientAuth, Pkce, random_urlsafe};
///
/// let pkce = Pkce::new()?;
/// let state = random_urlsafe()?;
/// let redirect_uri = "https://app.example.com/cb";
/// let authorize = AuthorizeOidc::new("web", "client-id", redirect_uri, pkce.challenge).state(&state);
/// // Later, to exchange the code:
/// let client = ClientAuth::public("client-id", pkce.verifier);
/// println!("{authorize:?} {client:?}");
/// # Ok::<(), vault_identity::error::RequestError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pkce {
    /// The secret that the application keeps until it exchanges the code.
    pub verifier: SecretString,
    /// The hash of the verifier, for the authorization request.
    pub challenge: CodeChallenge,
}

impl Pkce {
    /// Creates a verifier of 256 random bits and its challenge.
    ///
    /// # Errors
    ///
    /// Fails if the system has no randomness.
    pub fn new() -> Result<Self, RequestError> {
        let verifier = random_urlsafe()?;
        let challenge = CodeChallenge::s256(BASE64_URL.encode(Sha256::digest(&verifier)));
        Ok(Self { verifier: verifier.into(), challenge })
    }
}

/// Returns 256 random bits as 43 letters, digits, `-` and `_`, for a `state` or a `nonce`.
///
/// # Errors
///
/// Fails if the system has no randomness.
pub fn random_urlsafe() -> Result<String, RequestError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|_| RequestError::new("random", "bytes are not available from the system"))?;
    Ok(BASE64_URL.encode(bytes))
}

#[cfg(test)]
mod tests {
    use identity_core::ExposeSecret;

    use super::*;

    #[test]
    fn the_challenge_is_the_hash_of_the_verifier() {
        // The example of RFC 7636, appendix B.
        let challenge = BASE64_URL.encode(Sha256::digest("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");

        let pkce = Pkce::new().unwrap();
        assert_eq!(
            pkce.challenge.challenge,
            BASE64_URL.encode(Sha256::digest(pkce.verifier.expose_secret()))
        );
        assert_eq!(pkce.verifier.expose_secret().len(), 43);
        assert_ne!(random_urlsafe(), random_urlsafe());
    }
}
