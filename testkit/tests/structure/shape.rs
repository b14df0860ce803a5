//! How long a line and a function may be.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::sources::sources;

/// Most characters of a line, prose included.
const WIDTH: usize = 110;
/// Most lines of a function. `configure` declares a circuit's columns and gates, one after the other.
const LONGEST: usize = 60;
/// Most lines of nine functions in ten.
const LONG: usize = 25;
/// Half of the functions are shorter.
const HALF: usize = 10;

#[test]
fn no_line_is_wider_than_the_house_allows() {
    let mut wide = Vec::new();
    for source in sources(|_| true) {
        for (index, line) in source.text.lines().enumerate() {
            let found = line.chars().count();
            // A hash cannot be broken.
            if found > WIDTH && line.trim().contains(' ') {
                wide.push(format!("{}:{}: {found} characters", source.name, index + 1));
            }
        }
    }
    assert!(wide.is_empty(), "break these lines at {WIDTH}:\n{}", wide.join("\n"));
}

/// Names and lengths of a file's functions, those of tests left out.
#[derive(Default)]
struct Functions(Vec<(String, usize)>);

impl Functions {
    fn take(&mut self, name: &syn::Ident, block: &syn::Block) {
        let span = block.span();
        self.0.push((name.to_string(), span.end().line - span.start().line + 1));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.take(&function.sig.ident, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.take(&function.sig.ident, &function.block);
        visit::visit_impl_item_fn(self, function);
    }
}

#[test]
fn functions_are_short() {
    let (mut all, mut longest) = (Vec::new(), Vec::new());
    for source in sources(|name| name.contains("/src/")) {
        let mut functions = Functions::default();
        functions.visit_file(&syn::parse_file(&source.text).expect("Rust"));
        for (name, lines) in functions.0 {
            if lines > LONGEST && !name.starts_with("configure") {
                longest.push(format!("{}: {name}, {lines} lines", source.name));
            }
            all.push(lines);
        }
    }
    let short = all.iter().filter(|lines| **lines <= LONG).count();
    println!("{} functions, {short} of at most {LONG} lines", all.len());
    let brief = all.iter().filter(|lines| **lines < HALF).count();
    assert!(brief * 2 >= all.len(), "{brief} of {} functions have fewer than {HALF} lines", all.len());
    assert!(short * 10 >= all.len() * 9, "{short} of {} functions have at most {LONG} lines", all.len());
    assert!(longest.is_empty(), "look for a second subject in these:\n{}", longest.join("\n"));
}
