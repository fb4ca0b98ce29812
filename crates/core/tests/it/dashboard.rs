//! The page of an invented shop: what it says, that its numbers are the ledger's, and that nothing of a sender becomes markup.
//!
//! `EDGETALLY_PAGES=folder cargo test -p edgetally-core --test it dashboard` writes the pages into a folder, to be looked at.

use std::collections::BTreeSet;

use edgetally_core::base::match_keys::Key;
use edgetally_core::base::reported::{Amount, Figure, Metric, Reported};
use edgetally_core::base::time::{DAY_MS, HOUR_MS, UnixMillis};
use edgetally_core::dashboard::access::Denied;
use edgetally_core::dashboard::assets::{SCRIPT, STYLE};
use edgetally_core::dashboard::event::{Decision, Event};
use edgetally_core::dashboard::letters::{Done, Letter, Letters, Unread};
use edgetally_core::dashboard::live::{Live, Wanted};
use edgetally_core::dashboard::login::{Fault, login, refused, through_access};
use edgetally_core::dashboard::view::{
    Answers, Destination, Ending, Incident, Seen, Verdict, View,
};
use edgetally_core::dashboard::{Filter, Overview};
use edgetally_core::ledger::{Dimension, Line, Query, State, balance};
use edgetally_core::quality::quality;
use edgetally_core::quality::report::Shown;
use proptest::prelude::*;

/// A Tuesday afternoon: 2026-11-24T14:20:00Z.
const NOW: UnixMillis = UnixMillis(1_795_530_000_000);

/// The ledger of a shop, and how its senders' names are spelled.
struct Shop {
    lines: Vec<(Line, i64)>,
    names: fn(&str) -> String,
}

/// How many events of a name there are in an hour; the curve of a day, and a little that is no curve.
fn many(event: &str, hour: i64) -> i64 {
    const CURVE: [i64; 24] = [
        9, 6, 4, 3, 3, 5, 9, 15, 22, 28, 32, 34, 36, 35, 33, 33, 35, 38, 42, 46, 44, 36, 25, 15,
    ];
    let share = match event {
        "page_view" => 4_000,
        "view_item" => 1_600,
        "add_to_cart" => 330,
        "begin_checkout" => 170,
        _ => 110,
    };
    let of_day = CURVE[usize::try_from((hour / HOUR_MS).rem_euclid(24)).unwrap()];
    let seed = (hour / HOUR_MS).wrapping_mul(2_654_435_761) ^ share;
    let odd = 90 + (seed >> 7).rem_euclid(21);
    share * of_day * odd / 20_000
}

impl Shop {
    /// A month, a release yesterday at ten that loses the e-mail and doubles what is put into carts, and a platform that refuses.
    fn busy(names: fn(&str) -> String) -> Self {
        let mut shop = Self {
            lines: Vec::new(),
            names,
        };
        let end = NOW.hour().0;
        for hour in (end - 31 * DAY_MS..=end).step_by(HOUR_MS as usize) {
            for event in [
                "page_view",
                "view_item",
                "add_to_cart",
                "begin_checkout",
                "purchase",
            ] {
                shop.hour(hour, event);
            }
        }
        shop
    }

    fn add(&mut self, hour: i64, event: &str, destination: &str, state: State, code: &str, n: i64) {
        if n == 0 {
            return;
        }
        let broken = NOW.hour().0 - 28 * HOUR_MS;
        let release = match hour {
            _ if hour < broken - 3 * DAY_MS => "web-41",
            _ if hour < broken => "web-42",
            _ => "web-43",
        };
        let line = Line {
            hour: UnixMillis(hour),
            source: (self.names)("shop"),
            release: (self.names)(release),
            event: if event == "purchase" {
                event.to_owned()
            } else {
                (self.names)(event)
            },
            destination: destination.to_owned(),
            state,
            code: code.to_owned(),
            worker: "v7".to_owned(),
        };
        self.lines.push((line, n));
    }

