//! Sibling files never import each other in a circle: of two files side by side, one can be read without the
//! other.
//!
//! A file and the folder of its name are one node. `mod`, re-exports (`pub use`), and what is compiled for
//! tests only do not count; a child may use its parent.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

use crate::sources::{Source, sources};

/// A module's path within its crate, from the crate's root.
type Module = Vec<String>;

/// The module that a source file is: `a/src/b/c.rs` is `[a, b, c]`, the crate first.
fn module(name: &str) -> Option<Module> {
    let (krate, path) = name.split_once("/src/")?;
    let path = path.strip_suffix(".rs")?;
    let inner = path.split('/').filter(|part| *part != "lib" && *part != "main").map(str::to_owned);
    Some([krate.to_owned()].into_iter().chain(inner).collect())
}

/// Paths that a file uses, from its crate's root.
struct Uses {
    own: Module,
    found: BTreeSet<Module>,
}

impl Uses {
    /// Where a path leads, if it is a path within the crate.
    fn absolute(&self, path: &[String]) -> Option<Module> {
        let mut base = match path.first()?.as_str() {
            "crate" => vec![self.own.first()?.clone()],
            "self" => self.own.clone(),
            "super" => self.own[..self.own.len().checked_sub(1)?].to_vec(),
            _ => return None,
        };
        let mut rest = &path[1..];
        while rest.first().is_some_and(|part| part == "super") {
            base.pop();
            rest = &rest[1..];
        }
        Some(base.into_iter().chain(rest.iter().cloned()).collect())
    }

    fn take(&mut self, path: &[String]) {
        if let Some(path) = self.absolute(path) {
            self.found.insert(path);
        }
    }

