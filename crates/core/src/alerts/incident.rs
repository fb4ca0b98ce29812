//! Incidents: what is wrong is one from the first look that sees it until several have not.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::condition::{Cadence, Condition, Kind, put_time};
use crate::base::hex::Hex;
use crate::base::json::Object;
use crate::base::members::Members;
use crate::base::time::{DAY_MS, UnixMillis};
use crate::settings::alerts::Alerts;

/// What there is to be told of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    /// It has begun.
    Begun,
    /// It has become worse.
    Worse,
    /// It lasts.
    Lasts,
    /// It is over.
    Over,
}

impl News {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Worse => "worse",
            Self::Lasts => "lasts",
            Self::Over => "over",
        }
    }
}

/// Something that is, or was, wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Its own, for as long as it lasts.
    pub id: String,
    /// What is wrong, as it was seen last.
    pub condition: Condition,
    /// When it was seen first.
    pub opened: UnixMillis,
    /// When it was seen last.
    pub seen: UnixMillis,
    /// When it was found to be over.
    pub over: Option<UnixMillis>,
    /// How many looks in a row have not seen it.
    missed: u8,
    /// When it was told last.
    pub told: Option<UnixMillis>,
    /// How often it was told.
    pub tellings: u32,
    told_stage: u8,
    /// Whether what was told last is that it is there.
    announced: bool,
}

/// What one round of looks has come to.
#[derive(Debug, Clone, Default)]
pub struct Round {
    /// Everything that is wrong.
    pub conditions: Vec<Condition>,
    /// The sources that there are.
    pub sources: Vec<String>,
    /// The sources that were looked at, and whether an hour of theirs was judged.
    pub looked: Vec<(String, bool)>,
    /// Whether everything else was.
    pub standing: bool,
}

impl Round {
    /// Whether an incident would have been seen.
    fn has_looked(&self, of: &Condition) -> bool {
        match of.kind {
            Kind::Remainder | Kind::Paused | Kind::DeadLetters | Kind::Ends => self.standing,
            _ if self.sources.iter().all(|name| *name != of.source) => true,
            kind => self.looked.iter().any(|(source, judged)| {
                *source == of.source && (*judged || kind.cadence() == Cadence::Always)
            }),
        }
    }
}

impl Incident {
    /// So many looks in a row have to miss it before it is over.
    const QUIET: u8 = 3;
    /// What comes back within that time is the same one.
    const BACK_MS: i64 = DAY_MS;
    /// The longest hours by which one is seen again that was seen by fewer.
    const SHORT: u8 = 4;
    /// After so many tellings it is told once a week.
    const DAILY: u32 = 3;

    fn begin(condition: Condition, now: UnixMillis) -> Self {
        let digest = Sha256::digest([&condition.subject(), "\n", &now.0.to_string()].concat());
        let digits = Hex::of(&digest.into());
        Self {
            id: ["inc-", digits.as_str().get(..16).unwrap_or_default()].concat(),
            condition,
            opened: now,
            seen: now,
            over: None,
            missed: 0,
            told: None,
            tellings: 0,
            told_stage: 0,
            announced: false,
        }
    }

    fn is_recent(&self, now: UnixMillis) -> bool {
        self.over.is_none_or(|over| now.0 - over.0 < Self::BACK_MS)
    }

    /// Sees it again, and says whether that counts. Long hours still hold what is over, so they do not keep open what shorter ones
    /// have seen.
    fn see(&mut self, condition: &Condition, now: UnixMillis) -> bool {
        if condition.window > self.condition.window.max(Self::SHORT) {
            return false;
        }
        if self.over.is_some() {
            if !condition.certain || condition.window > Self::SHORT {
                return false;
            }
            self.over = None;
        }
        (self.seen, self.missed) = (now, 0);
        if condition.certain {
            let known = std::mem::replace(&mut self.condition, condition.clone());
            let since = [known.since, condition.since];
            self.condition.since = since.into_iter().flatten().min();
            self.condition.window = known.window.min(condition.window);
            self.condition.release = known.release.or(self.condition.release.take());
            self.condition.worker = known.worker.or(self.condition.worker.take());
        }
        true
    }

    fn miss(&mut self, now: UnixMillis) {
        self.missed = self.missed.saturating_add(1);
        if self.missed >= Self::QUIET {
            self.over = Some(now);
        }
    }

    /// What there is to be told of it now: that it has begun, once a day at most that it lasts, and that it is over.
    pub fn news(&self, now: UnixMillis) -> Option<News> {
        let Some(told) = self.told else {
            return Some(if self.over.is_some() {
                News::Over
            } else {
                News::Begun
            });
        };
        if self.over.is_some() {
            return self.announced.then_some(News::Over);
        }
        if self.condition.stage > self.told_stage {
            return Some(News::Worse);
        }
        let days = if self.tellings < Self::DAILY { 1 } else { 7 };
        let is_due = self.condition.kind != Kind::Ends && now.0 - told.0 >= days * DAY_MS;
        is_due.then_some(News::Lasts)
    }

    /// The news, where it is to be told now and not kept for the morning.
    pub(super) fn due(&self, rules: &Alerts, now: UnixMillis) -> Option<News> {
        let news = self.news(now)?;
        let is_quiet = rules.quiet_hours.is_some_and(|hours| hours.contains(now));
        let breaks = rules.urgent && self.is_urgent() && news != News::Over;
        (!is_quiet || breaks).then_some(news)
    }

