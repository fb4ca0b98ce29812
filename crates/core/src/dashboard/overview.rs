//! The page: the questions of every morning in the order in which they are asked, each with its answer first.

use super::arrivals::{Arrivals, Verdict};
use super::coverage::Coverage;
use super::details;
use super::event::search;
use super::filter::Filter;
use super::html::Html;
use super::platforms::Platforms;
use super::releases::{Releases, gate, named};
use super::reported;
use super::shell::{DOCS, Place, begin, end, head, nothing, option};
use super::view::View;
use super::words::{count, counted, moment, percent, stamp};
use crate::base::query::written;
use crate::base::table::sort_many;
use crate::base::time::UnixMillis;

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Bad,
    Wait,
}

/// Where the page says what changed with a release.
const RELEASED: &str = "#released";

/// Something to look at: how bad it is, what it is, and where on the page it stands.
type Finding = (Level, String, &'static str);

/// The page, computed.
#[derive(Debug)]
pub struct Overview<'v> {
    view: &'v View,
    arrivals: Arrivals,
    platforms: Platforms,
    releases: Releases,
    coverage: Coverage,
}

impl<'v> Overview<'v> {
    /// Computes what the page says.
    pub fn new(view: &'v View) -> Self {
        let days = view.answers.iter().flat_map(|all| all.arrivals.clone());
        let days: Vec<_> = days.collect();
        let releases = Releases::new(view);
        Self {
            view,
            arrivals: Arrivals::new(&view.filter, view.now, &days),
            platforms: Platforms::new(view),
            coverage: Coverage::new(view, &releases),
            releases,
        }
    }

    /// Writes it.
    pub fn page(&self) -> String {
        let mut html = begin("edgetally");
        head(&mut html, Place::Overview, &self.view.address());
        html.put(
            r#"<main id="main" data-zone="{}">"#,
            &[if self.view.filter.zoned { "given" } else { "" }],
        );
        if self.view.answers.is_none() {
            html.markup(r#"<h1>The ledger does not answer</h1><p class="lead">Events are taken all the same, and their counts come later through the queue. Reload in a moment.</p></main>"#);
            return end(html);
        }
        self.headline(&mut html);
        self.filter(&mut html);
        if self.is_empty() {
            self.welcome(&mut html);
        } else {
            self.tiles(&mut html);
            self.arrived(&mut html);
            self.taken(&mut html);
            self.refused(&mut html);
            self.released(&mut html);
            self.ends(&mut html);
            self.details(&mut html);
        }
        self.foot(&mut html);
        html.markup("</main>");
        end(html)
    }

    /// The last release, and the one that it is held against, where both have names.
    pub fn pair(&self) -> Option<(&str, &str)> {
        let (last, before) = self.releases.pair()?;
        let named = !last.name.is_empty() && !before.name.is_empty();
        named.then_some((last.name.as_str(), before.name.as_str()))
    }

    fn is_empty(&self) -> bool {
        self.releases.is_empty()
            && self.platforms.intake.is_none()
            && self.arrivals.verdict() == Verdict::Nothing
            && self.view.latest.is_empty()
    }

    /// The event that matters most, in the plural.
    fn events(&self) -> String {
        match self.view.filter.event.as_str() {
            "purchase" => "purchases".to_owned(),
            event => format!("{event} events"),
        }
    }

    /// What a person should look at, the worst first.
    fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let events = self.events();
        match self.arrivals.verdict() {
            Verdict::Gone => found.push((
                Level::Bad,
                format!(
                    "No {events} today, where {} are usual by now",
                    count(self.arrivals.usual().unwrap_or(0))
                ),
                "#arrived",
            )),
            Verdict::Fewer => found.push((
                Level::Wait,
                format!("Fewer {events} than usual today"),
                "#arrived",
            )),
            _ => {}
        }
        if self.platforms.remainder() != 0 {
            found.push((
                Level::Bad,
                "The books do not balance: events are missing from the ledger".to_owned(),
                "#taken",
            ));
        }
        self.incidents(&mut found);
        self.changed(&mut found);
        for one in &self.platforms.all {
            if let Some((_, code)) = &one.paused {
                found.push((
                    Level::Bad,
                    format!("{} is paused here: it refused the credential or asked for a pause ({code})", one.name),
                    "#taken",
                ));
            } else if one.is_failing() && one.lost() > 0 {
                let lost = counted(one.lost(), "event", "events");
                found.push((
                    Level::Bad,
                    format!("{} refused or never took {lost}", one.name),
                    "#refused",
                ));
            }
        }
        for ending in &self.view.endings {
            let level = if ending.days <= 14 {
                Level::Bad
            } else {
                Level::Wait
            };
            found.push((level, ends_in(&ending.what, ending.days), "#ends"));
        }
        if self.view.answers.iter().any(|all| all.crowded) {
            found.push((
                Level::Wait,
                "Senders use so many names of events and releases that not all are on this page: choose a source, or less time".to_owned(),
                "#released",
            ));
        }
        for task in &self.view.tasks {
            found.push((Level::Wait, task.clone(), "#ends"));
        }
        sort_many(&mut found, |(one, ..), (other, ..)| one < other);
        found
    }

