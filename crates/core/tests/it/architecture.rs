//! What no compiler checks: the list of destinations is complete and fresh, and the core does no I/O.

#![expect(
    clippy::disallowed_methods,
    reason = "sources are files, and versions run out by the real date"
)]

mod imports;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use edgetally_core::base::time::UnixMillis;
use edgetally_core::destinations::destination::Facts;
use edgetally_core::destinations::versions::{Ending, VERSION_WARNING_DAYS, ending};
use edgetally_core::destinations::{ALL, meta, versions};

use self::imports::Imports;

pub(crate) fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn today() -> UnixMillis {
    UnixMillis(
        i64::try_from(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap()
                .as_millis(),
        )
        .unwrap(),
    )
}

/// What all platforms share; every other file is a platform.
const SHARED: &[&str] = &["destination", "harness", "input", "names", "versions"];

#[test]
fn every_destination_file_is_in_the_list_in_order() {
    let listed: Vec<&str> = ALL.iter().map(|entry| entry.platform).collect();
    // A platform is a file; what lies in folders below are parts of one.
    let mut files: Vec<String> = std::fs::read_dir(src().join("destinations"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| !SHARED.contains(&name.as_str()))
        .collect();
    files.sort();
    assert_eq!(listed, files);
    for entry in ALL {
        assert_eq!(entry.platform, entry.facts.platform);
        assert!(entry.facts.most_events > 0 && entry.facts.most_bytes > 0);
    }
}

#[test]
fn every_version_says_when_it_was_read_and_lasts_for_sixty_days() {
    let now = today();
    for version in versions(now) {
        let read = UnixMillis::parse_rfc3339(&format!("{}T00:00:00Z", version.read));
        assert!(
            read.is_some_and(|read| read.0 <= now.0 + 86_400_000),
            "{version:?}"
        );
        assert!(!version.api_version.is_empty());
        if let Some(end) = version.ends {
            let left = version.days_left;
            assert!(left.is_some(), "{end} is no date");
            assert!(
                left > Some(VERSION_WARNING_DAYS),
                "{} {} ends on {end}",
                version.platform,
                version.api_version
            );
        }
    }
}

#[test]
fn a_version_is_warned_of_for_sixty_days_and_then_is_over() {
    let pinwheel = |ends| Facts {
        platform: "pinwheel",
        api_version: "v7",
        version_ends: ends,
        ..meta::FACTS
    };
    let of = |ends, now: &str| {
        let now = UnixMillis::parse_rfc3339(now).unwrap();
        let endings = ending(&[pinwheel(ends), pinwheel(ends)], now);
        assert!(endings.len() <= 1, "two destinations, one platform");
        endings
            .first()
            .map(|ending| (ending.days_left, ending.is_over()))
    };
    let spring = Some("2031-03-01");
    for (ends, now, expected) in [
        (None, "2031-03-01T00:00:00Z", None),
        (spring, "2020-01-01T00:00:00Z", None),
        (spring, "2030-12-30T23:59:59Z", Some((Some(60), false))),
        (spring, "2030-12-29T23:59:59Z", None),
        (spring, "2031-02-28T00:00:00Z", Some((Some(1), false))),
        (spring, "2031-02-28T00:00:01Z", Some((Some(0), true))),
        (spring, "2031-03-01T00:00:00Z", Some((Some(0), true))),
        (spring, "2031-03-01T12:00:00Z", Some((Some(-1), true))),
        (spring, "2032-03-01T00:00:00Z", Some((Some(-366), true))),
        // A date that cannot be read is no reason to go on.
        (Some("soon"), "2020-01-01T00:00:00Z", Some((None, true))),
    ] {
        assert_eq!(of(ends, now), expected, "{ends:?} on {now}");
    }
    let other = Facts {
        platform: "whirligig",
        ..pinwheel(Some("2031-01-15"))
    };
    let now = UnixMillis::parse_rfc3339("2031-01-10T08:00:00Z").unwrap();
    let all = [other, pinwheel(spring), pinwheel(None)];
    let names: Vec<(&str, &str, &str)> = ending(&all, now)
        .iter()
        .map(
            |&Ending {
                 platform,
                 api_version,
                 ends,
                 ..
             }| (platform, api_version, ends),
        )
        .collect();
    assert_eq!(
        names,
        [
            ("whirligig", "v7", "2031-01-15"),
            ("pinwheel", "v7", "2031-03-01")
        ]
    );
}

#[test]
fn the_core_asks_nobody_and_tells_nobody() {
    // The lints of crates/clippy.toml know calls; this knows names, however they are reached.
    let forbidden = [
        "SystemTime",
        "Instant::now",
        "now_utc",
        "std::env",
        "env::var",
        "std::fs",
        "std::io",
        "std::process",
        "std::thread",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "println!",
        "eprintln!",
        "static mut",
        "thread_local!",
        "unsafe ",
    ];
    let mut read = 0;
    for path in sources(&src()) {
        let text = crate::support::read(&path);
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap();
            for name in forbidden {
                assert!(
                    !code.contains(name),
                    "{}:{}: {name}",
                    path.display(),
                    number + 1
                );
            }
        }
        read += 1;
    }
    assert!(read > 20);
}