    /// Whether it cannot wait: an event that is gone can, unless it is the one that money comes with.
    fn is_urgent(&self) -> bool {
        let condition = &self.condition;
        condition.kind.is_urgent()
            && (condition.kind != Kind::Gone || condition.event == "purchase")
    }

    /// That it was told.
    pub fn tell(&mut self, news: News, now: UnixMillis) {
        self.told = Some(now);
        self.tellings += 1;
        self.told_stage = self.condition.stage;
        self.announced = news != News::Over;
    }

    /// As it is kept, or as whoever asks is told. What there is nothing of is left out.
    pub(super) fn write(&self, to: &mut Object<'_>, shown: bool) {
        to.put("id", &self.id);
        self.condition.write(to, shown);
        for (name, at) in [
            ("opened", Some(self.opened)),
            ("seen", Some(self.seen)),
            ("over", self.over),
            ("told", self.told),
        ] {
            put_time(to, name, at, shown);
        }
        to.put("tellings", i64::from(self.tellings));
        if !shown {
            to.put("missed", i64::from(self.missed));
            to.put("told_stage", i64::from(self.told_stage));
            to.put("announced", self.announced);
        }
    }

    /// As it is kept, as JSON.
    pub fn kept(&self) -> String {
        Object::write_text(|to| self.write(to, false))
    }

    /// As whoever asks is told, as JSON.
    pub fn shown(&self) -> String {
        Object::write_text(|to| self.write(to, true))
    }

    /// Reads one; `None` where it is none.
    pub fn read(value: Value) -> Option<Self> {
        let mut of = Members::of(value.clone())?;
        Some(Self {
            id: of.text("id")?,
            condition: Condition::read(value)?,
            opened: of.time("opened")?,
            seen: of.time("seen")?,
            over: of.time("over"),
            missed: of.whole("missed")?,
            told: of.time("told"),
            tellings: of.whole("tellings")?,
            told_stage: of.whole("told_stage")?,
            announced: of.take("announced")?.as_bool()?,
        })
    }
}

/// One condition for each subject. What a share does of several events at once is one thing that is wrong.
fn merged(conditions: Vec<Condition>) -> Vec<Condition> {
    let mut all: Vec<(Condition, Vec<String>)> = Vec::new();
    for condition in conditions {
        let subject = condition.subject();
        let known = all.iter_mut().find(|(known, _)| {
            // What keeps an incident open must not speak for what begins one, nor long hours for short ones.
            known.certain == condition.certain
                && (known.certain || known.window == condition.window)
                && known.subject() == subject
        });
        let Some((known, events)) = known else {
            all.push((condition, Vec::new()));
            continue;
        };
        known.since = [known.since, condition.since].into_iter().flatten().min();
        known.window = known.window.min(condition.window);
        if condition.event != known.event && !events.contains(&condition.event) {
            events.push(condition.event);
        }
    }
    let told = all.into_iter().map(|(mut condition, events)| {
        let events: Vec<&str> = events
            .iter()
            .map(String::as_str)
            .filter(|it| !it.is_empty())
            .collect();
        if !events.is_empty() {
            let also = [" The same of ", &events.join(", "), "."].concat();
            condition.text.push_str(&also);
        }
        condition
    });
    told.collect()
}

/// Carries the incidents on by what a round has seen. Gives all of them, new ones last.
pub fn follow(known: Vec<Incident>, mut round: Round, now: UnixMillis) -> Vec<Incident> {
    let mut all = known;
    let mut seen: Vec<String> = Vec::new();
    let conditions = merged(std::mem::take(&mut round.conditions));
    // The worst first, since others may only be parts of it.
    for (kind, certain) in Kind::ALL
        .iter()
        .flat_map(|kind| [(*kind, true), (*kind, false)])
    {
        let of_kind = conditions.iter();
        for condition in of_kind.filter(|it| it.kind == kind && it.certain == certain) {
            let subject = condition.subject();
            let known = all
                .iter_mut()
                .find(|it| it.is_recent(now) && it.condition.subject() == subject);
            if let Some(incident) = known {
                if incident.see(condition, now) {
                    seen.push(incident.id.clone());
                }
            } else if certain && !is_part(condition, &all, now) {
                let incident = Incident::begin(condition.clone(), now);
                seen.push(incident.id.clone());
                all.push(incident);
            }
        }
    }
    for incident in &mut all {
        let is_seen = seen.contains(&incident.id);
        if incident.over.is_none() && !is_seen && round.has_looked(&incident.condition) {
            incident.miss(now);
        }
    }
    all
}

/// Whether it is only another view of one that is known: what was gone is missing from longer hours for a day.
fn is_part(condition: &Condition, all: &[Incident], now: UnixMillis) -> bool {
    let whole = match condition.kind {
        Kind::Volume => Kind::Gone,
        Kind::Halved => Kind::Silent,
        _ => return false,
    };
    all.iter().any(|incident| {
        let of = &incident.condition;
        of.kind == whole
            && of.source == condition.source
            && (whole == Kind::Silent || of.event == condition.event)
            && incident.is_recent(now)
    })
}
