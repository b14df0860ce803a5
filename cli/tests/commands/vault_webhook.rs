//! The webhook: what is told, to whom, how often, and that neither a receiver nor a kill makes it lose
//! anything.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::archives;
use super::served::*;
use super::support::*;
use super::vaults::*;

fn kinds(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(|delivery| delivery.text("kind")).collect()
}

fn state(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("serve.state")).expect("a state")).expect("JSON")
}

#[test]
fn what_is_closed_and_settled_is_told_as_it_stands_on_record() {
    let vault = Vault::at(Step::Submitted);
    let receiver = Receiver::new(|_| Reply::Status(200));
    let served = Served::start(&vault.ledger, &receiver.arguments(&vault.folder));
    served.readiness(200);
    vault.done(&format!("close {}", parameters()));
    vault.done("settle");
    let deliveries = receiver.wait(2);
    assert_eq!(kinds(&deliveries), ["closed", "settled"]);
    deliveries.iter().for_each(assert_signed);
    let status = vault.status();
    let claims = vault.json(&format!("export --claims {}", vault.path("claims.json")));
    let (_, entries) = archives::read(&vault.archive());
    for delivery in &deliveries {
        let body = delivery.body();
        let entry = body["entry"].as_u64().expect("a place");
        let (stored, _) = &entries[usize::try_from(entry).unwrap() - 1];
        assert_eq!(body["kind"], stored.event.kind().name());
        assert_eq!(body["head"], stored.head.to_string());
        assert_eq!(body["hash"], stored.entry().hash().to_string());
        assert_eq!(body["time"], stored.time.to_string());
        assert_eq!(body["id"], format!("{}-{entry}-{}", stored.event.kind(), stored.head));
        for field in ["chain_id", "vault", "registry"] {
            assert_eq!(body[field], status[field], "{field}");
        }
        assert_eq!(body["epoch"], status["epochs"][0]["epoch"]);
        assert_eq!((&body["findings"], &body["more_findings"]), (&Value::Array(vec![]), &0.into()));
    }
    let (closed, settled) = (deliveries[0].body(), deliveries[1].body());
    assert_eq!((&closed["root"], &closed["total"]), (&Value::Null, &Value::Null));
    assert_eq!((&settled["root"], &settled["total"]), (&claims["root"], &status["epochs"][0]["earned"]));
    served.reaches("fairshare_webhook_queue", 0.0);
    // Who delivers may be ahead of who observes, and logs what it sees.
    served.reaches("fairshare_epochs{state=\"settled\"}", 1.0);
    // Told once: the service looks again and again, also after it was started anew.
    let (code, log) = served.stop("TERM");
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(state(&vault.folder)["cursor"]["entry"], settled["entry"]);
    for message in ["\"message\":\"closed\"", "\"message\":\"settled\"", "delivery is tried", "\"delivered\""]
    {
        assert!(log.contains(message), "{message}: {log}");
    }
    let again = Served::start(&vault.ledger, &receiver.arguments(&vault.folder));
    again.readiness(200);
    until("an audit", || again.metric("fairshare_audits_total").filter(|audits| *audits > 0.0));
    again.reaches("fairshare_webhook_queue", 0.0);
    assert_eq!(receiver.received().len(), 2);
}

/// The first time, what is on record already is told only if that is asked for.
#[test]
fn the_first_time_it_begins_with_what_comes() {
    let vault = Vault::at(Step::Closed);
    let receiver = Receiver::new(|_| Reply::Status(200));
    let served = Served::start(&vault.ledger, &receiver.arguments(&vault.folder));
    served.readiness(200);
    vault.done("settle");
    assert_eq!(kinds(&receiver.wait(1)), ["settled"]);
    drop(served);
    fs::remove_file(vault.folder.join("serve.state")).unwrap();
    let more = format!("{} --from-start", receiver.arguments(&vault.folder));
    let _served = Served::start(&vault.ledger, &more);
    assert_eq!(kinds(&receiver.wait(3)), ["settled", "closed", "settled"]);
}

