//! The job files of docs/cluster.md: what a cluster would make of them.

use yaml_rust2::{Yaml, YamlLoader};

use super::read;

fn job() -> Yaml {
    let mut documents = YamlLoader::load_from_str(&read("examples/cluster/job.yaml")).expect("YAML");
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

/// The number of pods is in two places; a pod without its part would leave segments out.
#[test]
fn the_indexed_job_has_a_pod_for_every_part() {
    let job = job();
    assert_eq!((job["kind"].as_str(), job["apiVersion"].as_str()), (Some("Job"), Some("batch/v1")));
    let spec = &job["spec"];
    assert_eq!(spec["completionMode"].as_str(), Some("Indexed"));
    let pods = spec["completions"].as_i64().expect("a number");
    let pod = &spec["template"]["spec"];
    assert_eq!(
        pod["restartPolicy"].as_str(),
        Some("Never"),
        "a job takes no other with a limit for each index"
    );
    let container = &pod["containers"][0];
    let arguments: Vec<_> = container["args"]
        .as_vec()
        .expect("a list")
        .iter()
        .map(|argument| argument.as_str().expect("text"))
        .collect();
    let part = format!("--segments=$(JOB_COMPLETION_INDEX)/{pods}");
    assert!(arguments.contains(&part.as_str()), "{arguments:?}");
    // The image has no shell, and a root that cannot be written: whatever is written is on the volume.
    let volume = container["volumeMounts"][0]["mountPath"].as_str().expect("a path");
    let paths = arguments.iter().filter_map(|argument| Some(&argument[argument.find('/')?..]));
    let paths: Vec<_> = paths.filter(|path| !path.starts_with(&format!("/{pods}"))).collect();
    assert!(paths.len() == 4 && paths.iter().all(|path| path.starts_with(volume)), "{paths:?}");
}

/// What the pod runs is a command line of this program, whatever its number is.
#[test]
fn every_pod_runs_a_command_that_there_is() {
    let job = job();
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    for pod in ["0", "39"] {
        let arguments = container["args"].as_vec().expect("a list").iter();
        let arguments = arguments
            .map(|argument| argument.as_str().expect("text").replace("$(JOB_COMPLETION_INDEX)", pod));
        let ran = std::process::Command::new(env!("CARGO_BIN_EXE_fairshare")).args(arguments).output();
        let said = String::from_utf8(ran.expect("the program starts").stderr).expect("text");
        // There is no such policy here; of arguments that do not fit, it would say so first.
        assert!(said.contains("/data/policy.toml"), "{said}");
    }
}
