//! TLS to a server, in each mode, with certificates made here.

use fairshare_vault::database::{Access, Database, DatabaseError, Location};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::children::ran;
use super::servers::{ESCAPED, PASSWORD, Server};
use super::{Meant, made, refusal};

/// An authority: its own certificate, and what it signs with.
struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("signed").pem();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// A key and a certificate for a host.
    fn host(&self, name: &str) -> [(&'static str, String); 2] {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed").pem();
        [("server.key", key.serialize_pem()), ("server.crt", certificate)]
    }
}

/// The host in the certificate. It is this machine, whatever names are known here.
const HOST: &str = "db.example";

/// What a connection is like, or why there is none.
fn connected(url: &str) -> Result<&'static str, DatabaseError> {
    let location: Location = url.parse()?;
    let mut database = Database::open(&location, Access::Create)?;
    let sql = "SELECT ssl::text AS ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let row = database.read(|transaction| transaction.query_one(sql, &[]))?;
    Ok(if row.text("ssl")? == "true" { "encrypted" } else { "plain" })
}

#[test]
fn each_mode_asks_what_it_says() {
    let (authority, other) = (Authority::new(), Authority::new());
    let Some(server) = Server::start("ssl = on", &authority.host(HOST)) else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (ours, others) = (file("ca.pem", &authority.certificate), file("other.pem", &other.certificate));
    let url = |host: &str, options: &str| {
        format!("postgres://fairshare:{ESCAPED}@{host}:{}/postgres?hostaddr=127.0.0.1&{options}", server.port)
    };
    let try_it = |host: &str, options: &str| connected(&url(host, options));

    for (host, options) in [
        (HOST, format!("sslmode=verify-full&sslrootcert={ours}")),
        (HOST, format!("sslmode=verify-ca&sslrootcert={ours}")),
        (HOST, format!("sslmode=require&sslrootcert={ours}")),
        // Any certificate will do, and any name.
        (HOST, "sslmode=require".to_owned()),
        ("elsewhere", "sslmode=require".to_owned()),
        ("elsewhere", "sslmode=prefer".to_owned()),
        ("elsewhere", String::new()),
        ("elsewhere", format!("sslmode=verify-ca&sslrootcert={ours}")),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={ours}")),
    ] {
        assert_eq!(try_it(host, &options).unwrap(), "encrypted", "{host} {options}");
    }
    assert_eq!(try_it(HOST, "sslmode=disable").unwrap(), "plain");

    for host in ["elsewhere", "127.0.0.1"] {
        let error = try_it(host, &format!("sslmode=verify-full&sslrootcert={ours}")).unwrap_err();
        assert!(matches!(error, DatabaseError::OtherHost(_)), "{error:?}");
        assert!(error.to_string().contains(&format!("@{host}:")), "{error}");
    }
    for options in [
        format!("sslmode=verify-full&sslrootcert={others}"),
        format!("sslmode=verify-ca&sslrootcert={others}"),
        format!("sslmode=require&sslrootcert={others}"),
        // Nobody whom Mozilla trusts has signed it.
        "sslmode=verify-full".to_owned(),
        "sslmode=verify-ca".to_owned(),
    ] {
        let error = try_it(HOST, &options).unwrap_err();
        assert!(matches!(error, DatabaseError::Untrusted(_)), "{options}: {error:?}");
    }
    for name in
        ["absent.pem".to_owned(), file("empty.pem", ""), file("bad.pem", "-----BEGIN CERTIFICATE-----\nAA")]
    {
        let error = try_it(HOST, &format!("sslmode=verify-full&sslrootcert={name}")).unwrap_err();
        assert!(matches!(error, DatabaseError::RootCertificates { .. }), "{name}: {error:?}");
        assert!(error.to_string().contains(&name), "{error}");
    }
    drop(made(&url(HOST, "").parse().unwrap()));
    environment(&url, &ours, &others);
    plaintext(&server, &try_it, &ours);
}

