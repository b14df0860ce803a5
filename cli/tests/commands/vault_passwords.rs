//! A ledger's password, which no command prints: not its help, nor its errors, nor its log.

use super::support::*;

/// The password of all these.
const SECRET: &str = "s3cret";

/// Ledgers with it: URLs that are read, URLs that cannot be, and what is no URL.
const LEDGERS: [&str; 12] = [
    "postgres://u:s3cret@127.0.0.1:1/d",
    "POSTGRES://u:s3cret@127.0.0.1:1/d",
    "postgres://u:%2Fs3cret%3F%40%23%25@127.0.0.1:1/d",
    "postgresql://127.0.0.1:1/d?user=u&password=s3cret",
    "postgres://u:s3cret/x@127.0.0.1:1/d",
    "postgres://u:x/s3cret@127.0.0.1:1/d",
    "postgres://u:x?s3cret@127.0.0.1:1/d",
    "postgres://u:x@s3cret@127.0.0.1:1/d",
    "postgres://u:x#s3cret@127.0.0.1:1/d",
    "postgres://u:s3cret@127.0.0.1:x/d?sslmode=no",
    "postgres:u:s3cret@127.0.0.1/d",
    "host=127.0.0.1 password=s3cret",
];

#[test]
fn no_command_prints_a_password() {
    let p = prepared();
    for ledger in LEDGERS {
        let told = |line: &str, status: i32| {
            let mut program = program();
            program.env("FAIRSHARE_LEDGER", ledger);
            let ran = run(program, line);
            let all = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(ran.status, status, "{line}: {all}");
            assert!(!all.contains(SECRET), "{line}: {all}");
        };
        told("vault --help", 0);
        told("vault status -h", 0);
        told("vault init --help", 0);
        told("vault status --log-level trace", 2);
        told("vault status --json", 2);
        told(&format!("vault init {}", p.common()), 2);
        told("vault status --unknown", 2);
    }
    let was = "a password with `/` or `?`, or behind a scheme in capitals, was printed by `init`, `status`, \
               errors and `--help`";
    mended(was, format!("{} such ledgers, 7 commands each: never", LEDGERS.len()));
}

/// What is printed of a ledger that is there: where it is, without the password in its URL.
#[test]
fn a_ledger_on_a_server_is_named_without_its_password() {
    let Ok(server) = std::env::var("FAIRSHARE_TEST_POSTGRES") else { return };
    let mut admin = postgres::Client::connect(&server, postgres::NoTls).expect("a server");
    let name = format!("fairshare_passwords_{}", std::process::id());
    admin.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database");
    let (base, _) = server.rsplit_once('/').expect("postgres://user@host/database");
    let ledger = format!("{base}/{name}");
    let secret = ledger.replacen('@', ":%2Fs3cret@", 1);
    let p = prepared();
    for line in [format!("init {}", p.common()), "status".to_owned(), "close --epoch 1".to_owned()] {
        let ran = fairshare(&format!("vault {line} --ledger {secret} --log-level trace"));
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!all.contains(SECRET), "{line}: {all}");
        assert!(!line.starts_with("init") || all.contains(&format!("ledger at {ledger}")), "{all}");
    }
    admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).expect("dropped");
}
