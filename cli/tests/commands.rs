//! The command as its user meets it: the built program, on the flights sample, at the compact geometry.

mod commands {
    #[cfg(target_os = "linux")]
    mod bombs;
    #[cfg(target_os = "linux")]
    mod cgroup;
    #[cfg(unix)]
    mod crash;
    mod derived;
    mod input;
    #[cfg(target_os = "linux")]
    mod interrupt;
    mod parameters;
    mod path;
    #[cfg(unix)]
    mod pipes;
    mod register;
    #[cfg(target_os = "linux")]
    mod resources;
    mod schemas;
    #[cfg(unix)]
    mod scored;
    #[cfg(unix)]
    mod storage;
    mod support;
    mod vault;
    #[cfg(unix)]
    mod vault_crash;
    mod vault_passwords;
    mod verdicts;
    mod verifier_file;
}