/// A receiver that fails in many ways before it says yes, and what was asked of it.
fn stubborn(replies: Vec<Reply>) -> (Receiver, Vault, Served) {
    let vault = Vault::at(Step::Closed);
    let count = replies.len();
    let receiver = Receiver::new(move |before| replies.get(before).cloned().unwrap_or(Reply::Status(204)));
    let more = format!("{} --webhook-timeout 1", receiver.arguments(&vault.folder));
    let served = Served::start(&vault.ledger, &more);
    served.readiness(200);
    vault.done("settle");
    for attempt in 0..=count {
        receiver.wait(attempt + 1);
        // Whatever the receiver does, the service answers.
        assert_eq!(served.get("/healthz").status, 200);
        assert_eq!(served.get("/readyz").status, 200);
    }
    served.reaches("fairshare_webhook_queue", 0.0);
    served.reaches("fairshare_webhook_failures_total{kind=\"settled\"}", count as f64);
    served.reaches("fairshare_webhook_attempts_total{kind=\"settled\"}", count as f64 + 1.0);
    served.reaches("fairshare_webhook_deliveries_total{kind=\"settled\"}", 1.0);
    let deliveries = receiver.received();
    assert_eq!(deliveries.len(), count + 1, "delivered after it was accepted");
    for delivery in &deliveries {
        assert_signed(delivery);
        assert_eq!(delivery.bytes, deliveries[0].bytes, "each attempt says the same");
    }
    (receiver, vault, served)
}

#[test]
fn a_receiver_that_fails_or_hangs_is_tried_again() {
    let (_, _, served) = stubborn(vec![Reply::Status(500), Reply::Hang, Reply::Close]);
    let (_, log) = served.stop("TERM");
    for reason in ["\"status\":500", "no answer in time"] {
        assert!(log.contains(reason), "{reason}: {log}");
    }
}

#[test]
fn a_receiver_that_refuses_or_speaks_something_else_is_tried_again() {
    stubborn(vec![Reply::Status(410), Reply::Garbage, Reply::Status(199)]);
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::new(|_| Reply::Status(200));
    stubborn([301, 303, 307].map(|status| Reply::Redirect(status, elsewhere.url.clone())).to_vec());
    assert!(elsewhere.received().is_empty());
}

/// Only the status counts, and the rest of an answer is never waited for, nor kept.
#[test]
fn an_answer_without_end_is_left() {
    let vault = Vault::at(Step::Closed);
    let receiver = Receiver::new(|_| Reply::Endless);
    let served = Served::start(&vault.ledger, &receiver.arguments(&vault.folder));
    served.readiness(200);
    vault.done("settle");
    served.reaches("fairshare_webhook_deliveries_total{kind=\"settled\"}", 1.0);
    served.reaches("fairshare_webhook_queue", 0.0);
    assert_eq!(receiver.received().len(), 1);
}

/// One that never says yes is tried ever more seldom, keeps its place, and keeps nobody else waiting.
#[test]
fn a_receiver_that_always_fails_stops_nothing() {
    let vault = Vault::at(Step::Closed);
    let is_finding = |delivery: &Delivery| delivery.text("kind") == "difference";
    let receiver =
        Receiver::answering(
            move |_, delivery| {
                if is_finding(delivery) { Reply::Status(200) } else { Reply::Status(404) }
            },
        );
    let more = format!("{} --audit-every 1", receiver.arguments(&vault.folder));
    let served = Served::start(&vault.ledger, &more);
    served.readiness(200);
    vault.done("settle");
    receiver.wait(4);
    let cursor = state(&vault.folder)["cursor"].clone();
    alter(&vault.ledger, "UPDATE files SET content = x'00' WHERE entry = 1 AND name = 'policy.toml'");
    until("a difference", || receiver.received().iter().find(|delivery| is_finding(delivery)).cloned());
    assert_eq!(served.metric("fairshare_webhook_queue"), Some(1.0));
    assert_eq!(served.get("/healthz").status, 200);
    assert_eq!(state(&vault.folder)["cursor"], cursor, "it moved without a yes");
}