/// `PGSSLMODE`, `PGSSLROOTCERT`, `PGPASSWORD` and `PGPASSFILE` of another process.
fn environment(url: &dyn Fn(&str, &str) -> String, ours: &str, others: &str) {
    let plain = url(HOST, "");
    let full = ("PGSSLMODE", "verify-full");
    let child = |url: &str, environment: &[(&str, &str)]| ran("write", url, environment);
    let made = child(&plain, &[full, ("PGSSLROOTCERT", ours)]);
    assert!(made.contains("wrote after"), "{made}");
    let refused = child(&plain, &[full, ("PGSSLROOTCERT", others)]);
    assert!(refused.contains("is not one that is trusted here"), "{refused}");
    let refused = child(&plain, &[("PGSSLMODE", "sure")]);
    assert!(refused.contains("PGSSLMODE"), "{refused}");
    let bare = plain.replace(&format!(":{ESCAPED}@"), "@");
    let refused = child(&bare, &[("HOME", "/nonexistent")]);
    assert!(refused.contains("does not let this user in"), "{refused}");
    let made = child(&bare, &[("PGPASSWORD", PASSWORD)]);
    assert!(made.contains("wrote after"), "{made}");
    for (given, said) in [("wrong", "does not let this user in"), (PASSWORD, "wrote after")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".pgpass");
        let escaped = given.replace(':', "\\:");
        std::fs::write(&path, format!("{HOST}:*:postgres:fairshare:{escaped}\n")).unwrap();
        super::children::open_to_all(&path, 0o600);
        let home = [("HOME", folder.path().to_str().unwrap())];
        let told = child(&bare, &home);
        assert!(told.contains(said), "{told}");
        super::children::open_to_all(&path, 0o644);
        let refused = child(&bare, &home);
        assert!(refused.contains("does not let this user in"), "{refused}");
    }
}

/// The server without TLS.
fn plaintext(
    server: &Server,
    try_it: &dyn Fn(&str, &str) -> Result<&'static str, DatabaseError>,
    ours: &str,
) {
    server.change("ssl = off");
    for mode in ["require", "verify-ca", "verify-full"] {
        for options in [format!("sslmode={mode}"), format!("sslmode={mode}&sslrootcert={ours}")] {
            let error = try_it(HOST, &options).unwrap_err();
            assert!(matches!(error, DatabaseError::Plaintext(_)), "{options}: {error:?}");
        }
    }
    for options in ["sslmode=disable", "sslmode=prefer", ""] {
        assert_eq!(try_it(HOST, options).unwrap(), "plain");
    }
    // A Unix socket has no TLS, and nobody in between.
    let socket = server.folder().display().to_string().replace('/', "%2F");
    let url = format!("postgres://fairshare:{ESCAPED}@{socket}:{}/postgres?sslmode=verify-full", server.port);
    assert_eq!(connected(&url).unwrap(), "plain");
    refused_by_name(server);
}

/// Other refusals of a server, each by its own error, which names the database and nobody's password.
fn refused_by_name(server: &Server) {
    let base = format!("127.0.0.1:{}", server.port);
    let wrong: [(String, Meant); 5] = [
        (format!("postgres://fairshare:s3cret@{base}/postgres"), |error| {
            matches!(error, DatabaseError::Login(_))
        }),
        (format!("postgres://nobody:s3cret@{base}/postgres"), |error| {
            matches!(error, DatabaseError::Login(_))
        }),
        (format!("postgres://fairshare:{ESCAPED}@{base}/none"), |error| {
            matches!(error, DatabaseError::NoDatabase(_))
        }),
        ("postgres://fairshare:s3cret@127.0.0.1:1/postgres".to_owned(), |error| {
            matches!(error, DatabaseError::Unreachable(_))
        }),
        (format!("postgres://fairshare:{ESCAPED}@{base}/template1"), |error| {
            matches!(error, DatabaseError::NoLedger { .. })
        }),
    ];
    for (url, is_expected) in wrong {
        let location: Location = url.parse().unwrap();
        let error = refusal(&location, Access::Write);
        assert!(is_expected(&error), "{location}: {error:?}");
        assert!(error.to_string().contains(&location.to_string()), "{error}");
        let all = format!("{error:?} {error:#?} {}", super::said(&error));
        assert!(!all.contains("s3cret"), "{all}");
    }
}
