//! Which file imports which, read from the sources.
//!
//! A path is followed as far as it names files: `crate::web::utm::Utm` is an import of `web/utm.rs`. A name that a file only
//! passes on (`pub use self::child::Name`) is an import of the child, so that a façade is no arrow. Tests do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

/// A file by the path of its module, without the crate.
pub type Module = Vec<String>;

/// What a crate's files import of each other.
#[derive(Debug)]
pub struct Imports(pub BTreeMap<Module, BTreeSet<Module>>);

impl Imports {
    /// Of the crate with these sources. `lib.rs` only lists.
    pub fn read(sources: &Path) -> Self {
        let mut files = BTreeMap::new();
        for path in super::sources(sources) {
            let inner = path.strip_prefix(sources).unwrap().with_extension("");
            let module: Module = inner
                .iter()
                .map(|part| part.to_str().unwrap().to_owned())
                .collect();
            if path.extension().is_some_and(|end| end == "rs") && module != ["lib"] {
                files.insert(
                    module,
                    File::read(&syn::parse_file(&crate::support::read(&path)).unwrap()),
                );
            }
        }
        // What only tests use is no part of the house.
        let tests: BTreeSet<Module> = files
            .iter()
            .flat_map(|(module, file)| file.tests.iter().map(|name| child(module, name)))
            .collect();
        files.retain(|module, _| !tests.contains(module));

        let known: BTreeSet<Module> = files.keys().cloned().collect();
        let mut passed_on = BTreeMap::new();
        for (module, file) in &files {
            for path in &file.passed_on {
                let (name, to) = path.split_last().unwrap();
                let target = absolute(module, to);
                if target.len() > module.len()
                    && target.starts_with(module)
                    && known.contains(&target)
                {
                    passed_on.insert(child(module, name), target);
                }
            }
        }
        let graph = files
            .iter()
            .map(|(module, file)| {
                let facade = |path: &&Vec<String>| {
                    let inner = path.split_last().map_or(&[][..], |(_, inner)| inner);
                    passed_on.contains_key(&child(module, path.last().unwrap()))
                        && known.contains(&absolute(module, inner))
                };
                let kept = file.passed_on.iter().filter(|path| !facade(path));
                let mut all: BTreeSet<Module> = file
                    .paths
                    .iter()
                    .chain(kept)
                    .filter_map(|path| file_of(&absolute(module, path), &known, &passed_on))
                    .collect();
                all.remove(module);
                (module.clone(), all)
            })
            .collect();
        Self(graph)
    }

    /// The arrows between rooms (the first part of a module's path), each with the files that draw it.
    pub fn rooms(&self) -> BTreeMap<(&str, &str), Vec<(&Module, &Module)>> {
        let mut arrows: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (from, all) in &self.0 {
            for to in all {
                if from[0] != to[0] {
                    arrows
                        .entry((from[0].as_str(), to[0].as_str()))
                        .or_default()
                        .push((from, to));
                }
            }
        }
        arrows
    }

    /// Files that import each other, by whatever way round: each group in order.
    pub fn circles(&self) -> Vec<Vec<&Module>> {
        let reach: BTreeMap<&Module, BTreeSet<&Module>> = self
            .0
            .keys()
            .map(|from| {
                let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
                while let Some(at) = next.pop() {
                    for to in &self.0[at] {
                        if seen.insert(to) {
                            next.push(to);
                        }
                    }
                }
                (from, seen)
            })
            .collect();
        let mut circles: Vec<Vec<&Module>> = reach
            .iter()
            .filter(|(from, seen)| seen.contains(*from))
            .map(|(from, seen)| {
                let back = seen.iter().filter(|to| reach[**to].contains(*from));
                back.copied().collect()
            })
            .collect();
        circles.sort();
        circles.dedup();
        circles
    }
}

fn child(module: &[String], name: &str) -> Module {
    [module, &[name.to_owned()]].concat()
}

/// A path as it is written in a module, from the root of the crate.
fn absolute(module: &[String], path: &[String]) -> Module {
    let (mut at, mut rest) = match path.first().map(String::as_str) {
        Some("crate") => (Vec::new(), &path[1..]),
        Some("self") => (module.to_vec(), &path[1..]),
        _ => (module.to_vec(), path),
    };
    while rest.first().is_some_and(|part| part == "super") {
        at.pop();
        rest = &rest[1..];
    }
    [&at[..], rest].concat()
}

