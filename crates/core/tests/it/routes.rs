//! The table of routes against itself, the docs and the worker.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use edgetally_core::routes::{Handler, ROUTES, Target, find, parameter};

use crate::support::read;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The methods of each path.
fn paths() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut paths: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for route in ROUTES {
        paths.entry(route.path).or_default().push(route.method);
    }
    paths
}

#[test]
fn allow_names_what_is_answered_and_nothing_else() {
    for (path, methods) in paths() {
        let Target::MethodNotAllowed(allow) = find("BREW", path) else {
            panic!("{path} is brewed")
        };
        let allowed: Vec<&str> = allow.split(", ").collect();
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get",
        ] {
            let target = find(method, path);
            let answered = !matches!(target, Target::MethodNotAllowed(_) | Target::NotFound);
            assert_eq!(
                answered,
                allowed.contains(&method),
                "{method} {path}: {allow}"
            );
            match target {
                Target::Handler(_) => assert!(methods.contains(&method)),
                Target::Head(_) => assert_eq!((method, methods.contains(&"GET")), ("HEAD", true)),
                Target::Preflight { methods, .. } => {
                    assert_eq!(method, "OPTIONS");
                    assert_eq!(format!("{methods}, OPTIONS"), allow);
                }
                Target::MethodNotAllowed(other) => assert_eq!(other, allow),
                Target::NotFound => panic!("{path} is there"),
            }
        }
        let tidied = ROUTES
            .iter()
            .any(|route| route.path == path && route.handler.is_of_sdks());
        for other in [format!("{path}/"), path.to_uppercase(), format!("/{path}")] {
            if tidied && other != path.to_uppercase() {
                let same = find("BREW", &other);
                assert!(
                    matches!(same, Target::MethodNotAllowed(other) if other == allow),
                    "{other}"
                );
                continue;
            }
            assert!(matches!(find("GET", &other), Target::NotFound), "{other}");
            assert!(
                matches!(find("OPTIONS", &other), Target::NotFound),
                "{other}"
            );
        }
    }
}

#[test]
fn what_stands_in_the_place_of_a_name_in_braces_is_one_segment() {
    for (path, there) in [
        ("/v1/receipts/order-7", true),
        ("/v1/receipts/order%2F7%3F", true),
        ("/v1/receipts/{event_id}", true),
        ("/v1/receipts/", false),
        ("/v1/receipts/order/7", false),
        ("/v1/receipts/order-7/", false),
    ] {
        let found = find("GET", path);
        assert_eq!(
            matches!(found, Target::Handler(Handler::Receipt)),
            there,
            "{path}"
        );
    }
    assert!(matches!(
        find("GET", "/v1/receipts"),
        Target::Handler(Handler::Receipts)
    ));
    assert!(
        matches!(find("POST", "/v1/receipts/a"), Target::MethodNotAllowed(allow) if allow == "GET, HEAD")
    );
    for (path, given) in [
        ("/v1/receipts/a%2Fb%20%C3%BC", "a/b ü"),
        ("/v1/receipts/%", "%"),
        ("/v1/receipts/a+b", "a+b"),
    ] {
        assert_eq!(parameter(path), given);
    }
}

/// Some SDKs put a slash too many into the address, and every redirect is the end of a call.
#[test]
fn the_addresses_of_sdks_may_have_a_slash_too_many() {
    for path in [
        "/v1/batch/",
        "/v1//batch",
        "//v1/batch",
        "/v1/b",
        "/v1/projects/pk_shop/settings/",
        "/sourceConfig/",
        "/beacon//v1/batch",
    ] {
        let method = if path.contains("ttings") || path.contains("Config") {
            "GET"
        } else {
            "POST"
        };
        assert!(
            matches!(find(method, path), Target::Handler(handler) if handler.is_of_sdks()),
            "{path}"
        );
        assert!(
            matches!(find("OPTIONS", path), Target::Preflight { headers, .. } if headers.contains("x-retry-count")),
            "{path}"
        );
    }
    for path in [
        "/v1/events/",
        "/v1//events",
        "/v1/pixel.gif/",
        "/v1/projects//settings",
        "/v1/projects/a/b/settings",
        "/v1/batch/x",
        "/v1/Batch",
        "/batch",
        "/",
        "//",
    ] {
        assert!(
            matches!(find("POST", path), Target::NotFound)
                && matches!(find("GET", path), Target::NotFound),
            "{path}"
        );
    }
}

