//! Beyond this machine a service speaks with clients that have a certificate, and with nobody else.

use std::path::Path;

use fairshare_proving::proto::v1::ListRequest;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::support::*;
use super::world::*;

/// An authority, and what it signed for a name.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority"))
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate and its key.
    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }
}

fn service(folder: &Path, server: &Authority, clients: &Authority) -> Service {
    let (certificate, key) = server.sign("localhost");
    let tls = format!(
        "--tls-cert {} --tls-key {} --client-ca {}",
        write(folder, "cert.pem", certificate),
        write(folder, "key.pem", key),
        write(folder, "ca.pem", clients.pem())
    );
    Service::start_on(&folder.join("state"), &format!("--listen 0.0.0.0:0 {tls}"))
}

/// Whether a client with that identity is answered.
fn is_answered(service: &Service, server: &Authority, identity: Option<(String, String)>) -> bool {
    let port = service.said["listen"].as_str().unwrap().rsplit(':').next().unwrap();
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(server.pem()));
    if let Some((certificate, key)) = identity {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    let place = Endpoint::from_shared(format!("https://localhost:{port}")).expect("a place");
    let mut client = Client::new(place.tls_config(tls).expect("TLS"));
    client.runtime.block_on(client.inner.list(ListRequest::default())).is_ok()
}

#[test]
fn only_clients_with_a_certificate_of_the_authority_are_answered() {
    let folder = folder();
    let (server, clients, others) = (Authority::new(), Authority::new(), Authority::new());
    let service = service(&folder, &server, &clients);
    assert_eq!(service.said["tls"], true);
    assert!(is_answered(&service, &server, Some(clients.sign("a node"))));
    assert!(!is_answered(&service, &server, None), "without a certificate");
    assert!(!is_answered(&service, &server, Some(others.sign("a node"))), "of another authority");
    let mut plain = service.client_at_address();
    assert!(plain.runtime.block_on(plain.inner.list(ListRequest::default())).is_err(), "without TLS");
}

#[test]
fn who_shows_no_certificate_keeps_nobody_out() {
    let folder = folder();
    let (server, clients) = (Authority::new(), Authority::new());
    let service = service(&folder, &server, &clients);
    let port: u16 = service.said["listen"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    let connect = || std::net::TcpStream::connect(("127.0.0.1", port)).expect("taken");
    let mut silent: Vec<_> = (0..400).map(|_| connect()).collect();
    for _ in 0..3 {
        assert!(is_answered(&service, &server, Some(clients.sign("a node"))));
        silent.extend((0..50).map(|_| connect()));
    }
    // A handshake that does not come is given up.
    use std::io::Read;
    let last = silent.last_mut().expect("one");
    last.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    assert!(!matches!(last.read(&mut [0]), Ok(1)), "nothing is said to it");
    let timed_out = [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut];
    assert!(last.read(&mut [0]).map_or_else(|error| !timed_out.contains(&error.kind()), |read| read == 0));
}

#[test]
fn an_address_that_others_reach_is_refused_without_tls() {
    let folder = folder();
    let common = prepared().common();
    let at = |place: &str| fairshare(&format!("serve {common} --state {} {place}", show(&folder.join("s"))));
    for place in ["0.0.0.0:0", "[::]:0", "192.0.2.1:7070"] {
        at(&format!("--listen {place}")).fails(2, &["mutual TLS", "--client-ca"]);
    }
    assert!(!folder.join("s").exists(), "nothing was begun");
    // Half of what mutual TLS needs is none of it.
    at("--listen 0.0.0.0:0 --tls-cert x").fails(2, &["--tls-key"]);
    at("").fails(2, &["--socket"]);
    let service = Service::start_on(&folder.join("state"), "--listen 127.0.0.1:0");
    assert!(service.client_at_address().list(0, 0).is_empty());
}
