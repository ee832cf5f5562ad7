use std::time::{SystemTime, UNIX_EPOCH};

use totp_rs::TOTP;
use vault_identity::entity::CreateEntity;
use vault_identity::mfa::{
    AdminGenerateTotpSecret, CreateDuoMethod, CreateTotpMethod, DuoParams, GenerateTotpSecret, TotpAlgorithm,
    TotpEnrollment, TotpParams, TotpSecret, UpdateTotpMethod,
};
use vault_identity::wrapping::UnwrapResponse;
use vault_identity::{EntityId, ExposeSecret, MfaMethodId, WithMeta, Wrap};

use crate::rejected;
use crate::space::Space;

pub(crate) const OPERATIONS: [&str; 3] = [
    "POST identity/mfa/method/totp/admin-destroy",
    "POST identity/mfa/method/totp/admin-generate",
    "POST identity/mfa/method/totp/generate",
];

const GENERATE: &str = r#"path "identity/mfa/method/totp/generate" { capabilities = ["update"] }"#;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const ABSENT: &str = "00000000-0000-0000-0000-000000000000";

/// Unwraps the secret of a new enrollment.
pub(crate) fn secret(enrollment: TotpEnrollment) -> TotpSecret {
    match enrollment {
        TotpEnrollment::Created(secret) => secret,
        TotpEnrollment::AlreadyEnrolled => panic!("the entity has a secret already"),
    }
}

/// Parses a secret as an app does.
pub(crate) fn app(secret: &TotpSecret) -> TOTP {
    TOTP::from_url_unchecked(secret.url.expose_secret()).expect("an app can read the URL")
}

/// Returns the code that an app shows now, or this many steps from now.
pub(crate) fn code(app: &TOTP, steps: i8) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970").as_secs();
    app.generate(now.wrapping_add_signed(i64::from(steps) * app.step.cast_signed()))
}

async fn method(space: &Space, params: TotpParams) -> MfaMethodId {
    let created = space.client.mfa().totp().create(&CreateTotpMethod::new(params)).await;
    created.expect("the method is good").method_id
}

async fn entity(space: &Space, name: &str) -> EntityId {
    let created = space.client.entities().create(&CreateEntity::named(name)).await;
    created.expect("the entity is good").created().expect("the entity is new").id
}

#[tokio::test]
async fn every_operation() {
    let Some(space) = Space::new("totp") else { return };
    let totp = space.client.mfa().totp();
    space.mount("people");
    space.policy("generate", GENERATE);
    let as_alice = space.log_in("people", "alice", &["generate"]);
    let alice = space.client.entities().list().await.unwrap().keys.remove(0);
    let method = method(&space, TotpParams::new("Example")).await;

    let own = secret(as_alice.mfa().totp().generate(&method).await.unwrap());
    assert!(own.barcode.as_ref().unwrap().expose_secret().starts_with(PNG));
    let url = own.url.expose_secret();
    assert!(url.starts_with(&format!("otpauth://totp/Example:{alice}?")), "{url}");
    let again = as_alice.mfa().totp().generate(&method).await.unwrap();
    assert!(matches!(again, TotpEnrollment::AlreadyEnrolled));
    let again = totp.admin_generate(&method, &alice).await.unwrap();
    assert!(matches!(again, TotpEnrollment::AlreadyEnrolled));
    for _ in 0..2 {
        totp.admin_destroy(&method, &alice).await.unwrap();
    }
    let other = secret(as_alice.mfa().totp().generate(&method).await.unwrap());
    assert_ne!(app(&own).secret, app(&other).secret);

    let bob = entity(&space, "bob").await;
    let secret = secret(totp.admin_generate(&method, &bob).await.unwrap());
    assert!(secret.barcode.as_ref().unwrap().expose_secret().starts_with(PNG));
    let (again, meta) =
        space.client.call(&WithMeta(AdminGenerateTotpSecret::new(&method, &bob))).await.unwrap();
    assert!(matches!(again, TotpEnrollment::AlreadyEnrolled));
    assert!(meta.warnings[0].contains("already has a secret"), "{meta:?}");
    let debug = format!("{secret:?}");
    assert!(!debug.contains("otpauth"), "{debug}");
    for _ in 0..2 {
        totp.admin_destroy(&method, &bob).await.unwrap();
    }
    assert!(matches!(totp.admin_generate(&method, &bob).await.unwrap(), TotpEnrollment::Created(_)));

    space.assert_called(&OPERATIONS);
}

