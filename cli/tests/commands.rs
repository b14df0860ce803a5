//! The command as its user meets it: the built program, on the flights sample, at the compact geometry.

mod commands {
    mod input;
    mod parameters;
    mod path;
    mod support;
    mod verdicts;
}