#[test]
fn a_route_stands_in_the_table_once() {
    let unique: BTreeSet<_> = ROUTES
        .iter()
        .map(|route| (route.method, route.path))
        .collect();
    assert_eq!(unique.len(), ROUTES.len());
    assert!(
        ROUTES
            .iter()
            .all(|route| matches!(route.method, "GET" | "POST"))
    );
}

/// The pages that describe the gateway.
fn pages() -> Vec<(String, String)> {
    let within = ["docs", "docs/intake"].map(|name| std::fs::read_dir(root().join(name)).unwrap());
    let docs = within.into_iter().flatten();
    let mut pages: Vec<PathBuf> = docs.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages.extend(["README.md", "DESIGN.md", "CONTRIBUTING.md"].map(|name| root().join(name)));
    let shown = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    pages.iter().map(|path| (shown(path), read(path))).collect()
}

#[test]
fn every_path_of_the_docs_is_a_route_and_every_route_is_in_the_docs() {
    let of_a_path =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '{' | '}');
    let paths = paths();
    let mut described: BTreeSet<(String, &str)> = BTreeSet::new();
    for (page, text) in pages() {
        let named = |(at, _): &(usize, &str)| {
            !text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '.')
        };
        // On other hosts they are Google's.
        let others = ["/dashboard", "/mp/collect", "/debug/mp/collect"];
        let others = others.into_iter().flat_map(|path| text.match_indices(path));
        for (at, _) in text.match_indices("/v1/").chain(others.filter(named)) {
            let end = text[at..]
                .find(|c| !of_a_path(c))
                .unwrap_or(text.len() - at);
            let path = text[at..at + end].trim_end_matches(['.', '/']);
            let Some((path, _)) = paths.get_key_value(path) else {
                panic!("{page} names {path}, and nothing is there")
            };
            let before = text[..at]
                .trim_end_matches(' ')
                .rsplit([' ', '`', '\n'])
                .next();
            described.insert((before.unwrap_or_default().to_owned(), path));
        }
    }
    for route in ROUTES {
        // What stands outside of the API and of the dashboard is looked for by its whole path.
        if !route.path.starts_with("/v1/") && !route.path.starts_with("/dashboard") {
            let line = format!("`{} {}`", route.method, route.path);
            assert!(
                pages().iter().any(|(_, text)| text.contains(&line)),
                "{line}"
            );
            continue;
        }
        let line = (route.method.to_owned(), route.path);
        assert!(
            described.contains(&line),
            "no page describes {} {}",
            route.method,
            route.path
        );
    }
}

/// Only `worker/src/runtime` names the runtime. The entry points and the objects are what the `worker` crate makes
/// them with its attributes, so they may name that crate.
#[test]
fn only_the_workers_runtime_names_the_runtime() {
    const NAMES: &[&str] = &[
        "worker::",
        "web_sys",
        "js_sys",
        "wasm_bindgen",
        "JsValue",
        "Reflect",
    ];
    let source = root().join("worker/src");
    let allowed = [
        "lib.rs",
        "objects/claims.rs",
        "objects/ledger.rs",
        "runtime.rs",
    ];
    let mut folders = vec![source.clone()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(&source)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if allowed.contains(&&*name) || name.starts_with("runtime/") {
                continue;
            }
            seen += 1;
            for (number, line) in read(&path).lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                let named = NAMES.iter().find(|named| code.contains(**named));
                assert!(named.is_none(), "{name}:{}: {}", number + 1, line.trim());
            }
        }
    }
    assert!(seen >= 9, "worker/src has moved");
}
