//! The command as its user meets it: the built program, on the flights sample, at the compact geometry.

mod commands {
    mod archives;
    #[cfg(target_os = "linux")]
    mod bombs;
    #[cfg(target_os = "linux")]
    mod cgroup;
    mod chain;
    #[cfg(unix)]
    mod crash;
    mod derived;
    mod draft;
    mod earning;
    mod explain;
    mod input;
    #[cfg(target_os = "linux")]
    mod interrupt;
    mod marks;
    mod outputs;
    mod parameters;
    mod path;
    #[cfg(unix)]
    mod pipes;
    mod register;
    #[cfg(target_os = "linux")]
    mod resources;
    mod schema_runs;
    mod schemas;
    #[cfg(unix)]
    mod scored;
    #[cfg(unix)]
    mod segments;
    #[cfg(target_os = "linux")]
    mod served;
    #[cfg(unix)]
    mod storage;
    mod support;
    mod unmatched;
    mod vault;
    mod vault_audit;
    mod vault_close;
    #[cfg(unix)]
    mod vault_crash;
    mod vault_passwords;
    #[cfg(unix)]
    mod vault_pay;
    mod vault_register;
    #[cfg(target_os = "linux")]
    mod vault_serve;
    mod vault_submit;
    #[cfg(target_os = "linux")]
    mod vault_webhook;
    mod vaults;
    mod verdicts;
    mod verifier_file;
}
