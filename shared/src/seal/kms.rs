//! The seal of KMS: the key never leaves the service, and each opening is in its audit trail.

use aws_config::SdkConfig;
use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::SecretString;

use super::{OPENED, SEALED, checked_secret, failed, to_text};
use crate::aws::{may_pass, words};
use crate::domain::id::PartnerId;
use crate::error::{SealError, SealOutlook};
use crate::ports::{Seal, Sealed};

/// The name of this seal and its form: the base64 of KMS' ciphertext, which names the key's version.
const PREFIX: &str = "kms1:";
/// The partner's id in the encryption context. KMS decrypts only with an equal context, and the key's policy requires
/// one.
const CONTEXT: &str = "partnerId";

/// Seals with one KMS key.
#[derive(Clone, Debug)]
pub struct KmsSeal {
    client: Client,
    key_id: String,
}

impl KmsSeal {
    /// A seal with the key of this ARN or id.
    #[must_use]
    pub fn new(aws: &SdkConfig, key_id: impl Into<String>) -> Self {
        Self { client: Client::new(aws), key_id: key_id.into() }
    }
}

impl Seal for KmsSeal {
    async fn seal(&self, partner: PartnerId, secret: &str) -> Result<Sealed, SealError> {
        let request = self.client.encrypt().key_id(&self.key_id);
        let request = request.plaintext(Blob::new(checked_secret(secret)?));
        let answer = request.encryption_context(CONTEXT, partner.to_string()).send().await;
        let answer = answer.map_err(|error| refused(SEALED, &error))?;
        let ciphertext = answer.ciphertext_blob.ok_or_else(|| failed(SEALED, "KMS answered without a ciphertext"))?;
        Ok(Sealed(format!("{PREFIX}{}", BASE64.encode(ciphertext))))
    }

    async fn open(&self, partner: PartnerId, sealed: &Sealed) -> Result<SecretString, SealError> {
        let encoded = sealed.0.strip_prefix(PREFIX).ok_or_else(|| failed(OPENED, "they were not sealed by KMS"))?;
        let ciphertext =
            BASE64.decode(encoded).map_err(|error| failed(OPENED, format!("they are damaged: {error}")))?;
        // The key is named, so that KMS opens nothing that another key sealed.
        let request = self.client.decrypt().key_id(&self.key_id).ciphertext_blob(Blob::new(ciphertext));
        let answer = request.encryption_context(CONTEXT, partner.to_string()).send().await;
        let answer = answer.map_err(|error| refused(OPENED, &error))?;
        let plaintext = answer.plaintext.ok_or_else(|| failed(OPENED, "KMS answered without a plaintext"))?;
        to_text(plaintext.into_inner())
    }
}

/// Codes after which the call may succeed later. `KMSInvalidStateException` (the key waits to be deleted) and
/// `DisabledException` (the key is disabled until somebody enables it) are permanent.
const TRANSIENT: [&str; 8] = [
    "DependencyTimeoutException",
    "InternalFailure",
    "KMSInternalException",
    "KeyUnavailableException",
    "LimitExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
];