    fn hour(&mut self, hour: i64, event: &str) {
        let broken = hour >= NOW.hour().0 - 28 * HOUR_MS;
        let mut n = many(event, hour);
        if hour == NOW.hour().0 {
            n /= 3;
        }
        if broken && event == "add_to_cart" {
            n *= 2;
        }
        let (tests, robots) = (i64::from(event == "purchase" && hour % DAY_MS == 0), n / 60);
        self.add(hour, event, "", State::Accepted, "page", n - n / 4);
        self.add(hour, event, "", State::Accepted, "server", n / 4);
        self.add(hour, event, "", State::Apart, "bot", robots);
        self.add(hour, event, "", State::Apart, "test", tests);
        self.add(hour, event, "", State::Malformed, "value_missing", n / 50);
        let real = n - robots - tests;
        let mail = if broken || event != "purchase" {
            0
        } else {
            real * 9 / 10
        };
        let (some, none) = (mail / 3, (real - mail) / 3);
        self.add(hour, event, "", State::Keys, "cebn", some);
        self.add(hour, event, "", State::Keys, "ebn", mail - some);
        self.add(hour, event, "", State::Keys, "cbn", none);
        self.add(hour, event, "", State::Keys, "bn", real - mail - none);
        let parts = if event == "purchase" {
            "vcoitur"
        } else {
            "tur"
        };
        self.add(hour, event, "", State::Parts, parts, real);
        self.add(
            hour,
            event,
            "",
            State::Consent,
            "granted:granted",
            real * 7 / 10,
        );
        self.add(hour, event, "", State::Consent, "denied:granted", real / 10);
        self.add(hour, event, "", State::Consent, "denied:denied", real / 10);
        self.add(
            hour,
            event,
            "",
            State::Consent,
            "unknown:unknown",
            real - real * 7 / 10 - real / 10 * 2,
        );
        for destination in ["meta", "ga4", "google_ads", "tiktok"] {
            self.at(hour, event, destination, n, mail);
        }
    }

    fn at(&mut self, hour: i64, event: &str, destination: &str, n: i64, mail: i64) {
        let late = hour > NOW.hour().0 - 3 * HOUR_MS;
        let blocked = if destination == "ga4" { n / 8 } else { n / 4 };
        let double = n / 9;
        let mapped =
            matches!(destination, "ga4" | "meta") || matches!(event, "purchase" | "add_to_cart");
        let left = n - blocked - double;
        let skipped = if mapped { 0 } else { left };
        let refused = if destination == "tiktok" {
            (left - skipped) / 20
        } else {
            0
        };
        let waiting = if late && destination == "meta" {
            left / 30
        } else {
            0
        };
        let judged = if late && destination == "google_ads" {
            left - skipped
        } else {
            0
        };
        let delivered = left - skipped - refused - waiting - judged;
        self.add(hour, event, destination, State::Accepted, "", n);
        self.add(
            hour,
            event,
            destination,
            State::Blocked,
            "ad_user_data_denied",
            blocked / 2,
        );
        self.add(
            hour,
            event,
            destination,
            State::Blocked,
            "ad_user_data_missing",
            blocked - blocked / 2,
        );
        self.add(hour, event, destination, State::Duplicate, "server", double);
        self.add(
            hour,
            event,
            destination,
            State::Skipped,
            "event_not_mapped",
            skipped,
        );
        self.add(hour, event, destination, State::Rejected, "40002", refused);
        self.add(
            hour,
            event,
            destination,
            State::Retrying,
            "http_503",
            waiting,
        );
        self.add(hour, event, destination, State::Processing, "", judged);
        self.add(hour, event, destination, State::Delivered, "", delivered);
        self.add(
            hour,
            event,
            destination,
            State::Keys,
            "exn",
            mail.min(delivered),
        );
        self.add(
            hour,
            event,
            destination,
            State::Keys,
            "bn",
            (delivered - mail).max(0),
        );
        self.add(
            hour,
            event,
            destination,
            State::Latency,
            "2",
            delivered * 9 / 10,
        );
        self.add(
            hour,
            event,
            destination,
            State::Latency,
            "30",
            delivered - delivered * 9 / 10,
        );
    }

    fn ask(&self, query: &Query) -> Vec<(Line, i64)> {
        query.fold(
            self.lines
                .iter()
                .filter(|(line, _)| query.takes(line))
                .cloned(),
        )
    }

    fn view(&self, filter: Filter) -> View {
        let questions = filter.questions(NOW);
        let answers = Answers {
            arrivals: questions
                .arrivals
                .iter()
                .map(|query| self.ask(query))
                .collect(),
            traffic: self.ask(&questions.traffic),
            releases: self.ask(&questions.releases),
            platforms: self.ask(&questions.platforms),
            sent: self.ask(&questions.sent),
            coverage: self.ask(&questions.coverage),
            crowded: false,
        };
        let became = [
            ("meta", "delivered"),
            ("ga4", "delivered"),
            ("tiktok", "rejected:40002"),
        ];
        let seen = |n: i64| Seen {
            at: UnixMillis(NOW.0 - n * 7_000),
            source: (self.names)("shop"),
            event: "purchase".to_owned(),
            event_id: (self.names)(&format!("ord-{}", 118_842 - n)),
            became: became
                .map(|(name, what)| (name.to_owned(), what.to_owned()))
                .to_vec(),
        };
        View {
            sources: vec![(self.names)("shop")],
            latest: (0..6).map(seen).collect(),
            letters: vec![("tiktok".to_owned(), 214)],
            endings: vec![Ending {
                what: "meta v24.0".to_owned(),
                on: "2027-01-05".to_owned(),
                days: 41,
                advice: "Deploy a release of edgetally that speaks the next version.",
            }],
            tasks: vec!["messages in quarantine: 1; /v1/dead-letters lists them, to be replayed or dismissed".to_owned()],
            reported: reported(self.names),
            unreported: vec![("google_ads".to_owned(), (self.names)("PERMISSION_DENIED"))],
            ..quiet(filter, Some(answers))
        }
    }
}