/// Rooms from the ground up, each with those that it imports: nothing runs up, since a room may only name those above it in
/// this list. `metrics` stands alone.
const ROOMS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("identity", &["base"]),
    ("consent", &["base"]),
    ("web", &["base"]),
    ("event", &["base", "consent", "identity"]),
    ("exchange", &["base"]),
    ("ledger", &["base"]),
    ("queue", &["base", "consent", "event", "identity", "ledger"]),
    ("dedup", &["base"]),
    (
        "destinations",
        &[
            "base", "consent", "event", "exchange", "identity", "queue", "web",
        ],
    ),
    (
        "settings",
        &[
            "base",
            "consent",
            "dedup",
            "destinations",
            "event",
            "exchange",
            "identity",
        ],
    ),
    (
        "intake",
        &[
            "base",
            "consent",
            "dedup",
            "destinations",
            "event",
            "identity",
            "ledger",
            "queue",
            "settings",
            "web",
        ],
    ),
    (
        "delivery",
        &[
            "base",
            "dedup",
            "destinations",
            "exchange",
            "ledger",
            "queue",
            "settings",
        ],
    ),
    ("routes", &["base", "intake"]),
    ("metrics", &[]),
    ("quality", &["base", "ledger", "metrics"]),
    (
        "alerts",
        &[
            "base",
            "destinations",
            "exchange",
            "ledger",
            "quality",
            "settings",
        ],
    ),
    ("dashboard", &["base", "ledger", "quality"]),
];

#[test]
fn rooms_import_what_stands_below_them_and_nothing_else() {
    let imports = Imports::read(&src());
    let arrows = imports.rooms();
    let mut listed = 0;
    for (place, (room, below)) in ROOMS.iter().enumerate() {
        assert!(imports.0.contains_key(&vec![(*room).to_owned()]), "{room}");
        for to in *below {
            assert!(
                ROOMS[..place].iter().any(|(lower, _)| lower == to),
                "{room} -> {to} runs up"
            );
            assert!(
                arrows.contains_key(&(*room, *to)),
                "{room} -> {to} is listed and not needed"
            );
            listed += 1;
        }
    }
    for ((from, to), files) in &arrows {
        let room = ROOMS.iter().find(|(room, _)| room == from);
        let (_, below) = room.unwrap_or_else(|| panic!("{from} is not a room"));
        assert!(below.contains(to), "{from} -> {to}: {files:?}");
    }
    assert_eq!(listed, arrows.len());
}

