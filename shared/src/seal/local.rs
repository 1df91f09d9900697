//! The seal of a developer's machine: AES-256-GCM with a key file, for the local stack and the tests.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aes_gcm::aead::{Aead, Generate, Nonce, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::{OPENED, SEALED, checked_secret, failed, to_text};
use crate::domain::id::PartnerId;
use crate::error::SealError;
use crate::ports::{Seal, Sealed};

/// The name of this seal and its form: `local1:<key>:<base64 of nonce and ciphertext>`.
const PREFIX: &str = "local1:";
const NONCE_BYTES: usize = 12;

/// Why a key file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LocalKeyError {
    /// The file cannot be read or created.
    #[error("the key file {path} cannot be used: {source}")]
    File {
        /// The path of the file.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// The file does not contain a key.
    #[error("{path} holds no key: expected the base64 of 32 bytes; move it away to have a new one made")]
    NoKey {
        /// The path of the file.
        path: PathBuf,
    },
    /// Other users of this machine may read the file.
    #[error("others can read the key file {path}: chmod 600 it")]
    Open {
        /// The path of the file.
        path: PathBuf,
    },
}

/// Seals with a key of this machine.
#[derive(Clone)]
pub struct LocalSeal {
    cipher: Aes256Gcm,
    /// Identifies the key that sealed a text, and reveals nothing about it.
    key_name: String,
}

impl std::fmt::Debug for LocalSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LocalSeal({})", self.key_name)
    }
}

impl LocalSeal {
    /// A seal with the key in this file. A missing file is created with a new key, readable only for its owner.
    pub fn from_file(path: &Path) -> Result<Self, LocalKeyError> {
        let file_error = |source| LocalKeyError::File { path: path.to_owned(), source };
        if !fs::exists(path).map_err(file_error)? {
            make_key_file(path).map_err(file_error)?;
        }
        let mode = fs::metadata(path).map_err(file_error)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(LocalKeyError::Open { path: path.to_owned() });
        }
        let text = fs::read_to_string(path).map_err(file_error)?;
        let bytes = BASE64.decode(text.trim()).ok();
        let key = bytes.and_then(|bytes| Key::<Aes256Gcm>::try_from(bytes.as_slice()).ok());
        let key = key.ok_or_else(|| LocalKeyError::NoKey { path: path.to_owned() })?;
        Ok(Self::with_key(&key))
    }

    /// A seal with a new key that is not stored: what it sealed is lost with it.
    #[must_use]
    pub fn ephemeral() -> Self {
        Self::with_key(&Key::<Aes256Gcm>::generate())
    }

    fn with_key(key: &Key<Aes256Gcm>) -> Self {
        let digest = Sha256::digest(key);
        Self {
            cipher: Aes256Gcm::new(key),
            key_name: digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// Creates the file completely or not at all, and never overwrites one that another process created meanwhile.
fn make_key_file(path: &Path) -> io::Result<()> {
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let linked = writeln!(file, "{}", BASE64.encode(Key::<Aes256Gcm>::generate()))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

impl Seal for LocalSeal {
    async fn seal(&self, partner: PartnerId, secret: &str) -> Result<Sealed, SealError> {
        let nonce = Nonce::<Aes256Gcm>::generate();
        let partner = partner.to_string();
        let payload = Payload { msg: checked_secret(secret)?, aad: partner.as_bytes() };
        let ciphertext = self.cipher.encrypt(&nonce, payload);
        let ciphertext = ciphertext.map_err(|_| failed(SEALED, "the cipher refused them"))?;
        let sealed = [nonce.as_slice(), &ciphertext].concat();
        Ok(Sealed(format!("{PREFIX}{}:{}", self.key_name, BASE64.encode(sealed))))
    }

    async fn open(&self, partner: PartnerId, sealed: &Sealed) -> Result<SecretString, SealError> {
        let named = sealed.0.strip_prefix(PREFIX).and_then(|rest| rest.split_once(':'));
        let (key_name, encoded) = named.ok_or_else(|| failed(OPENED, "they were not sealed on this machine"))?;
        if key_name != self.key_name {
            let why = format!("they were sealed with the key {key_name}, the key file holds {}", self.key_name);
            return Err(failed(OPENED, why));
        }
        let damaged = || failed(OPENED, "they are damaged, or were sealed for another partner");
        let bytes = BASE64.decode(encoded).map_err(|_| damaged())?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let nonce = Nonce::<Aes256Gcm>::try_from(nonce).map_err(|_| damaged())?;
        let partner = partner.to_string();
        let payload = Payload { msg: ciphertext, aad: partner.as_bytes() };
        to_text(self.cipher.decrypt(&nonce, payload).map_err(|_| damaged())?)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use uuid::Uuid;

    use super::*;

    fn partner(number: u128) -> PartnerId {
        PartnerId::from_uuid(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn a_secret_opens_only_for_its_partner() {
        let seal = LocalSeal::ephemeral();
        let sealed = seal.seal(partner(1), "company+public:private").await.unwrap();
        assert!(!sealed.0.contains("private"));
        let opened = seal.open(partner(1), &sealed).await.unwrap();
        assert_eq!(opened.expose_secret(), "company+public:private");
        let error = seal.open(partner(2), &sealed).await.unwrap_err();
        assert!(error.to_string().contains("another partner"), "{error}");
    }

    #[tokio::test]
    async fn the_same_secret_is_never_sealed_to_the_same_text() {
        let seal = LocalSeal::ephemeral();
        let twice = [seal.seal(partner(1), "s").await.unwrap(), seal.seal(partner(1), "s").await.unwrap()];
        assert_ne!(twice[0], twice[1]);
    }

    #[tokio::test]
    async fn no_changed_or_shortened_byte_goes_unnoticed() {
        let seal = LocalSeal::ephemeral();
        let sealed = seal.seal(partner(1), "secret").await.unwrap().0;
        let (head, encoded) = sealed.rsplit_once(':').unwrap();
        let bytes = BASE64.decode(encoded).unwrap();
        for n in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[n] ^= 1;
            for tampered in [changed.as_slice(), &bytes[..n]] {
                let tampered = Sealed(format!("{head}:{}", BASE64.encode(tampered)));
                assert!(seal.open(partner(1), &tampered).await.is_err(), "byte {n}");
            }
        }
    }

    #[tokio::test]
    async fn an_error_about_another_key_names_both_keys() {
        let [old, new] = [LocalSeal::ephemeral(), LocalSeal::ephemeral()];
        let sealed = old.seal(partner(1), "secret").await.unwrap();
        let error = new.open(partner(1), &sealed).await.unwrap_err().to_string();
        assert!(error.contains(&old.key_name) && error.contains(&new.key_name), "{error}");
        let foreign = Sealed("kms1:AAAA".into());
        assert!(new.open(partner(1), &foreign).await.is_err());
    }

    #[tokio::test]
    async fn a_missing_key_file_is_created_for_its_owner_only_and_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let sealed = LocalSeal::from_file(&path).unwrap().seal(partner(1), "secret").await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
        let opened = LocalSeal::from_file(&path).unwrap().open(partner(1), &sealed).await.unwrap();
        assert_eq!(opened.expose_secret(), "secret");
    }

    #[test]
    fn a_key_file_that_others_can_read_or_that_holds_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        LocalSeal::from_file(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(LocalSeal::from_file(&path), Err(LocalKeyError::Open { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short").unwrap();
        assert!(matches!(LocalSeal::from_file(&path), Err(LocalKeyError::NoKey { .. })));
    }
}