/// What is seen of a shop in other states.
impl Shop {
    fn but(&self, filter: Filter, keep: fn(&Line) -> bool, change: fn(&mut Line)) -> View {
        let lines = self.lines.iter().filter(|(line, _)| keep(line)).cloned();
        let shop = Self {
            lines: lines
                .map(|(mut line, n)| {
                    change(&mut line);
                    (line, n)
                })
                .collect(),
            names: self.names,
        };
        View {
            letters: Vec::new(),
            tasks: Vec::new(),
            endings: Vec::new(),
            latest: Vec::new(),
            ..shop.view(filter)
        }
    }

    /// No release labels, no keys, nobody's decision, nothing timed, no letters.
    fn bare(&self, filter: Filter) -> View {
        let keep = |line: &Line| {
            !matches!(line.state, State::Keys | State::Consent | State::Latency)
                && !matches!(line.state, State::Rejected | State::Dead)
        };
        self.but(filter, keep, |line| line.release.clear())
    }

    /// Events come, and go nowhere.
    fn alone(&self, filter: Filter) -> View {
        let view = self.but(filter, |line| line.destination.is_empty(), |_| ());
        View {
            destinations: Vec::new(),
            idle: view.sources.clone(),
            ..view
        }
    }

    /// Nothing has come since yesterday morning.
    fn still(&self, filter: Filter) -> View {
        self.but(
            filter,
            |line| line.hour.0 < NOW.hour().0 - 30 * HOUR_MS,
            |_| (),
        )
    }
}

/// A gateway that nothing has happened at, or what the ledger answered.
fn quiet(filter: Filter, answers: Option<Answers>) -> View {
    View {
        now: NOW,
        filter,
        sources: vec!["shop".to_owned()],
        idle: Vec::new(),
        destinations: ["meta", "ga4", "google_ads", "tiktok"]
            .map(|name| Destination {
                name: name.to_owned(),
                platform: name,
                paused: None,
            })
            .to_vec(),
        answers,
        latest: Vec::new(),
        letters: Vec::new(),
        tasks: Vec::new(),
        endings: Vec::new(),
        incidents: Vec::new(),
        waiting: 0,
        verdict: None,
        reported: Vec::new(),
        unreported: Vec::new(),
    }
}

/// What Meta said an hour ago. Names of keys are platforms', and the ledger's rows are read as they are.
fn reported(names: fn(&str) -> String) -> Vec<Reported> {
    let of = |event: &str, days: i64, figures: Vec<Figure>| Reported {
        destination: "meta".to_owned(),
        event: event.to_owned(),
        since: UnixMillis(NOW.0 - HOUR_MS - days * DAY_MS),
        until: UnixMillis(NOW.0 - HOUR_MS),
        observed_at: UnixMillis(NOW.0 - HOUR_MS),
        figures,
    };
    let number = |metric, of: &str, n| (metric, of.to_owned(), Amount::Number(n));
    vec![
        of("", 1, vec![number(Metric::Counted, "server", 12_345.0)]),
        of(
            "purchase",
            2,
            vec![
                number(Metric::MatchQuality, "", 7.4),
                number(Metric::Coverage, "email", 41.5),
                number(Metric::Coverage, "ip_address", 100.0),
                number(Metric::Coverage, &names("first_name"), 12.0),
            ],
        ),
        of(
            "purchase",
            7,
            vec![
                number(Metric::EventCoverage, "", 68.0),
                (
                    Metric::Freshness,
                    String::new(),
                    Amount::Word(names("real_time")),
                ),
            ],
        ),
        of("lead", 2, vec![number(Metric::MatchQuality, "", 1.2)]),
    ]
}

fn letters(names: fn(&str) -> String) -> Letters {
    let letter = |n: i64| Letter {
        id: names(&format!("a1-{n}")),
        at: UnixMillis(NOW.0 - n * HOUR_MS),
        source: names("shop"),
        destination: "tiktok".to_owned(),
        event: names("purchase"),
        event_id: names(&format!("ord-{n}")),
        state: "rejected".to_owned(),
        code: names("40002"),
        bytes: 700 * (n % 3),
        replaying: n == 5,
    };
    Letters {
        destination: Some("tiktok".to_owned()),
        destinations: vec!["meta".to_owned(), "tiktok".to_owned()],
        letters: (1..9).map(letter).collect(),
        unread: vec![Unread {
            id: "m-1".to_owned(),
            at: NOW,
            code: "envelope_version_unknown".to_owned(),
            bytes: 900,
        }],
        next: Some(names("5b31")),
        done: Some(Done::Replayed(3, 0, 0)),
        away: false,
    }
}