#[test]
fn what_an_audit_finds_is_told_once_until_it_is_another() {
    let vault = Vault::at(Step::Settled);
    let receiver = Receiver::new(|_| Reply::Status(200));
    let more = format!("{} {} --audit-every 1", receiver.arguments(&vault.folder), parameters());
    let served = Served::start(&vault.ledger, &more);
    served.reaches("fairshare_audit_differences", 0.0);
    let audits = |more: f64| {
        let now = served.metric("fairshare_audits_total").unwrap();
        until("audits", || served.metric("fairshare_audits_total").filter(|audits| *audits >= now + more));
    };
    let sound = fs::read(&vault.ledger).unwrap();
    let settled = "UPDATE entries SET content = replace(content, '\"total\":\"', '\"total\":\"1') \
                   WHERE kind = 'settled'";
    alter(&vault.ledger, settled);
    let told = receiver.wait(1).remove(0);
    assert_signed(&told);
    let body = told.body();
    assert_eq!(
        (&body["kind"], &body["epoch"], &body["hash"]),
        (&"difference".into(), &Value::Null, &Value::Null)
    );
    let findings = body["findings"].as_array().expect("a list");
    assert!(
        !findings.is_empty() && findings.iter().all(|line| line.as_str().unwrap().contains("epoch 2013"))
    );
    let found = findings.len() as f64 + body["more_findings"].as_f64().unwrap();
    served.reaches("fairshare_audit_differences", found);
    // Ready all the same, and it says so.
    let ready = served.readiness(200);
    assert_eq!(ready["differences"].as_f64(), Some(found));
    audits(3.0);
    assert_eq!(receiver.received().len(), 1, "told again");
    // Put in order, and altered as at first: that is told again, under an id of its own.
    replace(&vault.ledger, &sound);
    served.reaches("fairshare_audit_differences", 0.0);
    alter(&vault.ledger, settled);
    let again = receiver.wait(2).remove(1);
    assert_eq!(again.body()["findings"], body["findings"]);
    assert_ne!(again.text("id"), told.text("id"));
    // Another finding is another set.
    alter(&vault.ledger, "UPDATE files SET content = x'00' WHERE name = 'units.csv'");
    let other = receiver.wait(3).remove(2);
    assert_ne!(other.text("id"), again.text("id"));
    assert_ne!(other.body()["findings"], body["findings"]);
    let (_, log) = served.stop("TERM");
    assert!(log.contains("difference: the ledger is not what it should be"), "{log}");
}

/// What cannot even be gone through is a difference, too.
#[test]
fn an_entry_that_is_missing_or_cannot_be_read_is_told() {
    for (sql, part) in [
        ("DELETE FROM entries WHERE id = 2", "entry 2 is missing"),
        ("UPDATE entries SET content = '{}' WHERE id = 2", "an entry that is none"),
    ] {
        let vault = Vault::at(Step::Settled);
        let receiver = Receiver::new(|_| Reply::Status(200));
        alter(&vault.ledger, sql);
        let _served = Served::start(&vault.ledger, &receiver.arguments(&vault.folder));
        let told = receiver.wait(1).remove(0);
        assert!(told.body()["findings"][0].as_str().unwrap().contains(part), "{}", told.body());
    }
}

#[test]
fn a_ledger_that_was_restored_from_an_older_copy_is_told() {
    let vault = Vault::at(Step::Closed);
    let older = fs::read(&vault.ledger).unwrap();
    let receiver = Receiver::new(|_| Reply::Status(200));
    let arguments = format!("{} --from-start", receiver.arguments(&vault.folder));
    let served = Served::start(&vault.ledger, &arguments);
    served.readiness(200);
    vault.done("settle");
    let first = receiver.wait(2);
    served.reaches("fairshare_webhook_queue", 0.0);
    replace(&vault.ledger, &older);
    let told = until("a difference", || {
        receiver.received().into_iter().find(|delivery| delivery.text("kind") == "difference")
    });
    let entry = first[1].body()["entry"].as_u64().unwrap();
    let finding = told.body()["findings"][0].as_str().unwrap().to_owned();
    assert!(finding.contains(&format!("entry {entry} had head {}", first[1].text("head"))), "{finding}");
    assert!(finding.contains(&format!("ends with entry {}", entry - 1)), "{finding}");
    served.reaches("fairshare_ledger_replaced_total", 1.0);
    // What it holds is told again, under the same id; and what comes is told, under its own.
    until("closed again", || {
        (receiver.received().iter().filter(|delivery| delivery.bytes == first[0].bytes).count() == 2)
            .then_some(())
    });
    drop(served);
    // An entry of another time has another hash: the service is not there to see the ledger in between.
    std::thread::sleep(Duration::from_millis(1_100));
    vault.done("settle");
    let _served = Served::start(&vault.ledger, &arguments);
    until("settled anew", || {
        let settled: Vec<_> =
            receiver.received().into_iter().filter(|delivery| delivery.text("kind") == "settled").collect();
        (settled.len() == 2 && settled[0].text("id") != settled[1].text("id")).then_some(())
    });
}

/// While the service was away, the ledger was replaced by another copy that is as long.
#[test]
fn another_history_in_the_same_place_is_told() {
    let vault = Vault::at(Step::Closed);
    let older = fs::read(&vault.ledger).unwrap();
    let receiver = Receiver::new(|_| Reply::Status(200));
    let served = Served::start(&vault.ledger, &receiver.arguments(&vault.folder));
    served.readiness(200);
    vault.done("settle");
    receiver.wait(1);
    served.reaches("fairshare_webhook_queue", 0.0);
    served.stop("TERM");
    replace(&vault.ledger, &older);
    std::thread::sleep(Duration::from_millis(1_100));
    vault.done("settle");
    let _served = Served::start(&vault.ledger, &receiver.arguments(&vault.folder));
    let all = receiver.wait(3);
    let difference = all.iter().find(|delivery| delivery.text("kind") == "difference").expect("a difference");
    let settled: Vec<_> = all.iter().filter(|delivery| delivery.text("kind") == "settled").collect();
    let finding = difference.body()["findings"][0].as_str().unwrap().to_owned();
    assert!(
        finding.contains(&settled[0].text("head")) && finding.contains(&settled[1].text("head")),
        "{finding}"
    );
    assert_ne!(settled[0].text("id"), settled[1].text("id"));
}

