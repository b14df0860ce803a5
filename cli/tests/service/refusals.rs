//! What is refused, with which status, and how a service is watched.

use fairshare_proving::proto::v1::submit_request::Part;
use fairshare_proving::proto::v1::{FetchRequest, File, Header, State};
use tonic::Code;

use super::support::*;
use super::world::*;

#[test]
fn what_cannot_be_used_is_refused_before_there_is_a_job() {
    let state = folder().join("state");
    let service = Service::start(&state, "--max-upload 1MiB --metrics 127.0.0.1:0");
    let mut client = service.client();
    let bytes = records(1);
    let head = |header: Header| Some(Part::Header(header));
    let chunk = |bytes: &[u8]| Some(Part::Chunk(bytes.to_vec()));
    let cases: Vec<(&str, Vec<Option<Part>>, Code, &str)> = vec![
        ("nothing", vec![], Code::InvalidArgument, "header"),
        ("no header", vec![chunk(&bytes)], Code::InvalidArgument, "header"),
        ("two headers", vec![head(header()), head(header())], Code::InvalidArgument, "header"),
        ("no records", vec![head(header())], Code::InvalidArgument, "no records"),
        ("an empty message", vec![head(header()), None], Code::InvalidArgument, "empty"),
        (
            "another policy",
            vec![head(Header { policy: "other".into(), ..header() })],
            Code::InvalidArgument,
            "there are: policy-compact",
        ),
        (
            "no address",
            vec![head(Header { contributor: "0x12".into(), ..header() })],
            Code::InvalidArgument,
            "0x and 40",
        ),
        ("text", vec![head(header()), chunk(b"carrier,dest\n")], Code::InvalidArgument, "Arrow"),
        ("a part", vec![head(header()), chunk(&[0xff, 0xff])], Code::InvalidArgument, "Arrow"),
        (
            "another size",
            vec![head(Header { size: 7, ..header() }), chunk(&bytes)],
            Code::InvalidArgument,
            "promised 7",
        ),
        (
            "less than was promised",
            vec![head(Header { size: bytes.len() as u64 + 1, ..header() }), chunk(&bytes)],
            Code::InvalidArgument,
            "promised",
        ),
        (
            "too long a promise",
            vec![head(Header { size: 2 << 20, ..header() }), chunk(&bytes)],
            Code::ResourceExhausted,
            "--max-upload",
        ),
        (
            "files where there may be none",
            vec![head(Header { files: vec!["a.csv".into()], ..header() })],
            Code::PermissionDenied,
            "--files",
        ),
    ];
    for (name, parts, code, part) in cases {
        let refused = client.send(parts).expect_err(name);
        assert_eq!(refused.code(), code, "{name}: {refused}");
        assert!(refused.message().contains(part), "{name}: {refused}");
    }
    // More than may come, in pieces that are each small.
    let long = client.submit_as(header(), &records(40), 1 << 16).expect_err("too long");
    assert_eq!((long.code(), long.message().contains("--max-upload")), (Code::ResourceExhausted, true));
    // A table without the policy's columns.
    let other = arrow_array::RecordBatch::try_from_iter([(
        "x",
        std::sync::Arc::new(arrow_array::Int32Array::from(vec![1])) as arrow_array::ArrayRef,
    )])
    .expect("a table");
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &other.schema()).expect("a writer");
    writer.write(&other).expect("a batch");
    let refused = client.submit_as(header(), &writer.into_inner().expect("bytes"), 100).expect_err("columns");
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("carrier") && refused.message().contains("the stream"), "{refused}");
    assert!(!refused.message().contains("incoming") && !refused.message().contains(".arrows"), "{refused}");
    assert!(client.list(0, 0).is_empty(), "nothing of that is a job");
    assert_eq!(files(&state.join("incoming")).len() + files(&state.join("jobs")).len(), 0);
    let metrics = service.get("/metrics");
    let line = "fairshare_proving_refused_total{status=\"resource_exhausted\"} 2";
    assert!(metrics.contains(line), "{metrics}");
}

#[test]
fn an_upload_that_is_cut_off_leaves_nothing() {
    let state = folder().join("state");
    let service = Service::start(&state, "--max-jobs 1");
    let client = service.client();
    let (give, take) = tokio::sync::mpsc::channel(4);
    let bytes = records(20);
    let mut inner = client.inner.clone();
    let sent = client.runtime.block_on(async {
        let messages = tokio_stream::wrappers::ReceiverStream::new(take);
        let call = tokio::spawn(async move { inner.submit(messages).await });
        for part in [Part::Header(header()), Part::Chunk(bytes[..100_000].to_vec())] {
            give.send(fairshare_proving::proto::v1::SubmitRequest { part: Some(part) }).await.expect("sent");
        }
        while files(&state.join("incoming")).values().sum::<u64>() < 100_000 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        // The one place is taken.
        let refused = service.client_in(client.inner.clone()).await;
        call.abort();
        drop(give);
        refused
    });
    assert_eq!(sent.code(), Code::ResourceExhausted, "{sent}");
    assert!(sent.message().contains("--max-jobs"), "{sent}");
    drop(client);
    let mut client = service.client();
    let begun = std::time::Instant::now();
    while !files(&state.join("incoming")).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "what came is still there");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(client.list(0, 0).is_empty());
    // And its place is free.
    let job = client.submit(&records(1)).job.expect("a job");
    assert_eq!(client.end(&job.id).state(), State::Done);
}