    /// What somebody was told of, each in a line, but for what stands here anyway.
    fn incidents(&self, found: &mut Vec<Finding>) {
        for incident in &self.view.incidents {
            let place = match incident.kind {
                "remainder" | "ends" => continue,
                "destination_paused" => "#taken",
                "new_code" | "dead_letters" => "#refused",
                "share" => "#released",
                _ => "#arrived",
            };
            let is_shown = self.view.filter.source.as_ref();
            if is_shown
                .is_some_and(|source| !incident.source.is_empty() && incident.source != *source)
            {
                continue;
            }
            let mut text = incident.text.clone();
            if !incident.source.is_empty() {
                text = format!("{}: {text}", incident.source);
            }
            if let Some(since) = incident.since {
                text.extend([" Since ", &moment(since), "."]);
            }
            found.push((Level::Bad, text, place));
        }
    }

    /// What is different since the last release.
    fn changed(&self, found: &mut Vec<Finding>) {
        let Some((last, _)) = self.releases.pair() else {
            return;
        };
        let mut notable: Vec<_> = self.releases.notable().collect();
        sort_many(&mut notable, |one, other| one.fell() && !other.fell());
        for change in notable.iter().take(4) {
            let level = if change.fell() {
                Level::Bad
            } else {
                Level::Wait
            };
            let text = format!(
                "Since {}, {}: {} went from {} to {}",
                named(&last.name),
                change.event,
                change.what,
                percent(Some(change.before)),
                percent(Some(change.after))
            );
            found.push((level, text, RELEASED));
        }
        if notable.len() > 4 {
            let more = format!(
                "{} more changes since {}",
                notable.len() - 4,
                named(&last.name)
            );
            found.push((Level::Wait, more, RELEASED));
        }
    }

