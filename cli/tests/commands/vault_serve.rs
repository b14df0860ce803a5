//! The service beside a ledger: what it answers, when it is ready, and that nobody can stop it from there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::served::*;
use super::support::*;
use super::vaults::*;

#[test]
fn it_answers_what_is_on_record() {
    let vault = Vault::paying(Step::Settled);
    let served = Served::start(&vault.ledger, &format!("{} --audit-every 1000", parameters()));
    let health = served.get("/healthz");
    assert_eq!((health.status, &health.json()["healthy"]), (200, &true.into()));
    let status = vault.status();
    let ready = served.readiness(200);
    assert_eq!((&ready["entries"], &ready["head"]), (&status["entries"], &status["head"]));
    assert_eq!(ready["reason"], Value::Null);
    served.reaches("fairshare_audits_total", 1.0);
    for (metric, field) in [
        ("fairshare_earned_base_units", "earned"),
        ("fairshare_outstanding_base_units", "outstanding"),
        ("fairshare_payments_due_base_units", "due"),
        ("fairshare_payments_sent_base_units", "sent"),
        ("fairshare_payments_confirmed_base_units", "confirmed"),
        ("fairshare_carried_base_units{pool=\"compute\"}", "compute_carried"),
        ("fairshare_carried_base_units{pool=\"data\"}", "data_carried"),
    ] {
        let expected = status[field].as_str().and_then(|text| text.parse().ok());
        assert_eq!(served.metric(metric), expected, "{metric}");
    }
    assert!(served.metric("fairshare_outstanding_base_units") > Some(0.0));
    let datasets = status["epochs"][0]["datasets"].as_f64();
    assert_eq!(served.metric("fairshare_ledger_entries_total{kind=\"registration\"}"), datasets);
    assert_eq!(served.metric("fairshare_epochs{state=\"settled\"}"), Some(1.0));
    assert_eq!(served.metric("fairshare_audit_differences"), Some(0.0));
    assert_eq!(served.metric("fairshare_audit_unaudited_epochs"), Some(0.0));
}

#[test]
fn without_parameters_an_audit_says_what_it_did_not_verify() {
    let vault = Vault::at(Step::Settled);
    let served = Served::start(&vault.ledger, "");
    served.reaches("fairshare_audit_unaudited_epochs", 1.0);
    assert_eq!(served.metric("fairshare_audit_differences"), Some(0.0));
}

/// An audit holds as much as it is told to; one that needs more is no audit, and says so.
#[test]
fn an_audit_holds_what_it_is_allowed() {
    let vault = Vault::at(Step::Settled);
    let served = Served::start(&vault.ledger, "--memory 100 --audit-every 1000");
    until("an audit fails", || {
        served.metric("fairshare_audit_failures_total").filter(|failures| *failures > 0.0)
    });
    assert_eq!(served.metric("fairshare_audits_total"), Some(0.0));
    // The figure may be there before the line is.
    until("the log says so", || served.log().contains("allow more with `--memory`").then_some(()));
}

/// What Prometheus asks of names and of text, on a service with everything that has a metric.
#[test]
fn the_metrics_are_what_prometheus_reads_and_what_the_page_lists() {
    let vault = Vault::paying(Step::Settled);
    let receiver = Receiver::new(|_| Reply::Status(204));
    let more = format!("{} --from-start", receiver.arguments(&vault.folder));
    let served = Served::start(&vault.ledger, &more);
    served.reaches("fairshare_webhook_deliveries_total{kind=\"settled\"}", 1.0);
    served.reaches("fairshare_audits_total", 1.0);
    let answer = served.get("/metrics");
    assert!(answer.head.contains("content-type: text/plain; version=0.0.4"), "{}", answer.head);
    let types = assert_conventional(&answer.body);
    let lines = answer.body.lines().map(|line| Ok(line.to_owned()));
    let scrape = prometheus_parse::Scrape::parse(lines).expect("metrics");
    let parsed: BTreeSet<_> = scrape.samples.iter().map(|sample| sample.metric.as_str()).collect();
    assert_eq!(parsed, types.keys().map(String::as_str).collect());
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/vault.md")).unwrap();
    let listed: BTreeSet<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `fairshare_")?.split(['`', '{']).next())
        .collect();
    let names = types.keys().map(|name| name.trim_start_matches("fairshare_")).collect();
    assert_eq!(listed, names, "docs/vault.md lists them");
    promtool(&answer.body);
}

/// The rules that `promtool check metrics` holds names to, and the form of the text; the type of each metric.
fn assert_conventional(text: &str) -> BTreeMap<String, String> {
    let (mut types, mut helped, mut seen) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').expect("a help");
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
        } else if let Some(of) = line.strip_prefix("# TYPE ") {
            let (name, kind) = of.split_once(' ').expect("a type");
            assert!(helped.contains(name), "{line}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
            let is_plain = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.starts_with("fairshare_") && name.chars().all(is_plain), "{line}");
            let words: Vec<_> = name.split('_').collect();
            for word in ["counter", "gauge", "ms", "minutes", "hours", "days", "kib", "mib", "percent"] {
                assert!(!words.contains(&word), "{line}");
            }
            for end in ["_count", "_sum", "_bucket", "_created"] {
                assert!(!name.ends_with(end), "{line}");
            }
        } else {
            let (sample, value) = line.rsplit_once(' ').expect("a sample");
            assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
            assert!(types.contains_key(sample.split('{').next().unwrap()), "{line}");
            assert!(seen.insert(sample.to_owned()), "{line}");
        }
    }
    types
}