fn event(names: fn(&str) -> String) -> Event {
    let text = |text: &str| text.to_owned();
    Event {
        id: Some(names("ord-118842")),
        seen: vec![Seen {
            at: NOW,
            source: names("shop"),
            event: names("purchase"),
            event_id: names("ord-118842"),
            became: vec![
                (text("meta"), text("delivered")),
                (text("ga4"), text("blocked:ad_user_data_missing")),
                (text("tiktok"), names("rejected:40002")),
            ],
        }],
        decisions: vec![Decision {
            at: text("2026-11-24T14:19:58.000Z"),
            source: names("shop"),
            signals: vec![text("event")],
            regime: text("opt_in"),
            verdicts: vec![
                (text("meta"), text("send"), String::new()),
                (text("ga4"), text("block"), text("ad_user_data_missing")),
            ],
        }],
        away: false,
    }
}

fn plain(name: &str) -> String {
    name.to_owned()
}

/// A release, an event and a source as somebody names them who means harm.
fn hostile(name: &str) -> String {
    format!("\"><script>alert(1)</script><img src=x onerror=alert(2)>'`{{}}&lt;{name}")
}

fn verdict(names: fn(&str) -> String) -> Verdict {
    Verdict {
        verdict: "fail",
        release: names("web-43"),
        against: names("web-42"),
        reason: names("purchase: email in 0 % of 240, 71 % before."),
        findings: vec![names("email of purchase: from 90 % to 0 %")],
        smallest: Some(0.12),
    }
}

/// Every page, by its name.
fn pages(names: fn(&str) -> String) -> Vec<(&'static str, String)> {
    let shop = Shop::busy(names);
    let overview = |view: &View| Overview::new(view).page();
    let filtered = |days| Filter {
        days,
        zoned: true,
        ..Filter::default()
    };
    let mut judged = shop.view(filtered(30));
    judged.verdict = Some(verdict(names));
    let mut paused = shop.view(filtered(1));
    paused.destinations[0].paused = Some((540, names("190")));
    paused.waiting = 2;
    vec![
        ("large", overview(&shop.view(filtered(7)))),
        ("month", overview(&judged)),
        ("day", overview(&paused)),
        ("letters", letters(names).page()),
        ("event", event(names).page()),
        (
            "empty",
            overview(&quiet(filtered(7), Some(Answers::default()))),
        ),
        ("away", overview(&quiet(filtered(7), None))),
        (
            "unknown",
            Event {
                id: Some(names("x")),
                ..Event::default()
            }
            .page(),
        ),
        ("no_letters", Letters::default().page()),
        ("live", live(names).page()),
        ("nothing_live", Live::default().page()),
        (
            "none_of_these",
            Live {
                wanted: Wanted::read("event=x&outcome=lost"),
                ..Live::default()
            }
            .page(),
        ),
        ("not_let_in", refused(Denied::Audience)),
        ("by_access", through_access()),
        (
            "keys_unreachable",
            login(Some(Fault::Access(Denied::Unreachable)), ""),
        ),
        ("bare", overview(&shop.bare(filtered(7)))),
        ("no_destination", overview(&shop.alone(filtered(7)))),
        ("quiet_day", overview(&shop.still(filtered(1)))),
        ("login", login(None, "")),
        ("wrong", login(Some(Fault::Wrong), "/dashboard?days=7")),
    ]
}

fn live(names: fn(&str) -> String) -> Live {
    let seen = event(names).seen;
    let mut wanted = Wanted::read("source=shop&event=purchase&outcome=lost");
    wanted.source = Some(names("shop"));
    wanted.destination = Some(names("tiktok"));
    Live {
        now: NOW,
        wanted,
        sources: vec![names("shop")],
        destinations: vec!["meta".to_owned(), names("tiktok")],
        seen: [&seen[..], &seen[..]].concat(),
        away: false,
    }
}

/// The tags of a page with the names of their attributes, in order; fails where the page is not as tidy as it has to be.
fn skeleton(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains('>'), "{}", &rest[..at]);
        rest = &rest[at..];
        let mut quoted = false;
        let end = rest
            .find(|c| {
                quoted ^= c == '"';
                c == '>' && !quoted
            })
            .unwrap();
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap();
        let shown: String = tag.split('"').step_by(2).collect();
        assert!(!shown.contains(['\'', '<', '`']), "{tag}");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/')
            && !["!doctype", "meta", "link", "input", "option"].contains(&name)
        {
            open.push(name);
        } else if name == "option" && !rest.starts_with('<') {
            // Those of a list of suggestions stand alone.
            open.push(name);
        }
        tags.push(shown);
    }
    assert_eq!(open, Vec::<&str>::new());
    tags
}

