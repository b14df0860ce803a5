//! Files that are named in place of a stream: what was submitted is what is proved, and nobody reads others.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fairshare_proving::proto::v1::submit_request::Part;
use fairshare_proving::proto::v1::{Header, Job, State, SubmitRequest, SubmitResponse};
use tonic::{Code, Status};

use super::support::*;
use super::world::*;

fn sample() -> String {
    fs::read_to_string(examples().join("flights-2000.csv")).expect("the sample")
}

/// A folder of files, and a service that takes them.
fn begun(more: &str) -> (PathBuf, Service, Client) {
    let folder = folder();
    let data = folder.join("data");
    fs::create_dir(&data).unwrap();
    let service = Service::start(&folder.join("state"), &format!("--files {} {more}", show(&data)));
    let client = service.client();
    (data, service, client)
}

fn name(client: &mut Client, names: &[&str]) -> Result<SubmitResponse, Status> {
    let files = names.iter().map(|name| (*name).to_owned()).collect();
    client.submit_as(Header { files, ..header() }, &[], 1)
}

fn job(client: &mut Client, file: &str) -> Job {
    name(client, &[file]).expect("it is taken").job.expect("a job")
}

fn incoming(data: &Path) -> usize {
    files(&data.with_file_name("state").join("incoming")).len()
}

#[test]
fn what_was_submitted_is_proved_whatever_becomes_of_the_files() {
    let (data, _service, mut client) = begun("");
    let (whole, outside) = (sample(), data.with_file_name("outside.csv"));
    let lines: Vec<_> = whole.lines().collect();
    let other = [&lines[..1], &[lines[1]; 900][..]].concat().join("\n");
    fs::write(&outside, &other).unwrap();
    fs::write(data.join("a.csv"), &whole).unwrap();
    let honest = client.submit(&records(1)).job.expect("a job");
    let score = client.end(&honest.id).proved.expect("proved").score;
    // While another job is worked on, one file is overwritten, and one becomes a link to what is elsewhere.
    let busy = client.submit(&records(60)).job.expect("a job");
    let first = job(&mut client, "a.csv");
    fs::write(data.join("a.csv"), &other).unwrap();
    fs::write(data.join("b.csv"), &whole).unwrap();
    let second = job(&mut client, "b.csv");
    fs::remove_file(data.join("b.csv")).unwrap();
    symlink(&outside, data.join("b.csv")).unwrap();
    client.cancel(&busy.id).expect("a job");
    for id in [&first.id, &second.id] {
        let done = client.end(id);
        assert_eq!(done.state(), State::Done, "{done:?}");
        assert_eq!(done.committed.expect("committed").records, 2_000);
        assert_eq!(done.proved.expect("proved").score, score, "that of what was submitted");
    }
    // The other content is another job, and the first content is the one that is there.
    let third = job(&mut client, "a.csv");
    assert_ne!(third.id, first.id);
    assert_eq!(client.end(&third.id).committed.expect("committed").records, 900);
    fs::write(data.join("a.csv"), &whole).unwrap();
    let again = name(&mut client, &["a.csv"]).expect("it is taken");
    assert!(again.known && again.job.expect("a job").id == first.id);
    let kept = files(&data.with_file_name("state"));
    assert!(kept.keys().all(|path| !path.ends_with("a.csv") && !path.ends_with("b.csv")), "{kept:?}");
}

#[test]
fn an_error_has_a_files_own_name_and_a_folders_name_is_a_column() {
    let (data, service, mut client) = begun("");
    let whole = sample();
    let lines: Vec<Vec<_>> = whole.lines().map(|line| line.split(',').collect()).collect();
    let at = lines[0].iter().position(|column| *column == "carrier").expect("a column");
    let without = |line: &Vec<&str>| [&line[..at], &line[at + 1..]].concat().join(",");
    let without = lines.iter().map(without).collect::<Vec<_>>().join("\n");
    fs::create_dir(data.join("carrier=DL")).unwrap();
    fs::write(data.join("carrier=DL/a.csv"), &without).unwrap();
    fs::write(data.join("without.csv"), &without).unwrap();
    let of_folder = job(&mut client, "carrier=DL/a.csv");
    assert_eq!(client.end(&of_folder.id).state(), State::Done);
    let refused = name(&mut client, &["without.csv"]).expect_err("a column is missing");
    assert!(refused.message().contains("without.csv") && refused.message().contains("carrier"), "{refused}");
    assert!(!refused.message().contains("incoming") && !refused.message().contains('…'), "{refused}");
    // A cell that is no number is told, since it is of the file that was submitted.
    let broken = whole + "x,x,x,x,x,x,x,x,x,x\n";
    fs::write(data.join("broken.csv"), broken).unwrap();
    let failed = job(&mut client, "broken.csv");
    let failed = client.end(&failed.id);
    assert_eq!(failed.state(), State::Failed, "{failed:?}");
    assert!(failed.error.contains("broken.csv") && !failed.error.contains("/jobs/"), "{}", failed.error);
    assert!(!service.log().contains("broken.csv"), "that is for who submitted it");
}

