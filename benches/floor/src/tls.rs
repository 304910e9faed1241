//! The certificate of a listener, tried before Pingora, which panics on one that it cannot use, sees it.

use std::path::Path;

use pingora_core::listeners::tls::TlsSettings;
use pingora_core::tls::{ServerConfig, install_default_crypto_provider};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// # Errors
/// A sentence, when one of the files cannot be read or the two do not go together.
pub fn settings(certificate: &Path, key: &Path) -> Result<TlsSettings, String> {
    try_out(certificate, key)?;
    let mut settings =
        TlsSettings::intermediate(text(certificate)?, text(key)?).map_err(|error| error.to_string())?;
    settings.enable_h2();
    Ok(settings)
}

fn try_out(certificate: &Path, key: &Path) -> Result<(), String> {
    install_default_crypto_provider();
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| format!("{}: {error}", certificate.display()))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("{}: {error}", key.display()))?;
    let builder = ServerConfig::builder().with_no_client_auth();
    builder.with_single_cert(chain, key).map(|_| ()).map_err(|error| error.to_string())
}

fn text(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| format!("{} is no text", path.display()))
}