#[test]
fn nothing_that_a_sender_says_becomes_markup() {
    for ((name, tame), (_, wild)) in pages(plain).into_iter().zip(pages(hostile)) {
        assert_eq!(skeleton(&tame), skeleton(&wild), "{name}");
        assert!(
            !wild.contains("<script>") && !wild.contains("<img"),
            "{name}"
        );
        assert!(tame == wild || wild.contains("&lt;script&gt;"), "{name}");
    }
}

#[test]
fn pages_do_with_the_strictest_policy() {
    for (name, page) in pages(plain) {
        for forbidden in [
            " style=",
            "<style",
            " onclick",
            " onload",
            "javascript:",
            "<script>",
            "http://",
        ] {
            assert!(!page.contains(forbidden), "{name}: {forbidden}");
        }
        assert!(
            page.contains(&STYLE.path()) && page.contains(&SCRIPT.path()),
            "{name}"
        );
        let mut ids = BTreeSet::new();
        for id in page
            .split(" id=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
        {
            assert!(ids.insert(id), "{name}: #{id} twice");
        }
        for place in page
            .split("href=\"#")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
        {
            assert!(ids.contains(place), "{name}: #{place} is nowhere");
        }
        if let Ok(folder) = std::env::var("EDGETALLY_PAGES") {
            let folder = std::path::Path::new(&folder);
            std::fs::create_dir_all(folder.join("dashboard/assets")).unwrap();
            std::fs::write(folder.join(format!("{name}.html")), page).unwrap();
            for asset in [STYLE, SCRIPT] {
                std::fs::write(
                    folder.join("dashboard/assets").join(asset.file()),
                    asset.text,
                )
                .unwrap();
            }
        }
    }
}

/// What stands in a tile.
fn tile<'p>(page: &'p str, name: &str) -> &'p str {
    let begin = format!("data-tile=\"{name}\">");
    page.split(&begin)
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
}

#[test]
fn the_tiles_say_what_the_ledger_and_its_report_say() {
    let shop = Shop::busy(plain);
    for days in Filter::DAYS {
        let filter = Filter {
            days,
            ..Filter::default()
        };
        let view = shop.view(filter.clone());
        let page = Overview::new(&view).page();
        let midnight = UnixMillis(NOW.0 - NOW.0.rem_euclid(DAY_MS));
        let by = [Dimension::Source, Dimension::Event];
        let between = |since| {
            let lines = shop.lines.iter();
            let lines =
                lines.filter(move |(line, _)| (since..Filter::until(NOW)).contains(&line.hour));
            let all = Query {
                by: Dimension::ALL[2..].to_vec(),
                ..Query::between(since, Filter::until(NOW))
            };
            all.fold(lines.cloned())
        };
        let report = quality(between(midnight), &by, &Shown::default(), |_| None);
        let purchases = report
            .rows
            .iter()
            .find(|row| row.event.as_deref() == Some("purchase"));
        assert_eq!(
            tile(&page, "arrived"),
            purchases.unwrap().intake.volume.to_string()
        );
        let since = filter.since(NOW);
        let balances = balance(between(since));
        let refused: i64 = balances.iter().map(|of| of.rejected + of.dead).sum();
        let delivered: i64 = balances.iter().map(|of| of.delivered).sum();
        let share = delivered as f64 / (delivered + refused) as f64;
        assert_eq!(tile(&page, "taken"), format!("{:.1} %", share * 100.0));
        assert!(refused > 0);
        assert_eq!(tile(&page, "refused").replace(',', ""), refused.to_string());
        // Yesterday's release was there all the last 24 hours.
        let newest = if days == 1 { "–" } else { "web-43" };
        assert_eq!(tile(&page, "released"), newest);
        assert_eq!(tile(&page, "ends"), "41 days");
    }
}

#[test]
fn a_release_that_breaks_something_is_named_with_what_it_broke() {
    let page = Overview::new(&Shop::busy(plain).view(Filter::default())).page();
    let headline = page
        .split("class=\"headline")
        .nth(1)
        .unwrap()
        .split("</div>")
        .next()
        .unwrap();
    for said in [
        "Since web-43, purchase: E-mail given went from 8",
        "Since web-43, add_to_cart: share of all events went from",
        "If nobody meant web-43 to change that: put web-42 back",
        "tiktok refused or never took",
        "meta v24.0 ends in 41 days",
    ] {
        assert!(headline.contains(said), "{said}: {headline}");
    }
    // What did not change is not blamed.
    for silent in ["page_view:", "view_item:", "Phone", "value there"] {
        assert!(!headline.contains(silent), "{silent}: {headline}");
    }
}

