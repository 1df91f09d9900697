//! Seals partners' credentials: with KMS in a deployment, with a key file on a developer's machine.
//!
//! A sealed text starts with the name of its seal, so that no seal tries to open another's ciphertext.

mod kms;
mod local;

pub use kms::KmsSeal;
pub use local::{LocalKeyError, LocalSeal};

use crate::error::{SealError, SealOutlook};

/// The longest secret in bytes: the limit of direct encryption by KMS, which both seals enforce.
pub const MAX_SECRET_BYTES: usize = 4096;

const SEALED: &str = "sealed";
const OPENED: &str = "opened";

/// A failure that a retry does not solve.
fn failed(action: &'static str, why: impl Into<String>) -> SealError {
    SealError { action, why: why.into(), outlook: SealOutlook::Lasting }
}

fn checked_secret(secret: &str) -> Result<&[u8], SealError> {
    if secret.len() <= MAX_SECRET_BYTES {
        Ok(secret.as_bytes())
    } else {
        let why = format!("they have {} bytes, at most {MAX_SECRET_BYTES} can be sealed", secret.len());
        Err(failed(SEALED, why))
    }
}

/// The secret's text from the decrypted bytes.
fn to_text(bytes: Vec<u8>) -> Result<secrecy::SecretString, SealError> {
    // The error of the conversion contains the secret's bytes, which must not get into a message.
    let text = String::from_utf8(bytes).map_err(|_| failed(OPENED, "what was sealed is no text"))?;
    Ok(text.into())
}