    fn headline(&self, html: &mut Html) {
        let found = self.findings();
        if self.is_empty() {
            html.markup("<h1>Nothing has arrived yet</h1>");
            return;
        }
        if found.is_empty() {
            html.markup(r#"<div class="headline good"><h1>Nothing needs you</h1><p>Events arrive as usual, the platforms take them, and the books balance.</p></div>"#);
            return;
        }
        let bad = found.iter().any(|(level, ..)| *level == Level::Bad);
        let n = i64::try_from(found.len()).unwrap_or(0);
        html.put(
            r#"<div class="headline {}"><h1>{} to look at</h1><ul>"#,
            &[
                if bad { "bad" } else { "wait" },
                &counted(n, "thing", "things"),
            ],
        );
        for (level, text, place) in &found {
            let class = if *level == Level::Bad { "bad" } else { "wait" };
            html.put(
                r#"<li class="{}"><a href="{}">{}</a></li>"#,
                &[class, place, text],
            );
        }
        html.markup("</ul>");
        if let Some((last, before)) = self.releases.pair()
            && found.iter().any(|(.., place)| *place == RELEASED)
            && !before.name.is_empty()
        {
            html.put(
                r#"<p>If nobody meant {} to change that: put {} back, or mend how events are sent. Events that arrived meanwhile stay as they are. <a href="{}">What to do</a></p>"#,
                &[
                    &named(&last.name),
                    &named(&before.name),
                    &[DOCS, "gate.md#when-a-release-broke-something"].concat(),
                ],
            );
        }
        html.markup("</div>");
    }

    fn filter(&self, html: &mut Html) {
        let filter = &self.view.filter;
        html.markup(r#"<form class="filter" method="get" action="/dashboard" data-filter>"#);
        if filter.zoned {
            html.put(
                r#"<input type="hidden" name="zone" value="{}">"#,
                &[&filter.zone.to_string()],
            );
        }
        let key = filter.key.map(|key| ("key", key.as_str()));
        let to = filter.to.as_deref().map(|to| ("to", to));
        for (name, value) in key.into_iter().chain(to) {
            html.put(
                r#"<input type="hidden" name="{}" value="{}">"#,
                &[name, value],
            );
        }
        html.markup(r#"<div><label for="source">Source</label><select id="source" name="source"><option value="">All</option>"#);
        for name in &self.view.sources {
            option(html, name, name, filter.source.as_ref() == Some(name));
        }
        html.put(
            r#"</select></div><div><label for="event">Event that matters most</label><input id="event" name="event" value="{}" list="events" autocomplete="off" spellcheck="false"><datalist id="events"><option value="purchase"><option value="add_to_cart"><option value="begin_checkout"><option value="generate_lead"><option value="sign_up"><option value="page_view"></datalist></div><div><label for="days">Time</label><select id="days" name="days">"#,
            &[&filter.event],
        );
        for days in Filter::DAYS {
            option(html, &days.to_string(), span(days), filter.days == days);
        }
        html.markup("</select></div><button>Show</button></form>");
    }

    fn tiles(&self, html: &mut Html) {
        html.markup(r#"<ul class="tiles">"#);
        let usual = self.arrivals.usual();
        let (class, said) = match self.arrivals.verdict() {
            Verdict::Gone => ("bad", "none where some are usual"),
            Verdict::Fewer => ("wait", "fewer than usual"),
            Verdict::More => ("good", "more than usual"),
            Verdict::Usual => ("good", "as usual"),
            Verdict::New | Verdict::Nothing => ("", "nothing to compare with yet"),
        };
        let beside = usual.map_or_else(
            || said.to_owned(),
            |usual| format!("{} usual by now: {said}", count(usual)),
        );
        let name = format!("{} today", capital(&self.events()));
        tile(
            html,
            "arrived",
            class,
            &name,
            &count(self.arrivals.today()),
            &beside,
        );
        let failing = self.platforms.failing();
        let out = self.platforms.remainder();
        let beside = match failing.as_slice() {
            [] => "of what they were sent".to_owned(),
            names => format!("look at {}", names.join(", ")),
        };
        let beside = format!("{beside}; remainder {}", count(out));
        tile(
            html,
            "taken",
            if !failing.is_empty() || out != 0 {
                "bad"
            } else {
                "good"
            },
            "Taken by platforms",
            &percent(self.platforms.taken()),
            &beside,
        );
        let lost = self.platforms.lost();
        tile(
            html,
            "refused",
            if lost > 0 { "wait" } else { "good" },
            "Refused or given up",
            &count(lost),
            if lost > 0 {
                "dead letters can be replayed"
            } else {
                "nothing is missing"
            },
        );
        self.release_tile(html);
        let soonest = self.view.endings.first();
        tile(
            html,
            "ends",
            match soonest.map(|ending| ending.days) {
                Some(..=14) => "bad",
                Some(_) => "wait",
                None => "good",
            },
            "Ends soon",
            &soonest.map_or_else(
                || "Nothing".to_owned(),
                |ending| counted(ending.days, "day", "days"),
            ),
            soonest.map_or("within 60 days", |ending| ending.what.as_str()),
        );
        html.markup("</ul>");
    }

    fn release_tile(&self, html: &mut Html) {
        let changes = self.releases.notable().count();
        let fell = self.releases.notable().any(super::releases::Change::fell);
        let (value, said) = match self.releases.pair() {
            Some((last, _)) if changes > 0 => {
                (named(&last.name), format!("{changes} changed with it"))
            }
            Some((last, _)) => (named(&last.name), "nothing stands out".to_owned()),
            None => (
                "–".to_owned(),
                format!("no new one, {}", span(self.view.filter.days).to_lowercase()),
            ),
        };
        let class = match (changes > 0, fell) {
            (true, true) => "bad",
            (true, false) => "wait",
            (false, _) => "good",
        };
        tile(html, "released", class, "Last release", &value, &said);
    }

    fn arrived(&self, html: &mut Html) {
        let events = self.events();
        section(html, "arrived", &format!("Did {events} arrive?"));
        let (today, day) = (
            count(self.arrivals.today()),
            self.arrivals.weekday(&self.view.filter),
        );
        let answer = match self.arrivals.verdict() {
            Verdict::Nothing => {
                format!("None has been counted, today or on the four {day}s before.")
            }
            Verdict::New => {
                format!("{today} so far today. There is no earlier {day} to compare with yet.")
            }
            Verdict::Gone => "No: there has been none today.".to_owned(),
            Verdict::Fewer => format!("{today} so far today, fewer than usual."),
            Verdict::Usual => format!("Yes: {today} so far today, as usual."),
            Verdict::More => format!("Yes: {today} so far today, more than usual."),
        };
        html.put(r#"<p class="answer">{}"#, &[&answer]);
        let earlier: Vec<String> = self.arrivals.earlier().into_iter().map(count).collect();
        if let Some(usual) = self.arrivals.usual() {
            html.put(
                r#" <span class="soft">By this time on earlier {}s, the latest first: {}; {} in the mean.</span>"#,
                &[day, &earlier.join(", "), &count(usual)],
            );
        }
        html.markup("</p>");
        if self.arrivals.verdict() == Verdict::Nothing {
            html.markup(r#"<p class="soft">Choose the event that matters most to you above, if it is another one. If it should be here: the answers of its requests say why it is not, and <a href="https://github.com/edgetally/edgetally/blob/main/docs/not-arriving.md">“My events are not arriving”</a> says where to look.</p>"#);
        } else {
            self.arrivals
                .draw(html, &self.view.filter, &capital(&events));
        }
        html.markup("</section>");
    }

    fn taken(&self, html: &mut Html) {
        section(html, "taken", "Did every platform take them?");
        self.idle_sources(html);
        if self.platforms.all.is_empty() {
            nothing(
                html,
                "There is no destination yet.",
                "Name a platform under <code>destinations</code> in the settings, put its secrets, and name it in <code>destinations</code> of the source: <code>npx edgetally check</code> says what is missing.",
                "settings.md",
                "The settings",
            );
            html.markup("</section>");
            return;
        }
        let names = self.platforms.failing();
        let waiting: i64 = self
            .platforms
            .all
            .iter()
            .map(super::platforms::Platform::waiting)
            .sum();
        let mut answer = match names.as_slice() {
            [] if self.platforms.is_idle() => "Nothing was to be sent.".to_owned(),
            [] if self.platforms.taken().is_none() => {
                "They have not decided on anything yet.".to_owned()
            }
            [] => format!(
                "Yes: they took {} of what they were sent.",
                percent(self.platforms.taken())
            ),
            names => format!("No: look at {}.", names.join(", ")),
        };
        if waiting > 0 {
            let said = counted(waiting, "event is", "events are");
            answer.extend([" ", &said, " on the way."]);
        }
        html.put(
            r#"<p class="answer">{} <span class="soft">{}, all events. Each row shares out what was accepted. Taken is the part of what the platform has decided on; the remainder is what the books are out by, and always 0.</span></p>"#,
            &[&answer, span(self.view.filter.days)],
        );
        self.platforms.draw(html);
        html.markup("</section>");
    }

    /// Sources whose events are counted and go nowhere.
    fn idle_sources(&self, html: &mut Html) {
        if self.view.idle.is_empty() {
            return;
        }
        let names = self.view.idle.join(", ");
        let what = match self.view.idle.as_slice() {
            [_] => format!("What {names} sends goes nowhere."),
            _ => format!("What {names} send goes nowhere."),
        };
        nothing(
            html,
            &what,
            "It is checked and counted, and no platform is told. Name one in <code>destinations</code> of the source.",
            "settings.md",
            "The settings",
        );
    }

    fn refused(&self, html: &mut Html) {
        section(html, "refused", "What was refused, and why?");
        if self.platforms.has_reasons() {
            self.platforms
                .explain(html, |name| self.view.platform(name));
        } else {
            html.put(
                r#"<p class="answer">Nothing. <span class="soft">{}.</span></p>"#,
                &[span(self.view.filter.days)],
            );
        }
        self.letters(html);
        html.markup("</section>");
    }

    fn letters(&self, html: &mut Html) {
        let letters = &self.view.letters;
        if letters.is_empty() {
            html.markup(
                r#"<p class="letters soft">No dead letters: nothing waits to be replayed.</p>"#,
            );
            return;
        }
        html.markup(r#"<p class="letters">Dead letters kept for replay: "#);
        for (at, (name, n)) in letters.iter().enumerate() {
            let query = written([("destination", name.as_str())]);
            html.put(
                r#"{}<a href="/dashboard/dead-letters?{}">{} {}</a>"#,
                &[if at > 0 { ", " } else { "" }, &query, &count(*n), name],
            );
        }
        html.markup(".</p>");
    }

    fn released(&self, html: &mut Html) {
        section(html, "released", "Did the last release change anything?");
        let changes = self.releases.notable().count();
        match self.releases.pair() {
            Some((last, _)) => html.put(
                r#"<p class="answer">{} <span class="soft">Last release: {}, since <time datetime="{}">{}</time>.</span></p>"#,
                &[
                    &match changes {
                        0 => "Nothing stands out.".to_owned(),
                        1 => "Yes: one thing stands out.".to_owned(),
                        n => format!("Yes: {n} things stand out."),
                    },
                    &named(&last.name),
                    &stamp(last.first),
                    &moment(last.first),
                ],
            ),
            None if self.releases.named() => html.put(
                r#"<p class="answer">No new release. <span class="soft">{}.</span></p>"#,
                &[span(self.view.filter.days)],
            ),
            None if self.releases.is_empty() => html.put(
                r#"<p class="answer">Nothing was counted. <span class="soft">{}.</span></p>"#,
                &[span(self.view.filter.days)],
            ),
            None => nothing(
                html,
                "Senders do not say which release they are.",
                "Send <code>release</code> with events, and this place says what changed with each, and the gate whether to go back.",
                "gate.md#what-to-send",
                "What to send",
            ),
        }
        gate(html, self.view, self.releases.pair());
        if !self.releases.is_empty() {
            self.releases.draw(html, self.view);
            self.releases.compare(html);
        }
        html.markup("</section>");
    }

    fn ends(&self, html: &mut Html) {
        section(html, "ends", "What ends soon, and what waits for you?");
        if self.view.endings.is_empty() && self.view.tasks.is_empty() {
            html.markup(r#"<p class="answer">Nothing. <span class="soft">No platform version or credential ends within 60 days, and nothing waits for a person.</span></p>"#);
        } else {
            html.markup(r#"<ul class="tasks">"#);
            for ending in &self.view.endings {
                html.put(
                    r#"<li><span class="chip {}">{}</span> {} ends on {}. {}</li>"#,
                    &[
                        if ending.days <= 14 { "bad" } else { "wait" },
                        &counted(ending.days, "day", "days"),
                        &ending.what,
                        &ending.on,
                        ending.advice,
                    ],
                );
            }
            for task in &self.view.tasks {
                html.put(
                    r#"<li><span class="chip wait">To do</span> {}</li>"#,
                    &[task],
                );
            }
            html.markup("</ul>");
        }
        html.markup("</section>");
    }

    fn details(&self, html: &mut Html) {
        self.keys(html);
        html.markup(r#"<div class="pair">"#);
        section(html, "consent", "What visitors decided");
        self.consent(html);
        html.markup("</section>");
        section(html, "latency", "How long it took");
        details::latency(html, &self.platforms);
        html.markup("</section>");
        section(html, "apart", "Tests and robots");
        details::apart(html, self.platforms.intake.as_ref());
        html.markup("</section>");
        section(html, "one", "One event");
        html.markup(
            r#"<p class="soft">Its copies, what each platform said, and what consent decided.</p>"#,
        );
        search(html, None);
        html.markup("</section></div>");
        section(html, "latest", "The latest copies");
        if self.view.latest.is_empty() {
            nothing(
                html,
                "None is kept.",
                "The latest 2,000 are kept one by one, and of a large request its first 25. Send an event, and reload.",
                "not-arriving.md",
                "“My events are not arriving”",
            );
        } else {
            details::latest(html, &self.view.latest);
            html.markup(r#"<p><a href="/dashboard/live">Watch them live</a></p>"#);
        }
        html.markup("</section>");
    }

    fn keys(&self, html: &mut Html) {
        section(html, "keys", "Can the platforms match them?");
        match &self.platforms.intake {
            Some(intake) if intake.keys.counted > 0 => {
                html.markup(r#"<p class="answer"><span class="soft">How many events came with each match key, and how many of those that a platform took were sent with it, after consent. The estimate, 0 to 10, is edgetally’s own and no platform’s score.</span></p>"#);
                details::keys(html, &self.platforms);
            }
            _ => nothing(
                html,
                "No event has come that match keys are counted of.",
                "They are counted of every event but tests and robots: what platforms recognise a visitor by, such as <code>user.email</code> or a click id.",
                "quality.md#what-is-counted",
                "What is counted",
            ),
        }
        html.put(
            r#"<h3 id="coverage">Match keys of {} over time</h3>"#,
            &[&self.events()],
        );
        if self.coverage.is_empty() {
            html.put(
                r#"<p class="soft">No keys of {} are counted here. {}; choose another event or a longer time above.</p>"#,
                &[&self.events(), span(self.view.filter.days)],
            );
        } else {
            self.coverage.draw(html, self.view, &self.releases);
        }
        reported::draw(html, self.view);
        html.markup("</section>");
    }

    fn consent(&self, html: &mut Html) {
        match &self.platforms.intake {
            Some(intake) if intake.consent.values().any(|n| *n > 0) => {
                details::consent(html, intake);
            }
            _ => nothing(
                html,
                "No decision was counted.",
                "One is counted of every event but tests and robots, also where nobody was asked. A page’s script listens to the consent platform; a server sends <code>consent</code>.",
                "consent.md#what-counts",
                "What counts as consent",
            ),
        }
        if !self.coverage.is_undecided() {
            self.coverage
                .draw_decisions(html, self.view, &self.releases);
        }
    }

    fn welcome(&self, html: &mut Html) {
        html.markup(r#"<section class="card empty"><h2>What to do next</h2><ol><li>Send an event: from your page with the script, or from your server with the source’s secret. In a checkout of your project: <code>npx edgetally send purchase --id first-1 --value 129.90 --currency EUR --granted</code></li><li>Reload this page. It counts within a few seconds of the event’s arrival.</li><li>Nothing here although you sent some? The answer of the request says why, and <a href="https://github.com/edgetally/edgetally/blob/main/docs/not-arriving.md">“My events are not arriving”</a> says where to look.</li></ol></section>"#);
        self.ends(html);
    }

    fn foot(&self, html: &mut Html) {
        let since = self.view.filter.since(self.view.now);
        html.put(
            r#"<footer><p>Counted up to <time datetime="{}">{}</time>. An event is counted when it has been worked off; the queue takes about two to ten seconds.</p>"#,
            &[&stamp(self.view.now), &moment(self.view.now)],
        );
        if self.view.waiting > 0 {
            html.put(
                "<p>{} for others that they build upon, and are counted with them.</p>",
                &[&counted(self.view.waiting, "report waits", "reports wait")],
            );
        }
        let until = stamp(UnixMillis(Filter::until(self.view.now).0 - 1));
        let source = self.view.filter.source.as_deref();
        let source = source.map(|source| ("source", source));
        let since = stamp(since);
        let span = [("since", since.as_str()), ("until", &until)];
        let query = written(span.into_iter().chain(source));
        html.put(
            r"<p>The same numbers for programs: <code>/v1/quality?by=destination&amp;{}</code> and <code>/v1/ledger?{}</code>, with the admin token. Days begin at midnight, UTC{}.</p></footer>",
            &[&query, &query, &offset(self.view.filter.zone)],
        );
    }
}

fn offset(zone: i64) -> String {
    match zone {
        0 => String::new(),
        zone if zone < 0 => format!("−{}", -zone),
        zone => format!("+{zone}"),
    }
}

/// A span of time.
const fn span(days: i64) -> &'static str {
    match days {
        1 => "The last 24 hours",
        7 => "The last 7 days",
        _ => "The last 30 days",
    }
}

fn ends_in(what: &str, days: i64) -> String {
    if days <= 0 {
        format!("{what} has ended")
    } else {
        format!("{what} ends in {}", counted(days, "day", "days"))
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        let rest = characters.as_str();
        if rest.starts_with("urchases") {
            format!("{}{rest}", first.to_ascii_uppercase())
        } else {
            text.to_owned()
        }
    })
}

fn section(html: &mut Html, id: &str, title: &str) {
    html.put(
        r#"<section class="card" id="{}" aria-labelledby="{}-title"><h2 id="{}-title">{}</h2>"#,
        &[id, id, id, title],
    );
}

fn tile(html: &mut Html, place: &str, class: &str, name: &str, value: &str, beside: &str) {
    html.put(
        r##"<li class="tile {}"><a href="#{}"><span class="name">{}</span> <b data-tile="{}">{}</b> <span class="beside">{}</span></a></li>"##,
        &[class, place, name, place, value, beside],
    );
}
