//! Seals partners' credentials: with KMS where it is deployed, with a key file on one's own machine.
//!
//! A sealed text opens with the name of what sealed it, so that one seal never guesses at another's ciphertext.

mod kms;
mod local;

pub use kms::KmsSeal;
pub use local::{LocalKeyError, LocalSeal};

use crate::error::{SealError, SealOutlook};

/// The longest secret, in bytes: what KMS encrypts directly. Both seals keep it, so that what works locally works deployed.
pub const MAX_SECRET_BYTES: usize = 4096;

const SEALED: &str = "sealed";
const OPENED: &str = "opened";

/// A failure that trying again does not mend.
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

/// The secret's text, from the bytes that came out of a ciphertext.
fn opened_text(bytes: Vec<u8>) -> Result<secrecy::SecretString, SealError> {
    // The error of the conversion holds the secret's bytes: it must not get into a text.
    let text = String::from_utf8(bytes).map_err(|_| failed(OPENED, "what was sealed is no text"))?;
    Ok(text.into())
}