#[test]
fn what_somebody_was_told_of_stands_on_top_a_line_each() {
    let mut view = Shop::busy(plain).view(Filter::default());
    let incident = |kind, source: &str, text: &str| Incident {
        kind,
        source: source.to_owned(),
        text: text.to_owned(),
        since: Some(UnixMillis(NOW.0 - HOUR_MS)),
    };
    view.incidents = vec![
        incident("event_gone", "shop", "<b>purchase</b> is gone."),
        incident("destination_paused", "", "meta has taken nothing."),
        incident("volume", "blog", "lead fell by 60 %."),
        // Stands there anyway.
        incident("ends", "", "The credential of meta ends."),
    ];
    let headline = |view: &View| {
        let page = Overview::new(view).page();
        let rest = page.split("class=\"headline").nth(1).unwrap();
        rest.split("</ul>").next().unwrap().to_owned()
    };
    let all = headline(&view);
    for said in [
        r##"href="#arrived">shop: &lt;b&gt;purchase&lt;/b&gt; is gone. Since "##,
        r##"href="#taken">meta has taken nothing. Since "##,
        "blog: lead fell by 60 %.",
    ] {
        assert!(all.contains(said), "{said}: {all}");
    }
    assert!(!all.contains("The credential"), "{all}");
    view.filter.source = Some("shop".to_owned());
    let of_one = headline(&view);
    assert!(
        of_one.contains("meta has taken nothing") && !of_one.contains("blog:"),
        "{of_one}"
    );
}

#[test]
fn a_quiet_release_and_a_usual_day_need_nobody() {
    let mut shop = Shop::busy(plain);
    let broken = UnixMillis(NOW.hour().0 - 28 * HOUR_MS);
    // As if web-42 had stayed, and tiktok taken everything.
    let mut calm = Shop::busy(plain).lines;
    calm.retain(|(line, _)| line.hour < broken && line.destination != "tiktok");
    let shift = |(mut line, n): (Line, i64)| {
        line.hour = UnixMillis(line.hour.0 + 2 * DAY_MS);
        if line.release == "web-41" {
            line.release = "web-42".to_owned();
        }
        (line, n)
    };
    shop.lines = calm
        .into_iter()
        .map(shift)
        .filter(|(line, _)| line.hour < NOW.hour())
        .collect();
    let mut view = shop.view(Filter::default());
    view.endings.clear();
    view.tasks.clear();
    let page = Overview::new(&view).page();
    assert!(
        page.contains("Nothing needs you"),
        "{}",
        page.split("<form").nth(1).unwrap()
    );
}

#[test]
fn an_empty_page_says_what_to_do_next() {
    let page = Overview::new(&quiet(Filter::default(), Some(Answers::default()))).page();
    assert!(page.contains("Nothing has arrived yet") && page.contains("npx edgetally send"));
    let away = Overview::new(&quiet(Filter::default(), None)).page();
    assert!(away.contains("The ledger does not answer"));
}

#[test]
fn whatever_has_nothing_in_it_says_what_to_do_next() {
    let shop = Shop::busy(plain);
    let page = |view: &View| Overview::new(view).page();
    let filter = |days| Filter {
        days,
        ..Filter::default()
    };
    let bare = page(&shop.bare(filter(7)));
    for said in [
        "Senders do not say which release they are.",
        "gate.md#what-to-send",
        "No event has come that match keys are counted of.",
        "No keys of purchases are counted here.",
        "No decision was counted.",
        "consent.md#what-counts",
        "Nothing has been timed.",
        "No dead letters: nothing waits to be replayed.",
        "None is kept.",
    ] {
        assert!(bare.contains(said), "{said}");
    }
    let alone = page(&shop.alone(filter(7)));
    for said in [
        "There is no destination yet.",
        "What shop sends goes nowhere.",
        "npx edgetally check",
    ] {
        assert!(alone.contains(said), "{said}");
    }
    let still = page(&shop.still(filter(1)));
    for said in [
        "Nothing was to be sent.",
        "Nothing was counted.",
        "No: there has been none today",
    ] {
        assert!(still.contains(said), "{said}");
    }
    // What is there says nothing of the kind.
    let large = page(&shop.view(filter(7)));
    assert!(!large.contains("none-yet"));
    let unheard = Filter {
        event: "sign_up".to_owned(),
        ..filter(7)
    };
    assert!(page(&shop.view(unheard)).contains("Choose the event that matters most to you above"));
}

