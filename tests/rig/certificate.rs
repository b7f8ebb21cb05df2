//! A certificate for `localhost`, and the authority that signed it.

use std::fs;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// Writes the authority's certificate, and the server's with its chain and key.
pub(super) fn write(ca_file: &Path, server_file: &Path) {
    let key = KeyPair::generate().unwrap();
    let mut params = valid(CertificateParams::default(), "Watchpost test rig");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca = params.self_signed(&key).unwrap();
    fs::write(ca_file, ca.pem()).unwrap();

    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = valid(CertificateParams::new(names).unwrap(), "localhost");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server = params.signed_by(&key, &issuer).unwrap();
    // Postfix wants the key first.
    fs::write(server_file, key.serialize_pem() + &server.pem() + &ca.pem()).unwrap();
}

fn valid(mut params: CertificateParams, name: &str) -> CertificateParams {
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2120, 1, 1);
    params
}