impl Service {
    /// What a submission is answered now.
    async fn client_in(
        &self,
        mut inner: fairshare_proving::proto::v1::prover_client::ProverClient<tonic::transport::Channel>,
    ) -> tonic::Status {
        let part = Some(Part::Header(header()));
        let messages = tokio_stream::iter([fairshare_proving::proto::v1::SubmitRequest { part }]);
        inner.submit(messages).await.expect_err("refused")
    }
}

#[test]
fn jobs_that_are_not_there_are_named() {
    let service = Service::start(&folder().join("state"), "");
    let mut client = service.client();
    let absent = "0".repeat(64);
    assert_eq!(client.cancel(&absent).expect_err("none").code(), Code::NotFound);
    for id in ["", "x", "../../etc", &"F".repeat(64)] {
        assert_eq!(client.cancel(id).expect_err("none").code(), Code::InvalidArgument, "{id}");
    }
    assert_eq!(client.fetch(&absent, File::Bundle).expect_err("none").code(), Code::NotFound);
    let job = client.submit(&records(1)).job.expect("a job");
    let which = FetchRequest { id: job.id.clone(), file: 77 };
    let refused = client.runtime.block_on(client.inner.fetch(which)).expect_err("none");
    assert_eq!(refused.code(), Code::InvalidArgument);
    client.end(&job.id);
    // A job that has ended stays as it is.
    assert_eq!(client.cancel(&job.id).expect("a job").state(), State::Done);
}

#[test]
fn another_service_and_a_folder_that_others_enter_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let state = folder.join("state");
    let service = Service::start(&state, "");
    let common = prepared().common();
    let line = |state: &std::path::Path, socket: &str| {
        format!("serve {common} --state {} --socket {}", show(state), show(&folder.join(socket)))
    };
    fairshare(&line(&state, "b.sock")).fails(2, &["another service uses this state folder"]);
    fairshare(&line(&folder.join("b"), "state.sock")).fails(2, &["another program uses this socket"]);
    // A socket of another kind is somebody's, too, though it takes no connection of this kind.
    let _bound = std::os::unix::net::UnixDatagram::bind(folder.join("d.sock")).expect("a socket");
    fairshare(&line(&folder.join("d"), "d.sock")).fails(2, &["another program uses this socket"]);
    // The socket that a killed service leaves is in nobody's way.
    service.kill();
    let service = Service::start(&state, "");
    drop(service);
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o750)).expect("chmod");
    fairshare(&line(&state, "c.sock")).fails(2, &["chmod 700"]);
}

fn channel(service: &Service, client: &Client) -> tonic::transport::Channel {
    let _entered = client.runtime.enter();
    let place = service.said["listen"].as_str().unwrap().to_owned();
    tonic::transport::Endpoint::from_shared(place).expect("a place").connect_lazy()
}

/// What the health service says of all of it, and of the prover.
fn serving(service: &Service, client: &Client) -> [i32; 2] {
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;
    let mut health = HealthClient::new(channel(service, client));
    ["", "fairshare.v1.Prover"].map(|service| {
        let request = HealthCheckRequest { service: service.to_owned() };
        client.runtime.block_on(health.check(request)).expect("an answer").into_inner().status
    })
}

#[test]
fn health_readiness_metrics_and_the_description_are_told() {
    let service = Service::start(&folder().join("state"), "--metrics 127.0.0.1:0");
    let mut client = service.client();
    // Keys are made first, which takes longer than to ask; records are taken meanwhile.
    assert_eq!(serving(&service, &client), [2, 2], "not yet serving");
    let early = service.get("/readyz");
    assert!(early.starts_with("HTTP/1.1 503") && early.contains("\"ready\":false"), "{early}");
    assert!(service.get("/healthz").contains("\"healthy\":true"));
    let job = client.submit(&records(1)).job.expect("a job");
    client.end(&job.id);
    assert!(service.get("/readyz").contains("\"ready\":true"));
    assert!(service.get("/healthz").contains("\"healthy\":true"));
    let metrics = service.get("/metrics");
    let (_, text) = metrics.split_once("\r\n\r\n").expect("a body");
    let lines = text.lines().map(|line| Ok::<_, std::io::Error>(line.to_owned()));
    let scrape = prometheus_parse::Scrape::parse(lines).expect("metrics");
    assert!(scrape.samples.len() > 15, "{text}");
    assert!(text.contains("fairshare_proving_jobs_ended_total{state=\"done\"} 1"), "{text}");
    assert_eq!(serving(&service, &client), [1, 1], "serving");
    let channel = channel(&service, &client);
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::{ServerReflectionRequest, server_reflection_response::MessageResponse};
    let request = MessageRequest::FileContainingSymbol("fairshare.v1.Prover".to_owned());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(request) };
    let answer = client.runtime.block_on(async {
        let mut reflection = ServerReflectionClient::new(channel);
        let answers = reflection.server_reflection_info(tokio_stream::iter([request])).await;
        answers.expect("answers").into_inner().message().await.expect("an answer").expect("one")
    });
    let described = matches!(
        answer.message_response,
        Some(MessageResponse::FileDescriptorResponse(ref found)) if !found.file_descriptor_proto.is_empty()
    );
    assert!(described, "{answer:?}");
}

#[test]
fn metrics_that_other_machines_can_reach_are_warned_of() {
    let warning = "other machines can reach the metrics";
    for (address, is_warned) in [("127.0.0.1:0", false), ("0.0.0.0:0", true)] {
        let service = Service::start(&folder().join("state"), &format!("--metrics {address}"));
        assert!(service.client().list(0, 0).is_empty());
        assert_eq!(service.log().contains(warning), is_warned, "{address}: {}", service.log());
    }
}