/// Prometheus' own tool, where there is one: FAIRSHARE_PROMTOOL names it, or it stands where Debian puts it.
fn promtool(text: &str) {
    let named = std::env::var("FAIRSHARE_PROMTOOL").ok();
    let path = named.clone().unwrap_or_else(|| "/usr/bin/promtool".to_owned());
    if named.is_none() && !fs::exists(&path).unwrap_or(false) {
        return;
    }
    let mut tool = Command::new(&path)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    tool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = tool.wait_with_output().unwrap();
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(output.status.success() && told.is_empty(), "{told}");
}

#[test]
fn other_paths_methods_and_heads_are_refused() {
    let vault = Vault::at(Step::Open);
    let served = Served::start(&vault.ledger, "");
    let asked = |head: &str| ask(&served.address, &format!("{head}\r\nHost: x\r\n\r\n"));
    for (head, status) in [
        ("GET / HTTP/1.1", 404),
        ("GET /metrics/ HTTP/1.1", 404),
        ("GET /../readyz HTTP/1.1", 404),
        ("POST /nothing HTTP/1.1", 404),
        ("POST /metrics HTTP/1.1", 405),
        ("DELETE /readyz HTTP/1.1", 405),
        ("OPTIONS /healthz HTTP/1.1", 405),
        ("GET /healthz?verbose HTTP/1.1", 200),
        ("GET /healthz HTTP/1.0", 200),
        ("nonsense", 400),
    ] {
        let answer = asked(head);
        assert_eq!(answer.status, status, "{head}");
        assert_eq!(answer.head.contains("allow: get, head"), status == 405, "{head}");
    }
    for path in ["/healthz", "/metrics"] {
        let (whole, head) = (served.get(path), asked(&format!("HEAD {path} HTTP/1.1")));
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        assert!(head.head.contains("content-length: ") && !whole.body.is_empty());
    }
    // A head without end is cut off at its bound, and a body is not read.
    let long = format!("GET /healthz HTTP/1.1\r\nX: {}", "x".repeat(1 << 20));
    let refused = try_ask(&served.address, &long);
    assert!(refused.is_ok_and(|answer| answer.status == 431));
    let body = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", 1u64 << 40);
    assert_eq!(ask(&served.address, &body).status, 200);
}

/// Who says nothing, or says it slowly, holds up nobody, and does not make the service hold more.
#[test]
fn slow_clients_keep_nobody_waiting() {
    let vault = Vault::at(Step::Open);
    let served = Served::start(&vault.ledger, "");
    let open = || fs::read_dir(format!("/proc/{}/fd", served.id())).expect("a process").count();
    let before = open();
    let mut silent = Vec::new();
    for count in 0..300 {
        let mut stream = TcpStream::connect(&served.address).expect("a connection");
        if count % 2 == 0 {
            stream.write_all(b"GET /met").expect("a part");
        }
        silent.push(stream);
        if count % 100 == 99 {
            assert_eq!(served.get("/healthz").status, 200, "after {count}");
        }
    }
    assert!(open() < before + 100, "{before} and {} files are open", open());
    // In time, those that are left are cut off, too.
    for stream in &mut silent {
        stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
        let ended = stream.read_to_end(&mut Vec::new());
        let is_late = |error: std::io::Error| error.kind() == std::io::ErrorKind::WouldBlock;
        assert!(!ended.is_err_and(is_late), "a silent connection is kept");
    }
    assert_eq!(served.get("/healthz").status, 200);
}