#[test]
fn a_state_is_one_vaults_and_one_services() {
    let (vault, other) = (Vault::at(Step::Settled), Vault::new());
    let receiver = Receiver::new(|_| Reply::Status(200));
    let arguments = receiver.arguments(&vault.folder);
    let line = |ledger: &str| format!("vault serve --ledger {ledger} --listen 127.0.0.1:0 {arguments}");
    let served = Served::start(&vault.ledger, &arguments);
    served.readiness(200);
    refused(&line(&vault.ledger)).fails(2, &["another service uses this state"]);
    // Another vault on the same place is not told as if it were this one.
    let policy = policy(&other.folder, &[("chain_id = 31337", "chain_id = 7")]);
    other.done(&format!("init --policy {policy} --params {}", prepared().params));
    let own = fs::read(&vault.ledger).unwrap();
    replace(&vault.ledger, &fs::read(&other.ledger).unwrap());
    let told = served.readiness(503).to_string();
    assert!(told.contains("on chain 7; give each ledger a state of its own"), "{told}");
    replace(&vault.ledger, &own);
    served.readiness(200);
    served.stop("TERM");
    refused(&line(&other.ledger)).fails(2, &["the state is of vault", "give each ledger a state of its own"]);
    let state = vault.folder.join("serve.state");
    for (text, part) in [
        ("", "this is not the state of a service"),
        ("{}", "this is not the state of a service"),
        ("{\"version\": 1}", "this is not the state of a service"),
        ("{\"version\": 2, \"news\": []}", "the state has version 2"),
    ] {
        fs::write(&state, text).unwrap();
        refused(&line(&vault.ledger)).fails(2, &[part]);
        assert_eq!(fs::read_to_string(&state).unwrap(), text, "a state that is refused is left as it is");
    }
    // The ledger is never written over.
    let line = line(&vault.ledger).replace(&show(&state), &vault.ledger);
    refused(&line).fails(2, &["this output would replace a file that the command reads"]);
}

#[test]
fn a_webhook_needs_a_secret_a_state_and_a_url() {
    let vault = Vault::at(Step::Open);
    let run = |more: &str| refused(&vault.line(&format!("serve --listen 127.0.0.1:0 {more}")));
    let (url, secret, state) =
        ("https://example.org/T0KEN", write(&vault.folder, "s", SECRET), vault.path("state"));
    run(&format!("--webhook {url}")).fails(2, &["--webhook-secret-file", "--state"]);
    run(&format!("--webhook {url} --webhook-secret-file {secret}")).fails(2, &["--state"]);
    run(&format!("--webhook {url} --state {state}")).fails(2, &["--webhook-secret-file"]);
    let short = write(&vault.folder, "short", format!("{}\n", "x".repeat(31)));
    run(&format!("--webhook {url} --webhook-secret-file {short} --state {state}"))
        .fails(2, &["the webhook's secret has 31 bytes; it needs 32 at least"]);
    for url in ["https://u:T0KEN@example.org/", "https:/T0KEN", "ftp://example.org/T0KEN"] {
        let ran = run(&format!("--webhook {url} --webhook-secret-file {secret} --state {state}"));
        ran.fails(2, &["the webhook"]);
        assert!(!ran.stderr.contains("T0KEN"), "{}", ran.stderr);
    }
}

/// Neither the secret nor what stands in the URL behind its host is ever printed, not even by libraries.
#[test]
fn no_secret_is_printed() {
    let vault = Vault::at(Step::Settled);
    let receiver = Receiver::new(|before| if before == 0 { Reply::Status(500) } else { Reply::Close });
    let arguments = receiver.arguments(&vault.folder);
    let url = format!("{}/T0KEN?key=QUERY", receiver.url);
    for level in ["trace", "info"] {
        let _ = fs::remove_file(vault.folder.join("serve.state"));
        let mut program = program();
        program.env("FAIRSHARE_WEBHOOK", &url);
        let arguments = arguments.replace(&format!("--webhook {}", receiver.url), "");
        let more = format!("{arguments} --from-start --log-level {level}");
        let before = receiver.received().len();
        let served = Served::start_as(program, &vault.ledger, &more);
        let deliveries = receiver.wait(before + 2);
        assert_eq!(deliveries[before].path, "/hook/T0KEN?key=QUERY");
        let answered = ["/healthz", "/readyz", "/metrics"].map(|path| served.get(path).body).concat();
        let (_, log) = served.stop("TERM");
        assert!(log.contains("delivery failed"), "{log}");
        for secret in [SECRET, "T0KEN", "QUERY"] {
            assert!(!log.contains(secret) && !answered.contains(secret), "{secret}: {log}{answered}");
        }
    }
}