/// The cells of the rows of a table whose region has that name.
fn cells(page: &str, region: &str) -> Vec<Vec<String>> {
    let begin = format!("aria-label=\"{region}\"><table");
    let table = page
        .split(&begin)
        .nth(1)
        .unwrap_or_else(|| panic!("{region}"));
    let body = table.split("<tbody>").nth(1).unwrap();
    let rows = body.split("</tbody>").next().unwrap().split("<tr>").skip(1);
    let text = |cell: &str| {
        let mut text = String::new();
        for part in cell.split('<') {
            text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        }
        text
    };
    rows.map(|row| {
        let ends = ["</th>", "</td>"];
        let row = ends
            .iter()
            .fold(row.to_owned(), |row, end| row.replace(end, "\n"));
        let cells = row.lines().map(text);
        cells.filter(|cell| !cell.is_empty()).collect()
    })
    .collect()
}

#[test]
fn a_key_over_time_is_what_the_report_says_of_each_day() {
    let shop = Shop::busy(plain);
    let filter = Filter {
        days: 30,
        to: Some("tiktok".to_owned()),
        ..Filter::default()
    };
    let view = shop.view(filter.clone());
    let page = Overview::new(&view).page();
    // The key that the release has lost is the one that is shown.
    let rows = cells(&page, "E-mail over time");
    let since = filter.since(NOW);
    let lines = shop.lines.iter().filter(|(line, _)| {
        (since..Filter::until(NOW)).contains(&line.hour) && line.event == "purchase"
    });
    let all = Query {
        by: vec![
            Dimension::Day,
            Dimension::Source,
            Dimension::Event,
            Dimension::Destination,
            Dimension::Code,
        ],
        ..Query::between(since, Filter::until(NOW))
    };
    let by = [Dimension::Day, Dimension::Destination];
    let report = quality(all.fold(lines.cloned()), &by, &Shown::default(), |_| None);
    assert_eq!(rows.len(), 30);
    assert_eq!(report.rows.len(), 30);
    let percent = |share: Option<f64>| format!("{:.1} %", share.unwrap() * 100.0);
    let (mut most, mut least) = (0.0_f64, 1.0_f64);
    for (row, day) in rows.iter().zip(&report.rows) {
        let tiktok = day
            .destinations
            .iter()
            .find(|at| at.destination.as_deref() == Some("tiktok"));
        let given = day.intake.keys.share.get("email").copied().flatten();
        let sent = tiktok.unwrap().keys.share.get("email").copied().flatten();
        let said: Vec<&str> = row
            .iter()
            .map(String::as_str)
            .filter(|cell| cell.ends_with('%'))
            .collect();
        assert_eq!(said, [percent(given), percent(sent)], "{row:?}");
        most = most.max(given.unwrap());
        least = least.min(given.unwrap());
    }
    assert!(most > 0.8 && least < 0.01, "{most} {least}");
    // Where the last release began stands a mark, and so it does in the picture of what visitors decided.
    let section = page.split("id=\"coverage\"").nth(1).unwrap();
    assert_eq!(section.matches("circle class=\"sign\"").count(), 4);
}

#[test]
fn a_day_is_the_viewers_own_and_a_column_a_part_of_it() {
    let shop = Shop::busy(plain);
    for (days, zone, columns) in [(1, 0, 24), (7, 0, 27), (7, 5, 28), (30, -9, 30)] {
        let filter = Filter {
            days,
            zone,
            key: Some(Key::Email),
            ..Filter::default()
        };
        let page = Overview::new(&shop.view(filter)).page();
        let rows = cells(&page, "E-mail over time");
        assert_eq!(rows.len(), columns, "{days} days, {zone}");
        if days > 1 {
            let local = (24 - zone) % 24;
            let first = &rows[0][0];
            assert!(first.contains(&format!(" {local:02}:00 UTC")), "{first}");
        }
        let decided = cells(&page, "What visitors decided on advertising, by time");
        let all: i64 = decided
            .iter()
            .flatten()
            .filter_map(|cell| cell.replace(',', "").parse::<i64>().ok())
            .sum();
        let view = shop.view(Filter {
            days,
            zone,
            ..Filter::default()
        });
        let known: i64 = view
            .answers
            .unwrap()
            .coverage
            .iter()
            .filter(|(line, _)| line.state == State::Consent)
            .map(|(_, n)| n)
            .sum();
        assert_eq!(all, known);
    }
}

#[test]
fn a_table_stands_behind_every_picture() {
    for (name, page) in pages(plain) {
        for figure in page.split("<figure").skip(1) {
            let figure = figure.split("</figure>").next().unwrap();
            assert!(
                figure.contains("<details>") && figure.contains("<table>"),
                "{name}"
            );
        }
        for drawing in page.split("<svg ").skip(1) {
            let tag = drawing.split('>').next().unwrap();
            let part = tag.contains("viewBox=\"0 0 ") && tag.contains("preserveAspectRatio");
            let named = tag.contains("role=\"img\" aria-label=\"") || tag.contains("aria-hidden");
            assert!(part || named, "{name}: {tag}");
        }
    }
}