#[test]
fn it_is_ready_when_the_ledger_can_be_read_and_only_then() {
    let vault = Vault::new();
    let served = Served::start(&vault.ledger, "");
    let gone = |part: &str| {
        let told = served.readiness(503);
        assert!(told["reason"].as_str().is_some_and(|reason| reason.contains(part)), "{part}: {told}");
        assert_eq!(told["ready"], false);
        served.reaches("fairshare_ledger_readable", 0.0);
        assert_eq!(served.get("/healthz").status, 200);
    };
    gone("there is no ledger at");
    fs::copy(Vault::at(Step::Open).ledger, &vault.ledger).unwrap();
    served.readiness(200);
    // A connection that was kept would go on reading the file that was removed.
    let aside = vault.path("aside");
    fs::rename(&vault.ledger, &aside).unwrap();
    gone("there is no ledger at");
    fs::write(&vault.ledger, "no database").unwrap();
    until("another reason", || {
        served.get("/readyz").body.contains("is not an SQLite database").then_some(())
    });
    fs::rename(&aside, &vault.ledger).unwrap();
    served.readiness(200);
    served.reaches("fairshare_ledger_readable", 1.0);
    let (_, log) = served.stop("TERM");
    assert!(
        log.contains("the ledger cannot be read") && log.contains("the ledger can be read again"),
        "{log}"
    );
}

/// What stands between the service and a server, and can be taken away.
struct Between {
    port: u16,
    cut: Arc<AtomicBool>,
}

impl Between {
    fn new(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, cut) = (listener.local_addr().unwrap().port(), Arc::new(AtomicBool::new(false)));
        let is_cut = Arc::clone(&cut);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&server) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
                let is_cut = Arc::clone(&is_cut);
                std::thread::spawn(move || {
                    while !is_cut.load(Ordering::SeqCst) {
                        std::thread::sleep(std::time::Duration::from_millis(10));
                    }
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Self { port, cut }
    }
}

#[test]
fn a_server_that_goes_and_comes_back_is_read_again() {
    let Ok(server) = std::env::var("FAIRSHARE_TEST_POSTGRES") else { return };
    let mut admin = postgres::Client::connect(&server, postgres::NoTls).expect("a server");
    let name = format!("fairshare_serve_{}", std::process::id());
    admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    let (user, host) = server.strip_prefix("postgres://").unwrap().split_once('@').unwrap();
    let (host, _) = host.split_once('/').unwrap();
    let between = Between::new(host.to_owned());
    let p = prepared();
    let direct = format!("postgres://{user}@{host}/{name}");
    let ran = fairshare(&format!("vault init {} --ledger {direct}", p.common()));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let ledger =
        format!("postgres://{user}:s3cret-password@127.0.0.1:{}/{name}?sslmode=disable", between.port);
    let mut program = program();
    program.env("FAIRSHARE_LEDGER", &ledger);
    let served = {
        let line = "--log-level trace";
        Served::start_as(program, &ledger, line)
    };
    served.readiness(200);
    between.cut.store(true, Ordering::SeqCst);
    let told = served.readiness(503).to_string();
    assert!(told.contains("cannot be reached") && !told.contains("s3cret"), "{told}");
    assert_eq!(served.get("/healthz").status, 200);
    between.cut.store(false, Ordering::SeqCst);
    served.readiness(200);
    fairshare(&format!("vault round --next --ledger {direct}"));
    served.reaches("fairshare_ledger_entries_total{kind=\"rounds\"}", 1.0);
    let (code, log) = served.stop("TERM");
    assert_eq!(code, Some(0));
    assert!(!log.contains("s3cret"), "{log}");
    admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
}