    fn tree(&mut self, prefix: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.tree(prefix, &path.tree);
                prefix.pop();
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(prefix, item)),
            syn::UseTree::Name(name) => self.leaf(prefix, &name.ident.to_string()),
            syn::UseTree::Rename(rename) => self.leaf(prefix, &rename.ident.to_string()),
            syn::UseTree::Glob(_) => self.take(&prefix.clone()),
        }
    }

    fn leaf(&mut self, prefix: &[String], name: &str) {
        let mut path = prefix.to_vec();
        if name != "self" {
            path.push(name.to_owned());
        }
        self.take(&path);
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Uses {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        match item {
            syn::Item::Mod(module) if is_for_tests(&module.attrs) => {}
            syn::Item::Use(item) if !matches!(item.vis, syn::Visibility::Inherited) => {}
            syn::Item::Use(item) => self.tree(&mut Vec::new(), &item.tree),
            other => visit::visit_item(self, other),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.take(&parts);
        visit::visit_path(self, path);
    }
}

/// What a file uses of its crate.
fn uses(own: &Module, file: &syn::File) -> BTreeSet<Module> {
    let mut uses = Uses { own: own.clone(), found: BTreeSet::new() };
    uses.visit_file(file);
    uses.found
}

/// What a file re-exports, each name with where it comes from: to import `crate::Thing` is to import its
/// file.
fn exports(own: &Module, file: &syn::File) -> BTreeMap<Module, Module> {
    let mut exports = BTreeMap::new();
    for item in &file.items {
        let syn::Item::Use(item) = item else { continue };
        if matches!(item.vis, syn::Visibility::Inherited) {
            continue;
        }
        let mut found = Uses { own: own.clone(), found: BTreeSet::new() };
        // A path that begins with neither `crate`, `self` nor `super` begins with a module declared here.
        found.tree(&mut vec!["self".to_owned()], &item.tree);
        found.tree(&mut Vec::new(), &item.tree);
        for from in found.found {
            if let Some(name) = from.last() {
                exports.insert([&own[..], std::slice::from_ref(name)].concat(), from);
            }
        }
    }
    exports
}

/// Follows re-exports to the file where a name is defined.
fn resolve(mut path: Module, exports: &BTreeMap<Module, Module>) -> Module {
    // Re-exports form no circle in Rust that compiles; the bound is for what does not.
    for _ in 0..16 {
        let known = (1..=path.len()).find_map(|end| Some((end, exports.get(&path[..end])?)));
        match known {
            Some((end, from)) if from[..] != path[..end] => path = [&from[..], &path[end..]].concat(),
            _ => break,
        }
    }
    path
}

/// Edges between siblings: `(parent, from, to)`, with the files that make them.
type Edges = BTreeMap<Module, BTreeMap<String, BTreeMap<String, BTreeSet<String>>>>;

fn edges(sources: &[(Module, &Source)]) -> Edges {
    let modules: BTreeSet<_> = sources.iter().map(|(module, _)| module.clone()).collect();
    let files: Vec<_> = sources
        .iter()
        .map(|(own, source)| (own, source, syn::parse_file(&source.text).expect("Rust")))
        .collect();
    let exports: BTreeMap<_, _> = files.iter().flat_map(|(own, _, file)| exports(own, file)).collect();
    let mut edges = Edges::new();
    for (own, source, file) in &files {
        for used in uses(own, file).into_iter().map(|used| resolve(used, &exports)) {
            // Where the two paths part, two siblings stand, if both are files.
            let shared = own.iter().zip(&used).take_while(|(a, b)| a == b).count();
            let (Some(from), Some(to)) = (own.get(shared), used.get(shared)) else { continue };
            let sibling =
                |name: &String| modules.contains(&[&own[..shared], std::slice::from_ref(name)].concat());
            if shared > 0 && sibling(from) && sibling(to) {
                let parent = edges.entry(own[..shared].to_vec()).or_default();
                let files = parent.entry(from.clone()).or_default().entry(to.clone()).or_default();
                files.insert(source.name.clone());
            }
        }
    }
    edges
}

/// Pairs of siblings from each of which the other can be reached.
fn circles(edges: &Edges) -> Vec<String> {
    let mut circles = Vec::new();
    for (parent, graph) in edges {
        for (from, direct) in graph {
            for (to, files) in direct {
                if reaches(graph, to, from) {
                    let files: Vec<_> = files.iter().map(String::as_str).collect();
                    circles.push(format!("{}: {from} -> {to} ({})", parent.join("::"), files.join(", ")));
                }
            }
        }
    }
    circles
}

fn reaches(graph: &BTreeMap<String, BTreeMap<String, BTreeSet<String>>>, from: &str, to: &str) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(node) = open.pop() {
        if node == to {
            return true;
        }
        if seen.insert(node) {
            open.extend(graph.get(node).into_iter().flatten().map(|(next, _)| next.as_str()));
        }
    }
    false
}

#[test]
fn sibling_files_do_not_import_each_other_in_a_circle() {
    let sources = sources(|name| name.contains("/src/") && !name.starts_with("benches/peers"));
    let modules: Vec<_> = sources.iter().filter_map(|source| Some((module(&source.name)?, source))).collect();
    let circles = circles(&edges(&modules));
    assert!(circles.is_empty(), "move what both need to a file of its own:\n{}", circles.join("\n"));
}

#[test]
fn a_circle_is_found_whatever_it_is_written_as() {
    let text = |text: &str| text.to_owned();
    let file = |name: &str, content: &str| Source { name: name.to_owned(), text: text(content) };
    let circle = |second: &str| {
        let files = [
            file("x/src/lib.rs", "mod a; mod b; pub use a::A;"),
            file("x/src/a.rs", "use crate::b::B;"),
            file("x/src/b/c.rs", second),
            file("x/src/b.rs", "mod c;"),
        ];
        let modules: Vec<_> =
            files.iter().filter_map(|source| Some((module(&source.name)?, source))).collect();
        !circles(&edges(&modules)).is_empty()
    };
    for found in
        ["use crate::A;", "use crate::a::A;", "use super::super::a::{self, A};", "fn f() { crate::a::f() }"]
    {
        assert!(circle(found), "{found}");
    }
    for harmless in [
        "pub use crate::a::A;",
        "#[cfg(test)] mod tests { use crate::a::A; }",
        "use super::B;",
        "use std::a;",
    ] {
        assert!(!circle(harmless), "{harmless}");
    }
}
