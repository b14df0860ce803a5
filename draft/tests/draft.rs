//! Drafts of files: what is said of the data, and that every draft is a policy that pays.

mod draft {
    mod any;
    mod crossing;
    mod pays;
    mod remarks;
    mod support;
    mod tables;
    mod types;
    mod varied;
}