#[tokio::test]
async fn a_secret_has_the_parameters_of_its_method() {
    let Some(space) = Space::new("totp-params") else { return };
    let totp = space.client.mfa().totp();
    let alice = entity(&space, "alice").await;
    for (algorithm, name) in [
        (TotpAlgorithm::Sha1, totp_rs::Algorithm::SHA1),
        (TotpAlgorithm::Sha256, totp_rs::Algorithm::SHA256),
        (TotpAlgorithm::Sha512, totp_rs::Algorithm::SHA512),
    ] {
        let params = TotpParams::new("The Example: & Co.").algorithm(algorithm).digits(8_u8).key_size(40_u32);
        let params = params.period(std::time::Duration::from_secs(45)).qr_size(0_u32);
        let method = method(&space, params).await;
        let secret = secret(totp.admin_generate(&method, &alice).await.unwrap());
        // Without a QR code.
        assert!(secret.barcode.is_none());
        let url = secret.url.expose_secret();
        assert!(url.contains("digits=8") && url.contains("period=45"), "{url}");
        assert!(url.contains(&format!("algorithm={name}")), "{url}");
        totp.update(&UpdateTotpMethod::new(&method, TotpParams::new("Example").qr_size(64_u32)))
            .await
            .unwrap();
        totp.admin_destroy(&method, &alice).await.unwrap();
        let secret = crate::totp::secret(totp.admin_generate(&method, &alice).await.unwrap());
        assert!(secret.barcode.as_ref().unwrap().expose_secret().starts_with(PNG));
        let app = app(&secret);
        assert_eq!((app.digits, app.step, app.secret.len()), (6, 30, 20));
        assert_eq!((app.issuer.as_deref(), &*app.account_name), (Some("Example"), alice.as_str()));
    }
}

#[tokio::test]
async fn a_secret_can_be_wrapped() {
    let Some(space) = Space::new("totp-wrapped") else { return };
    let alice = entity(&space, "alice").await;
    let method = method(&space, TotpParams::new("Example")).await;
    let minute = std::time::Duration::from_secs(60);
    for times in 0..2 {
        let wrap = Wrap::new(AdminGenerateTotpSecret::new(&method, &alice), minute);
        let info = space.client.call(&wrap).await.unwrap().wrapped().unwrap();
        assert_eq!(info.creation_path, "identity/mfa/method/totp/admin-generate");
        let unwrap = UnwrapResponse::<AdminGenerateTotpSecret>::new(info.token);
        let enrollment = space.client.call(&unwrap).await.unwrap();
        assert_eq!(matches!(enrollment, TotpEnrollment::Created(_)), times == 0, "{enrollment:?}");
    }
}

#[tokio::test]
async fn rejected_calls_return_the_messages_of_the_server() {
    let Some(space) = Space::new("totp-errors") else { return };
    let totp = space.client.mfa().totp();
    space.mount("people");
    let as_alice = space.log_in("people", "alice", &[]);
    let alice = space.client.entities().list().await.unwrap().keys.remove(0);
    let method = method(&space, TotpParams::new("Example")).await;
    let duo = CreateDuoMethod::new(DuoParams::new("a-key", "another-key", "api.example.com"));
    let duo = space.client.mfa().duo().create(&duo).await.unwrap().method_id;

    assert!(as_alice.mfa().totp().generate(&method).await.unwrap_err().is_permission_denied());
    rejected(totp.generate(&method).await, 400, "missing entityID");
    let message = "does not exist";
    rejected(totp.admin_generate(ABSENT, &alice).await, 400, message);
    rejected(totp.admin_destroy(ABSENT, &alice).await, 400, message);
    rejected(totp.admin_generate(&method, "nobody").await, 400, "invalid entity ID");
    rejected(totp.admin_destroy(&method, "nobody").await, 400, "invalid entity ID");
    rejected(totp.admin_generate(&duo, &alice).await, 400, "generate not available for MFA type \"duo\"");
    let message = "method ID does not match TOTP type";
    assert!(!rejected(totp.admin_destroy(&duo, &alice).await, 500, message).is_retryable());

    let calls = space.calls().len();
    assert!(space.client.call(&GenerateTotpSecret::new("")).await.unwrap_err().api().is_none());
    assert!(totp.admin_generate(&method, "").await.unwrap_err().api().is_none());
    assert!(totp.admin_destroy("", &alice).await.unwrap_err().api().is_none());
    assert_eq!(space.calls().len(), calls);
}