#[test]
fn no_file_imports_itself_by_way_of_others() {
    let imports = Imports::read(&src());
    let mut arrows = Vec::new();
    for circle in imports.circles() {
        for from in &circle {
            let all = circle.iter().filter(|to| imports.0[*from].contains(**to));
            arrows.extend(all.map(|to| format!("{} -> {}", from.join("/"), to.join("/"))));
        }
    }
    assert!(arrows.is_empty(), "{arrows:#?}");
}

#[test]
fn the_gate_has_no_way_to_what_platforms_report() {
    // A platform's word comes days later, and of no release: it is shown, and nothing is judged by it.
    let imports = Imports::read(&src());
    let gate = |module: &&Vec<String>| module.starts_with(&["quality".into(), "releases".into()]);
    let mut reached: BTreeSet<&Vec<String>> = imports.0.keys().filter(gate).collect();
    assert!(reached.len() > 8, "{reached:?}");
    let mut next: Vec<&Vec<String>> = reached.iter().copied().collect();
    while let Some(module) = next.pop() {
        for to in &imports.0[module] {
            if reached.insert(to) {
                next.push(to);
            }
        }
    }
    let names: Vec<String> = reached.iter().map(|module| module.join("/")).collect();
    for shown in ["base/reported", "quality/reported", "dashboard/reported"] {
        let module: Vec<String> = shown.split('/').map(str::to_owned).collect();
        assert!(imports.0.contains_key(&module), "{shown} has another name");
        assert!(!names.iter().any(|name| name == shown), "{names:#?}");
    }
}

#[test]
fn the_twin_shares_no_code_with_what_it_judges() {
    let twin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../twin");
    let mut read = 0;
    for path in sources(&twin) {
        if path.extension().is_none_or(|end| end != "mjs") {
            continue;
        }
        let depth = path.strip_prefix(&twin).unwrap().components().count() - 1;
        let text = crate::support::read(&path);
        let imports = ["from \"", "import(\"", "import \""]
            .iter()
            .flat_map(|before| text.split(before).skip(1))
            .filter_map(|rest| rest.split('"').next());
        for import in imports {
            let up = import.matches("../").count();
            let own = import.starts_with("./") || (import.starts_with("../") && up <= depth);
            assert!(
                own || import.starts_with("node:"),
                "{}: {import}",
                path.display()
            );
            read += 1;
        }
    }
    assert!(read > 100, "{read}");
}

#[test]
fn imports_are_read_as_they_are() {
    // A reader that sees nothing would find no circle either.
    let imports = Imports::read(&src());
    let of = |from: &str, to: &str| {
        let module = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
        imports.0[&module(from)].contains(&module(to))
    };
    assert!(of("event/draft", "base/error"));
    assert!(of("event", "identity"), "a type of the room itself");
    assert!(
        of("destinations", "destinations/meta"),
        "a module of its own"
    );
    assert!(of("queue/envelope", "base/members"), "inside of a macro");
    assert!(!of("base/json", "event"));
    assert!(!imports.0.contains_key(&vec![
        "destinations".to_owned(),
        "google_ads".to_owned(),
        "tests".to_owned()
    ]));
    let arrows: usize = imports.0.values().map(BTreeSet::len).sum();
    assert!(
        imports.0.len() > 100 && arrows > 400,
        "{} {arrows}",
        imports.0.len()
    );
}

#[test]
fn every_golden_snapshot_has_its_event() {
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    let events: Vec<String> = crate::support::files(&crate::support::fixtures().join("events"))
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    for path in sources(&snapshots) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let (of, what) = name.split_once("__").unwrap();
        if of == "format" {
            let fixture = what.replacen("__", "/", 1) + ".json";
            let fixture = crate::support::fixtures().join("formats").join(fixture);
            assert!(fixture.is_file(), "{name} is left over");
            continue;
        }
        if of == "consent" {
            continue;
        }
        let listed =
            of == "answer" || of == "replies" || ALL.iter().any(|entry| entry.platform == of);
        let known = events.contains(&what.to_owned())
            || (of == "replies" && ALL.iter().any(|entry| entry.platform == what));
        assert!(listed && known, "{name} is left over");
    }
}