#[test]
fn where_it_listens_is_this_machine_unless_another_address_is_asked_for() {
    let vault = Vault::at(Step::Open);
    let help = fairshare("vault serve --help").stdout;
    assert!(help.contains("[default: 127.0.0.1:9464]"), "{help}");
    let run = |more: &str| refused(&vault.line(&format!("serve {more}")));
    for wrong in ["localhost", "127.0.0.1", "127.0.0.1:99999", ":9464", "http://127.0.0.1:9464"] {
        run(&format!("--listen {wrong}")).fails(2, &["--listen <ADDRESS>"]);
    }
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    run(&format!("--listen {address}")).fails(2, &[&format!("cannot listen on {address}")]);
    let quiet = Served::start(&vault.ledger, "");
    let (_, log) = quiet.stop("TERM");
    assert!(!log.contains("neither TLS nor authentication"), "{log}");
    let loud = Served::start(&vault.ledger, "--listen 0.0.0.0:0");
    let (_, log) = loud.stop("TERM");
    assert!(log.contains("neither TLS nor authentication"), "{log}");
}

#[test]
fn a_signal_ends_it_and_each_line_of_its_log_is_an_object() {
    for signal in ["TERM", "INT"] {
        let vault = Vault::at(Step::Settled);
        let mut program = Command::new("env");
        program.arg("--default-signal=INT").arg(super::support::program().get_program());
        let served = Served::start_as(program, &vault.ledger, "");
        served.readiness(200);
        let address = served.address.clone();
        // A client that says nothing does not keep it from ending.
        let _silent = TcpStream::connect(&address).unwrap();
        let (code, log) = served.stop(signal);
        assert_eq!(code, Some(0), "{signal}: {log}");
        assert!(TcpStream::connect(&address).is_err(), "it listens still");
        let lines: Vec<Value> =
            log.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        for line in &lines {
            let time = line["timestamp"].as_str().expect("a time");
            assert!(time.ends_with('Z') && time.as_bytes()[10] == b'T', "{line}");
            assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
        }
        for message in ["the service has started", "audited", "the service has stopped"] {
            assert!(lines.iter().any(|line| line["message"] == message), "{message}: {log}");
        }
    }
}

/// The ledger's folder is as it was: not a byte of it is other, and nothing was added.
#[test]
fn nothing_is_written_to_the_ledger() {
    let (vault, apart) = (Vault::at(Step::Settled), folder());
    let before = files(&vault.folder);
    let modified = fs::metadata(&vault.ledger).unwrap().modified().unwrap();
    let receiver = Receiver::new(|_| Reply::Status(200));
    let more = format!("{} {} --from-start --audit-every 1", receiver.arguments(&apart), parameters());
    let served = Served::start(&vault.ledger, &more);
    receiver.wait(2);
    until("three audits", || served.metric("fairshare_audits_total").filter(|audits| *audits >= 3.0));
    assert_eq!(served.stop("TERM").0, Some(0));
    assert!(files(&vault.folder) == before, "the ledger's folder has changed");
    assert_eq!(fs::metadata(&vault.ledger).unwrap().modified().unwrap(), modified);
}

/// A role that may only read is enough: the ledger's file and its folder cannot be written.
#[test]
fn whoever_may_only_read_the_ledger_can_serve_it() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let home = tempfile::tempdir().unwrap();
    let mode =
        |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let (own, ledger) = (home.path().join("fairshare"), home.path().join("vault.ledger"));
    fs::copy(program().get_program(), &own).unwrap();
    fs::copy(Vault::at(Step::Settled).ledger, &ledger).unwrap();
    mode(&ledger, 0o444);
    mode(home.path(), 0o555);
    let mut program = Command::new(own);
    // Root may write anywhere: for root, nobody runs the program.
    if fs::write(home.path().join("kept"), b"").is_ok() {
        program.uid(65_534).gid(65_534);
    }
    let served = Served::start_as(program, &show(&ledger), "");
    served.readiness(200);
    served.reaches("fairshare_audits_total", 1.0);
    mode(home.path(), 0o755);
}

/// An operator's commands go on while the service looks and audits without a pause.
#[test]
fn the_operators_commands_go_on_beside_it() {
    let (vault, apart) = (Vault::at(Step::Submitted), folder());
    let receiver = Receiver::new(|_| Reply::Status(200));
    let more = format!("{} {} --audit-every 1", receiver.arguments(&apart), parameters());
    let served = Served::start(&vault.ledger, &more);
    served.reaches("fairshare_epochs{state=\"proving\"}", 1.0);
    vault.done(&format!("close {}", parameters()));
    vault.done("settle");
    receiver.wait(2);
    served.reaches("fairshare_epochs{state=\"settled\"}", 1.0);
    served.reaches("fairshare_webhook_queue", 0.0);
    assert_eq!(served.metric("fairshare_audit_differences"), Some(0.0));
    vault.audits_clean();
}
