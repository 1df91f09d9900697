//! A throw-away certificate authority, so that a client that insists on https meets a simulator as it meets the vendor.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The names that the certificate is for. A client whose hosts are fixed in its code reaches a simulator through a
/// proxy: the certificate also has the vendor's names. The authority's key is not kept.
const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "id.sophos.com", "api.central.sophos.com"];

/// An authority made for one run, and a certificate of it for this machine and for Sophos' hosts.
pub struct Authority {
    certificate_pem: String,
    server: Arc<ServerConfig>,
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The certificates could not be made.
    #[error("the simulator's certificates could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The certificates could not be used.
    #[error("the simulator's certificates could not be used: {0}")]
    Server(#[from] tokio_rustls::rustls::Error),
}

impl Authority {
    /// Makes a new authority; its key is forgotten at once, so that it can never vouch for anything else.
    pub fn new() -> Result<Self, AuthorityError> {
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        root.distinguished_name.push(DnType::CommonName, "Simulators of this machine, this run only");
        let issuer = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let mut leaf = CertificateParams::new(NAMES.map(str::to_owned))?;
        // Python 3.13 and later refuse a certificate that does not name its issuer's key.
        leaf.use_authority_key_identifier_extension = true;
        let leaf = leaf.signed_by(&key, &issuer)?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let mut server = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)?;
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { certificate_pem: issuer.pem(), server: Arc::new(server) })
    }

    /// The authority's certificate, for clients to trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Writes the authority's certificate to a file that clients can be pointed at.
    pub fn write_certificate(&self, path: &Path) -> std::io::Result<()> {
        std::fs::write(path, &self.certificate_pem)
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.server.clone())
    }
}