/// The error for a refusal or a missing response of KMS.
fn refused<E>(action: &'static str, error: &SdkError<E>) -> SealError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let outlook = if may_pass(error, &TRANSIENT) { SealOutlook::MayPass } else { SealOutlook::Lasting };
    SealError { action, why: words(error), outlook }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};
    use uuid::Uuid;
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, Request, ResponseTemplate};

    use super::*;
    use crate::aws::connect_local;

    const KEY: &str = "arn:aws:kms:eu-central-1:123456789012:key/1";

    fn partner(number: u128) -> PartnerId {
        PartnerId::from_uuid(Uuid::from_u128(number))
    }

    /// Answers as KMS does: "decrypts" only with the same key and an equal context.
    fn kms(request: &Request) -> ResponseTemplate {
        let body: Value = request.body_json().unwrap();
        let target = request.headers["x-amz-target"].to_str().unwrap();
        if target == "TrentService.Encrypt" {
            let blob = BASE64.encode(body.to_string());
            return ResponseTemplate::new(200).set_body_json(json!({"CiphertextBlob": blob, "KeyId": KEY}));
        }
        assert_eq!(target, "TrentService.Decrypt");
        let blob = BASE64.decode(body["CiphertextBlob"].as_str().unwrap()).unwrap();
        match serde_json::from_slice::<Value>(&blob) {
            Ok(sealed)
                if sealed["EncryptionContext"] == body["EncryptionContext"] && sealed["KeyId"] == body["KeyId"] =>
            {
                ResponseTemplate::new(200).set_body_json(json!({"Plaintext": sealed["Plaintext"], "KeyId": KEY}))
            }
            _ => ResponseTemplate::new(400).set_body_json(json!({"__type": "InvalidCiphertextException"})),
        }
    }

    async fn seal() -> (MockServer, KmsSeal) {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(kms).mount(&server).await;
        let seal = KmsSeal::new(&connect_local(&server.uri()).await, KEY);
        (server, seal)
    }

    #[tokio::test]
    async fn a_secret_opens_for_its_partner_and_the_partner_id_is_the_context_both_times() {
        let (server, seal) = seal().await;
        let sealed = seal.seal(partner(1), "company+public:private").await.unwrap();
        assert!(!sealed.0.contains("private"));
        let opened = seal.open(partner(1), &sealed).await.unwrap();
        assert_eq!(opened.expose_secret(), "company+public:private");
        for request in server.received_requests().await.unwrap() {
            let body: Value = request.body_json().unwrap();
            assert_eq!(body["EncryptionContext"], json!({"partnerId": partner(1).to_string()}));
            assert_eq!(body["KeyId"], KEY);
        }
    }

    #[tokio::test]
    async fn a_secret_does_not_open_for_another_partner() {
        let (_server, seal) = seal().await;
        let sealed = seal.seal(partner(1), "secret").await.unwrap();
        let error = seal.open(partner(2), &sealed).await.unwrap_err();
        assert_eq!(error.to_string(), "credentials could not be opened: InvalidCiphertextException");
    }

    #[tokio::test]
    async fn texts_of_other_seals_are_not_sent_to_kms() {
        let (server, seal) = seal().await;
        for foreign in ["local1:0:AAAA", "AAAA", "kms1:not base64", ""] {
            assert!(seal.open(partner(1), &Sealed(foreign.into())).await.is_err(), "{foreign}");
        }
        assert!(seal.seal(partner(1), &"x".repeat(4097)).await.is_err(), "too long for KMS");
        assert!(server.received_requests().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_refusal_is_reported_in_the_services_words() {
        let server = MockServer::start().await;
        let refusal = json!({"__type": "AccessDeniedException", "message": "not authorized to perform kms:Encrypt"});
        let answer = ResponseTemplate::new(400).set_body_json(refusal);
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let seal = KmsSeal::new(&connect_local(&server.uri()).await, KEY);
        let error = seal.seal(partner(1), "s3cr3t").await.unwrap_err();
        let expected = "credentials could not be sealed: AccessDeniedException: not authorized to perform kms:Encrypt";
        assert_eq!(error.to_string(), expected);
    }
    #[tokio::test]
    async fn an_outage_is_transient_and_a_missing_key_is_permanent() {
        for (status, code, passes) in [
            (500, "KMSInternalException", true),
            (503, "Unknown", true),
            (400, "ThrottlingException", true),
            (400, "DependencyTimeoutException", true),
            (400, "KeyUnavailableException", true),
            (400, "AccessDeniedException", false),
            (400, "DisabledException", false),
            (400, "KMSInvalidStateException", false),
            (400, "NotFoundException", false),
            (400, "IncorrectKeyException", false),
            (400, "InvalidCiphertextException", false),
        ] {
            let server = MockServer::start().await;
            let answer = ResponseTemplate::new(status).set_body_json(json!({"__type": code}));
            Mock::given(any()).respond_with(answer).mount(&server).await;
            let seal = KmsSeal::new(&connect_local(&server.uri()).await, KEY);
            let sealed = Sealed(format!("{PREFIX}{}", BASE64.encode("x")));
            for error in
                [seal.open(partner(1), &sealed).await.unwrap_err(), seal.seal(partner(1), "s").await.unwrap_err()]
            {
                assert_eq!(error.is_retryable(), passes, "{status} {error}");
            }
        }
    }

    #[tokio::test]
    async fn an_unavailable_kms_is_transient_and_a_foreign_text_is_permanent() {
        // Nothing listens on the discard port of loopback.
        let seal = KmsSeal::new(&connect_local("http://127.0.0.1:9").await, KEY);
        let foreign = seal.open(partner(1), &Sealed("local1:0:AAAA".into())).await.unwrap_err();
        assert!(!foreign.is_retryable(), "{foreign}");
        let error = seal.seal(partner(1), "s").await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
    }
}