#[test]
fn what_is_no_file_below_the_folder_is_refused_alike() {
    let (data, _service, mut client) = begun("");
    let outside = data.with_file_name("secret.csv");
    fs::write(&outside, "x\n1\n").unwrap();
    fs::create_dir(data.join("folder")).unwrap();
    fs::write(data.join("a.csv"), sample()).unwrap();
    symlink(&outside, data.join("link.csv")).unwrap();
    symlink(data.join("a.csv"), data.join("within.csv")).unwrap();
    symlink(data.with_file_name(""), data.join("up")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(data.join("pipe.csv")).status().unwrap().success());
    let names = [
        "../secret.csv",
        "link.csv",
        "within.csv",
        "up/secret.csv",
        "up/data/a.csv",
        "/etc/passwd",
        "absent.csv",
        "absent/a.csv",
        "a.csv/b.csv",
        "",
        "*.csv",
        ".",
        "folder",
        "pipe.csv",
        "a\0.csv",
    ];
    let mut answers = std::collections::BTreeSet::new();
    for given in names {
        let refused = name(&mut client, &[given]).expect_err(given);
        assert_eq!(refused.code(), Code::PermissionDenied, "{given}: {refused}");
        let (_, rest) = refused.message().rsplit_once("` ").expect("a name in quotes");
        answers.insert(rest.to_owned());
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(incoming(&data), 0);
}

#[test]
fn files_are_bounded_like_a_stream() {
    let (data, _service, mut client) = begun("--max-upload 256KiB");
    let whole = sample();
    assert!(whole.len() > 1 << 16 && whole.len() < 1 << 17, "{}", whole.len());
    for index in 0..5 {
        fs::write(data.join(format!("{index}.csv")), &whole).unwrap();
    }
    let long = name(&mut client, &["0.csv", "1.csv", "2.csv", "3.csv", "4.csv"]).expect_err("too much");
    assert_eq!((long.code(), long.message().contains("--max-upload")), (Code::ResourceExhausted, true));
    let twice = name(&mut client, &["0.csv", "./0.csv"]).expect_err("a dot");
    assert_eq!(twice.code(), Code::PermissionDenied, "{twice}");
    let twice = name(&mut client, &["0.csv", "0.csv"]).expect_err("twice");
    assert!(twice.code() == Code::InvalidArgument && twice.message().contains("twice"), "{twice}");
    let many = name(&mut client, &["0.csv"; 1_001]).expect_err("too many");
    assert!(many.code() == Code::InvalidArgument && many.message().contains("1000 files"), "{many}");
    let deep = name(&mut client, &["x/".repeat(600).as_str()]).expect_err("a long name");
    assert!(deep.code() == Code::InvalidArgument && deep.message().contains("1024 bytes"), "{deep}");
    assert_eq!(incoming(&data), 0, "nothing of that is left");
    let two = name(&mut client, &["0.csv", "1.csv"]).expect("it is taken").job.expect("a job");
    assert_eq!(client.end(&two.id).committed.expect("committed").records, 4_000);
}

#[test]
fn copying_ends_when_who_asked_for_it_has_gone() {
    let (data, service, client) = begun("--max-jobs 1 --max-upload 64GiB");
    // Nothing on the disk, and far longer to copy than is waited here.
    fs::File::create(data.join("long.csv")).unwrap().set_len(12 << 30).unwrap();
    let mut inner = client.inner.clone();
    client.runtime.block_on(async {
        let part = Some(Part::Header(Header { files: vec!["long.csv".to_owned()], ..header() }));
        let messages = tokio_stream::iter([SubmitRequest { part }]);
        let call = tokio::spawn(async move { inner.submit(messages).await });
        while incoming(&data) == 0 {
            assert!(!call.is_finished(), "{:?}", call.await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        call.abort();
    });
    drop(client);
    let gone = Instant::now();
    let mut client = service.client();
    let taken = loop {
        match client.submit_as(header(), &records(1), 1 << 16) {
            Err(busy) if busy.code() == Code::ResourceExhausted => {}
            taken => break taken,
        }
        assert!(gone.elapsed() < Duration::from_secs(2), "the place is still taken");
        std::thread::sleep(Duration::from_millis(50));
    };
    let taken = taken.expect("it is taken").job.expect("a job");
    assert_eq!(incoming(&data), 0);
    assert_eq!(client.end(&taken.id).state(), State::Done);
}

#[test]
fn the_state_folder_and_the_folder_of_files_are_apart() {
    let folder = folder();
    let common = prepared().common();
    for (state, data) in [("a", "a"), ("b/state", "b"), ("c", "c/data")] {
        let (state, data) = (folder.join(state), folder.join(data));
        fs::create_dir_all(&data).unwrap();
        let _ = fs::set_permissions(&state, std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let socket = show(&folder.join("socket"));
        let line =
            format!("serve {common} --state {} --files {} --socket {socket}", show(&state), show(&data));
        fairshare(&line).fails(2, &["must not lie one within the other"]);
    }
}