/// Kills the service at seeded moments around each delivery: before it is answered, just when it is, and
/// while the service starts. Whatever was on record is delivered all the same, and what is delivered again
/// says the same under the same id.
#[test]
fn killed_at_any_moment_it_leaves_nothing_out() {
    let kills: usize = std::env::var("FAIRSHARE_KILLS").map_or(20, |text| text.parse().expect("a number"));
    let seed = std::env::var("FAIRSHARE_SEED").map_or(1, |text| text.parse().expect("a number"));
    let random = Arc::new(Mutex::new(Random(seed)));
    let killed = Arc::new(AtomicUsize::new(0));
    // A service that has begun, before anything is closed.
    let begun = Vault::at(Step::Submitted);
    let settled = Vault::at(Step::Settled);
    // The settlement is its last entry.
    let last = settled.status()["entries"].as_u64();
    let (mut rounds, mut repeats) = (0, 0);
    while killed.load(Ordering::SeqCst) < kills {
        rounds += 1;
        let folder = folder();
        let ledger = show(&folder.join("vault.ledger"));
        fs::copy(&begun.ledger, &ledger).unwrap();
        let victim = Arc::new(AtomicU32::new(0));
        let accepted = Arc::new(Mutex::new(BTreeMap::<String, Vec<Vec<u8>>>::new()));
        let receiver = {
            let (random, killed, victim, accepted) =
                (Arc::clone(&random), Arc::clone(&killed), Arc::clone(&victim), Arc::clone(&accepted));
            Receiver::answering(move |_, delivery| {
                assert_signed(delivery);
                accepted.lock().unwrap().entry(delivery.text("id")).or_default().push(delivery.bytes.clone());
                let moment = random.lock().unwrap().below(5);
                let pid = victim.load(Ordering::SeqCst).to_string();
                let killed = Arc::clone(&killed);
                let kill = move || {
                    killed.fetch_add(1, Ordering::SeqCst);
                    let _ = Command::new("kill").args(["-KILL", &pid]).status();
                };
                match moment {
                    // It was received, and its sender never hears of it.
                    0 | 1 => {
                        kill();
                        Reply::Close
                    }
                    // Between the answer and the cursor.
                    2 => {
                        let pause = random.lock().unwrap().below(3_000);
                        std::thread::spawn(move || {
                            std::thread::sleep(Duration::from_micros(pause));
                            kill();
                        });
                        Reply::Status(200)
                    }
                    _ => Reply::Status(200),
                }
            })
        };
        let arguments = receiver.arguments(&folder);
        let first = Served::start(&ledger, &arguments);
        first.readiness(200);
        drop(first);
        fs::copy(&settled.ledger, &ledger).unwrap();
        loop {
            let mut served = Served::start(&ledger, &arguments);
            victim.store(served.id(), Ordering::SeqCst);
            if random.lock().unwrap().below(3) == 0 {
                let pause = random.lock().unwrap().below(200);
                std::thread::sleep(Duration::from_millis(pause));
                killed.fetch_add(1, Ordering::SeqCst);
                continue;
            }
            let end = until("the end of this run", || {
                if !served.is_running() {
                    return Some(false);
                }
                let cursor = state(&folder)["cursor"]["entry"].as_u64();
                (cursor == last).then_some(true)
            });
            if end {
                break;
            }
        }
        let accepted = accepted.lock().unwrap();
        let kinds: Vec<_> = accepted.keys().map(|id| id.split('-').next().unwrap()).collect();
        assert_eq!(kinds, ["closed", "settled"], "seed {seed}, round {rounds}");
        for (id, bodies) in accepted.iter() {
            assert!(bodies.iter().all(|body| body == &bodies[0]), "{id} says different things");
            repeats += bodies.len() - 1;
        }
    }
    let killed = killed.load(Ordering::SeqCst);
    assert!(repeats > 0, "no kill fell between a delivery and the cursor");
    println!(
        "seed {seed}: {killed} kills in {rounds} rounds, {repeats} deliveries repeated, nothing left out"
    );
}