/// The file that a path ends in.
fn file_of(
    path: &Module,
    known: &BTreeSet<Module>,
    passed_on: &BTreeMap<Module, Module>,
) -> Option<Module> {
    let inside = |length: &usize| known.contains(&path[..*length].to_vec());
    let mut length = (1..=path.len()).take_while(inside).last()?;
    let mut file = path[..length].to_vec();
    while let Some(target) = path
        .get(length)
        .and_then(|name| passed_on.get(&child(&file, name)))
    {
        if file == *target {
            break;
        }
        file.clone_from(target);
        length = length.min(path.len() - 1);
    }
    Some(file)
}

/// The paths that a file names, as they are written.
#[derive(Debug, Default)]
struct File {
    /// In declarations and in code.
    paths: Vec<Vec<String>>,
    /// What it offers under its own name.
    passed_on: Vec<Vec<String>>,
    /// Its modules that only tests have.
    tests: Vec<String>,
    /// Its modules.
    modules: Vec<String>,
    /// How deep we are in modules within the file.
    depth: usize,
}

impl File {
    fn read(source: &syn::File) -> Self {
        let mut file = Self::default();
        for item in &source.items {
            if let syn::Item::Mod(module) = item {
                file.modules.push(module.ident.to_string());
            }
        }
        file.visit_file(source);
        file
    }

    /// A path of this file, seen from its own module.
    fn note(&mut self, path: Vec<String>, passed_on: bool) {
        let mut path = path;
        for _ in 0..self.depth {
            if path.first().is_some_and(|part| part == "super") {
                path.remove(0);
                if path.first().is_none_or(|part| part != "super") {
                    path.insert(0, "self".to_owned());
                }
            }
        }
        let first = path.first().map(String::as_str);
        let ours = matches!(first, Some("crate" | "self" | "super"))
            || self
                .modules
                .iter()
                .any(|module| Some(module.as_str()) == first);
        if path.len() > 1 && ours {
            let to = if passed_on {
                &mut self.passed_on
            } else {
                &mut self.paths
            };
            to.push(path);
        }
    }

    fn tree(&mut self, before: &[String], tree: &syn::UseTree, passed_on: bool) {
        match tree {
            syn::UseTree::Path(path) => {
                self.tree(
                    &child(before, &path.ident.to_string()),
                    &path.tree,
                    passed_on,
                );
            }
            syn::UseTree::Name(name) if name.ident == "self" => {
                self.note(before.to_vec(), passed_on);
            }
            syn::UseTree::Name(name) => {
                self.note(child(before, &name.ident.to_string()), passed_on);
            }
            syn::UseTree::Rename(name) => {
                self.note(child(before, &name.ident.to_string()), passed_on);
            }
            syn::UseTree::Glob(_) => self.note(before.to_vec(), false),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(before, tree, passed_on);
                }
            }
        }
    }

    /// Paths in what a macro is given, which nothing but the macro can parse.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) if path.is_empty() || colons == 2 => {
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                }
                other => {
                    self.note(std::mem::take(&mut path), false);
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Ident(name) => path.push(name.to_string()),
                        _ => {}
                    }
                }
            }
        }
        self.note(path, false);
    }
}

fn only_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|ident| ident == "test")
    })
}

impl<'ast> Visit<'ast> for File {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if only_for_tests(&module.attrs) {
            self.tests.push(module.ident.to_string());
        } else if module.content.is_some() {
            self.depth += 1;
            syn::visit::visit_item_mod(self, module);
            self.depth -= 1;
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !only_for_tests(&item.attrs) {
            let passed_on = !matches!(item.vis, syn::Visibility::Inherited);
            self.tree(&[], &item.tree, passed_on);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !only_for_tests(&item.attrs) {
            syn::visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !only_for_tests(&item.attrs) {
            syn::visit::visit_item_impl(self, item);
        }
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {
        // Who may see an item is not what a file needs.
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts = path.segments.iter().map(|part| part.ident.to_string());
        self.note(parts.collect(), false);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
    }
}