#[test]
fn the_pages_are_small() {
    for (name, page) in pages(plain) {
        assert!(page.len() < 120_000, "{name}: {}", page.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_a_name_is_it_stays_one(name in "\\PC{0,30}[<>\"'&`/]{0,6}\\PC{0,10}") {
        let of = |text: &str| {
            let mut page = event(plain);
            page.id = Some(text.to_owned());
            page.seen[0].event = text.to_owned();
            page.seen[0].source = text.to_owned();
            page.seen[0].became[0].1 = format!("rejected:{text}");
            page.decisions[0].signals = vec![text.to_owned()];
            skeleton(&page.page())
        };
        prop_assert_eq!(of(&name), of("tame"));
    }
}

/// The cells of the rows of a table, without their markup.
fn rows_of(page: &str, table: &str) -> Vec<Vec<String>> {
    let (_, rest) = page.split_once(table).unwrap();
    let body = rest.split_once("<tbody>").unwrap().1;
    let rows = body.split_once("</tbody>").unwrap().0.split("</tr>");
    let text = |cell: &str| {
        let parts = cell
            .split('<')
            .map(|part| part.split_once('>').map_or("", |(_, text)| text));
        parts.collect::<String>().trim().to_owned()
    };
    rows.filter(|row| !row.is_empty())
        .map(|row| {
            row.split("</t")
                .map(text)
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect()
}

#[test]
fn what_a_platform_reports_stands_beside_ours_of_the_same_hours_as_a_band() {
    let shop = Shop::busy(str::to_owned);
    let view = shop.view(Filter::default());
    let page = Overview::new(&view).page();
    assert_eq!(page.matches("Reported by Meta <").count(), 1);
    let rows = rows_of(&page, r#"<table class="reported">"#);
    let said: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (row[0].as_str(), row[2].as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("Events counted, from server all events", "12,345"),
            ("Match quality purchase", "7.4"),
            ("Events with email purchase", "41.5 %"),
            ("Events with ip_address purchase", "100.0 %"),
            ("Events with first_name purchase", "12.0 %"),
            (
                "The page’s events that came from the server too purchase",
                "68.0 %"
            ),
            ("Events come in purchase", "real time"),
        ]
    );
    // Ours of the 48 hours that it covers: 20 before the release that lost the address, and the rest after it.
    let keys: Vec<(Line, i64)> = shop.ask(&Query {
        event: Some("purchase".to_owned()),
        place: edgetally_core::ledger::Place::One("meta".to_owned()),
        states: vec![State::Keys],
        by: vec![Dimension::Code],
        ..Query::between(
            UnixMillis(NOW.0 - HOUR_MS - 2 * DAY_MS).hour(),
            UnixMillis(NOW.0 - HOUR_MS),
        )
    });
    let all: i64 = keys.iter().map(|(_, n)| n).sum();
    let with: i64 = keys
        .iter()
        .filter(|(line, _)| line.code.contains('e'))
        .map(|(_, n)| n)
        .sum();
    let share = with as f64 / all as f64 * 100.0;
    assert!(share > 1.0 && share < 99.0, "{share}");
    assert_eq!(rows[2][1], format!("{share:.1} %"));
    // No number of ours stands beside what is not counted here.
    assert_eq!(
        (
            rows[0][1].as_str(),
            rows[4][1].as_str(),
            rows[5][1].as_str()
        ),
        ("–", "–", "–")
    );
    assert!(
        rows[1][3].starts_with("2 days up to") && rows[5][3].starts_with("7 days up to"),
        "{rows:?}"
    );
    // The band begins and ends where the report does: 7 days of hours are 168.
    assert!(
        page.contains(r#"<path class="told" d="M119 1170L167 1170L167 2000L119 2000z"/>"#),
        "{page}"
    );
    assert_eq!(
        page.matches(r#"<path class="told""#).count(),
        5,
        "none for counts and words"
    );
    // Only of the event that is looked at.
    let leads = Overview::new(&shop.view(Filter::read("event=lead"))).page();
    assert_eq!(rows_of(&leads, r#"<table class="reported">"#).len(), 2);
    // One that says nothing is a line, and no more than that.
    assert!(page.contains("Google Ads answered <code>PERMISSION_DENIED</code>"));
    let headline = page.split_once(r#"class="headline"#).unwrap().1;
    assert!(
        !headline
            .split_once("</section>")
            .unwrap()
            .0
            .contains("PERMISSION_DENIED")
    );
    let silent = View {
        reported: Vec::new(),
        unreported: Vec::new(),
        ..view
    };
    assert!(!Overview::new(&silent).page().contains("Reported by"));
}
