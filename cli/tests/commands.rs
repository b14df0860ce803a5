//! The command as its user meets it: the built program, on the flights sample, at the compact geometry.

mod commands {
    #[cfg(unix)]
    mod crash;
    mod input;
    mod parameters;
    mod path;
    #[cfg(unix)]
    mod storage;
    mod support;
    mod verdicts;
}
