//! Who is let in, and by whom.

use std::process::Command;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use zeroize::Zeroizing;

use super::super::link::Link;
use super::*;

#[tokio::test]
async fn a_password_opens_the_server_and_is_shown_to_nobody_else() {
    let Some(server) = Server::start("a_password_opens_the_server", &["--requirepass", "s3cret-1"]) else {
        return;
    };
    let with = |password: &str| Settings {
        username: Some("default".to_owned()),
        password: Some(Secret::new(Zeroizing::new(password.to_owned()))),
        ..settings(server.port)
    };
    assert!(Redis::new(with("s3cret-1")).take(&asked()).await.is_some());
    for wrong in [
        with("s3cret-2"),
        settings(server.port),
        Settings { username: Some("x".to_owned()), ..with("s3cret-1") },
    ] {
        let store = Redis::new(wrong.clone());
        assert_eq!(store.take(&asked()).await, None);
        let Err(why) = Link::open(&wrong).await else { panic!("it is let in") };
        let shown = format!("{why} {why:?} {store:?} {wrong}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[tokio::test]
async fn with_tls_the_server_is_who_the_authorities_say_or_it_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for name in ["one", "other"] {
        let (key, cert) = (path(&format!("{name}.key")), path(&format!("{name}.pem")));
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ])
            .args([
                "-subj",
                "/CN=redis",
                "-addext",
                "subjectAltName=DNS:localhost",
                "-addext",
                "basicConstraints=critical,CA:FALSE",
                "-keyout",
                &key,
                "-out",
                &cert,
            ])
            .output();
        assert!(made.expect("openssl is there").status.success());
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let tls_port = free.local_addr().unwrap().port();
    drop(free);
    let (key, cert) = (path("one.key"), path("one.pem"));
    let arguments = [
        "--tls-port",
        &tls_port.to_string(),
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-auth-clients",
        "no",
    ];
    let Some(_server) = Server::start("with_tls_the_server_is_who", &arguments) else { return };
    let trusting = |host: &str, ca: Option<&str>| {
        let ca = ca.map(|ca| {
            let pem = std::fs::read(path(ca)).unwrap();
            let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().unwrap();
            CertificateAuthorities { file: ca.into(), certificates }
        });
        Redis::new(Settings { host: host.to_owned(), tls: Some(Tls { ca }), ..settings(tls_port) })
    };
    assert!(trusting("localhost", Some("one.pem")).take(&asked()).await.is_some());
    for (host, ca) in [("localhost", Some("other.pem")), ("localhost", None), ("127.0.0.1", Some("one.pem"))]
    {
        assert_eq!(trusting(host, ca).take(&asked()).await, None, "{host} {ca:?}");
    }
}
