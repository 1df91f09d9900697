//! The secret that signs alerts, so that the receiver can verify the sender.

use aes_gcm::aead::Generate;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
const NEW_BYTES: usize = 32;
/// The sizes that the standard allows: too long to be guessed, and at most one block of the hash.
const ALLOWED_BYTES: std::ops::RangeInclusive<usize> = 24..=BLOCK_BYTES;
const BLOCK_BYTES: usize = 64;

/// A secret that a partner and this service share: 24 to 64 bytes, written as `whsec_` and their base64.
#[derive(Clone, Debug)]
pub struct WebhookSecret(SecretSlice<u8>);

/// A text is not a webhook secret. Never quotes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no webhook secret: expected whsec_ and the base64 of 24 to 64 bytes")]
pub struct WebhookSecretError;

impl WebhookSecret {
    /// A new secret of 32 bytes from the system's random source.
    #[must_use]
    pub fn generate() -> Self {
        Self(<[u8; NEW_BYTES]>::generate().to_vec().into())
    }

    /// Reads what [`WebhookSecret::expose_text`] wrote.
    pub fn parse(text: &str) -> Result<Self, WebhookSecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(WebhookSecretError)?;
        let bytes = BASE64.decode(encoded).map_err(|_| WebhookSecretError)?;
        if ALLOWED_BYTES.contains(&bytes.len()) { Ok(Self(bytes.into())) } else { Err(WebhookSecretError) }
    }

    /// The secret in the clear: for the partner who sets up the receiver, and to be sealed.
    #[must_use]
    pub fn expose_text(&self) -> String {
        format!("{PREFIX}{}", BASE64.encode(self.0.expose_secret()))
    }

    /// The `webhook-signature` of an alert.
    pub(super) fn signature(&self, id: &str, at: Timestamp, body: &str) -> String {
        // HMAC pads a shorter key with zeros, so this block is equal to the secret itself.
        let mut block = [0; BLOCK_BYTES];
        for (to, from) in block.iter_mut().zip(self.0.expose_secret()) {
            *to = *from;
        }
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(format!("{id}.{}.{body}", at.as_second()).as_bytes());
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(secret: &str, id: &str, at_s: i64, body: &str) -> String {
        WebhookSecret::parse(secret).unwrap().signature(id, Timestamp::from_second(at_s).unwrap(), body)
    }

    #[test]
    fn a_signature_equals_that_of_the_standards_own_libraries() {
        let made = signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn multi_byte_text_and_a_secret_of_a_whole_block_are_signed_correctly() {
        let body = r#"{"event":"run.failed","customer":"Müller & Söhne"}"#;
        let made = signature("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "alert_7f3", 1_767_225_600, body);
        assert_eq!(made, "v1,TCJajudIG+i1lP+HPWE3dWXNQWtJktOeO3jddLjuOJI=");
        let longest = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";
        assert_eq!(signature(longest, "a", 0, "{}"), "v1,SVSJ+EQsUSY0VTGZXkW0p0536FeEEg9daVEHm6hy7Xw=");
    }

    #[test]
    fn fractions_of_a_second_do_not_change_the_signature() {
        let secret = WebhookSecret::generate();
        let at = |text: &str| secret.signature("a", text.parse().unwrap(), "{}");
        assert_eq!(at("2026-11-26T12:00:00.999Z"), at("2026-11-26T12:00:00Z"));
        assert_ne!(at("2026-11-26T12:00:01Z"), at("2026-11-26T12:00:00Z"));
    }

    #[test]
    fn new_secrets_differ_and_can_be_read_back() {
        let [one, other] = [WebhookSecret::generate().expose_text(), WebhookSecret::generate().expose_text()];
        assert_ne!(one, other);
        assert_eq!(one.len(), "whsec_".len() + 44);
        assert_eq!(WebhookSecret::parse(&one).unwrap().expose_text(), one);
    }

    #[test]
    fn a_secret_of_a_wrong_length_or_form_is_refused_and_not_shown() {
        let of = |bytes: usize| format!("whsec_{}", BASE64.encode(vec![7; bytes]));
        for bytes in [24, 32, 64] {
            assert!(WebhookSecret::parse(&of(bytes)).is_ok(), "{bytes}");
        }
        let others =
            ["", "whsec_", "canary", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
        let spoilt = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_ MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
        for text in [of(23), of(65)].iter().map(String::as_str).chain(others).chain(spoilt) {
            let error = WebhookSecret::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{text}: {error}");
        }
    }

    #[test]
    fn the_debug_form_shows_no_secret() {
        let shown = format!("{:?}", WebhookSecret::parse("whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5").unwrap());
        assert!(shown.contains("REDACTED"), "{shown}");
        assert!(!shown.contains("canary") && !shown.contains("Y2Fu") && !shown.contains("99, 97"), "{shown}");
    }
}
