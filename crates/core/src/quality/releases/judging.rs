//! From the tests to a verdict.

use super::comparison::{Against, Comparison, Finding, Severity, Sight, Verdict};
use super::evidence::{Books, Evidence, Kind, complete_consent};
use super::family::{Member, judge, share_out};
use super::plan::{GONE, Plan, Windows};
use super::question::{Looks, Question, Usage};
use super::shares::{Share, amounts, shares};
use super::statistics::Change;
use super::volumes::{Total, Volume, total, volumes};
use super::words;
use crate::base::match_keys::Key;
use crate::base::table::sort_many;
use crate::metrics::math::ln;

/// Compares what the ledger answered.
///
/// # Errors
///
/// Where a label is nobody's: see [`Question::plan`].
pub fn compare(question: &Question, evidence: &Evidence) -> Result<Comparison, Usage> {
    Ok(match question.plan(&evidence.adoption)? {
        Plan::NotYet(it) => Comparison::not_yet(question, &it),
        Plan::Silent(it) => Comparison::silent(question, &it),
        Plan::Ready(windows) => ready(question, evidence, &windows),
    })
}

/// What volumes get of the level where there is something else to test: they are the harder to see.
const VOLUMES: f64 = 0.85;

pub(super) fn ready(question: &Question, evidence: &Evidence, windows: &Windows) -> Comparison {
    let mut books = Books::open(evidence, windows);
    complete_consent(&mut books.fractions);
    let mut all = volumes(&books, question, windows);
    let mut rest = shares(&books.fractions, question, windows);
    rest.extend(amounts(&books.amounts, question, windows));
    adjust(question, &mut all, &mut rest);

    let mut comparison = Comparison::of(question, windows);
    let findings = &mut comparison.findings;
    for volume in &all {
        findings.extend(of_volume(question, windows, volume));
    }
    blame(findings, &all);
    findings.extend(total(question, windows).and_then(|it| of_total(question, windows, it)));
    for share in &rest {
        if let Some(finding) = of_share(question, windows, share) {
            add_or_join(findings, finding);
        }
    }
    explain(findings);
    findings.extend(news(&books, &all));
    sort_many(findings, |one, other| {
        let p = |finding: &Finding| finding.p.unwrap_or(0.0);
        one.severity
            .cmp(&other.severity)
            .then(p(one).total_cmp(&p(other)))
            .is_lt()
    });
    comparison.sight = sight(question, windows, &all);
    conclude(&mut comparison, &all);
    comparison
}

/// Shares out the level, and adjusts every p-value for the number of all.
fn adjust(question: &Question, all: &mut [Volume<'_>], rest: &mut [Share<'_>]) {
    let alpha = question.thresholds.alpha;
    let mut members: Vec<Member> = all.iter().map(|it| it.member).collect();
    let told: Vec<Member> = rest.iter().map(|it| it.member).collect();
    // A test that cannot fail a comparison takes nothing of the level.
    let failing = rest.iter().map(|it| it.can_fail);
    let mut others: Vec<Member> = told
        .iter()
        .zip(failing)
        .map(|(it, can_fail)| Member::new(it.p, if can_fail { it.size } else { 0.0 }))
        .collect();
    let part = if others.is_empty() { 1.0 } else { VOLUMES };
    share_out(&mut members, alpha * part);
    share_out(&mut others, alpha * (1.0 - part));
    members.append(&mut others);
    judge(&mut members, alpha, question.thresholds.q);
    let mut judged = members.into_iter();
    for volume in all {
        volume.member = judged.next().unwrap_or(volume.member);
    }
    for share in rest {
        share.member = judged.next().unwrap_or(share.member);
    }
}

fn severity(question: &Question, member: Member, is_beyond: bool) -> Option<Severity> {
    let limits = question.thresholds;
    if member.adjusted <= limits.alpha {
        Some(if is_beyond {
            Severity::Fail
        } else {
            Severity::Note
        })
    } else if member.warned <= limits.q && is_beyond {
        Some(Severity::Warn)
    } else {
        None
    }
}

fn of_volume(question: &Question, windows: &Windows, volume: &Volume<'_>) -> Option<Finding> {
    let first = volume.measured.first()?;
    let is_gone = volume.is_gone(question.rule());
    let severity = if is_gone {
        Severity::Fail
    } else {
        let found = severity(
            question,
            volume.member,
            volume.is_beyond(question.thresholds.volume),
        )?;
        // Where it is expected less than seven times, a hand of events more or less is chance.
        if first.rate.expected < GONE && found == Severity::Fail {
            Severity::Warn
        } else {
            found
        }
    };
    let change = first.change;
    let text = if is_gone {
        [
            volume.event,
            " is gone: none came, where ",
            &words::whole(first.rate.expected),
            " were to be expected by ",
            first.by,
            ".",
        ]
        .concat()
    } else {
        let verb = if change.estimate < 1.0 {
            " fell by "
        } else {
            " rose by "
        };
        let mut text = [
            volume.event,
            verb,
            &words::percent((change.estimate - 1.0).abs()),
            " (",
            &words::against(change.low),
            " to ",
            &words::against(change.high),
            "): ",
            &words::whole(volume.after),
            " came, where ",
            &words::whole(first.rate.expected),
            " were to be expected by ",
            first.by,
        ]
        .concat();
        for other in volume.measured.iter().skip(1) {
            text.push_str(", and ");
            text.push_str(&words::whole(other.rate.expected));
            text.push_str(" by ");
            text.push_str(other.by);
        }
        text.push('.');
        text
    };
    Some(Finding {
        severity,
        test: if is_gone {
            "T1"
        } else if windows.concurrent {
            "T7"
        } else {
            "T2"
        },
        what: "volume".to_owned(),
        event: volume.event.to_owned(),
        destination: String::new(),
        also: Vec::new(),
        before: first.rate.expected,
        after: volume.after,
        change,
        unit: "ratio",
        p: (!is_gone).then_some(volume.member.adjusted),
        since: volume.since,
        text,
    })
}

/// Where an event has only one denominator, either of the two may have moved: their numbers in the same hours of the weeks before
/// tell which. In hours that labels share, it is one of the others that moved the opposite way by both denominators of its own.
/// What did not move itself is a note, as long as what moved has failed.
fn blame(findings: &mut [Finding], all: &[Volume<'_>]) {
    let measured = |finding: &Finding| {
        let volume = all.iter().find(|volume| volume.event == finding.event)?;
        Some((volume, volume.measured.as_slice()))
    };
    let moved = [true, false].map(|fell| {
        findings.iter().any(|finding| {
            finding.severity == Severity::Fail
                && (finding.change.estimate < 1.0) == fell
                && measured(finding).is_some_and(|(_, by)| by.len() > 1)
        })
    });
    let is_blameless = |finding: &Finding| match measured(finding) {
        Some((volume, [only])) if finding.test != "T1" => {
            let (own, by) = (ln(volume.usual).abs(), ln(only.usual).abs());
            if by.is_nan() {
                let [fell, rose] = moved;
                if finding.change.estimate < 1.0 {
                    rose
                } else {
                    fell
                }
            } else {
                by.is_finite() && own < 0.5 * by
            }
        }
        _ => false,
    };
    let is_other_failing = |findings: &[Finding], at: usize| {
        let others = findings
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at);
        others
            .filter(|(_, finding)| finding.severity == Severity::Fail)
            .any(|(_, finding)| !is_blameless(finding))
    };
    for at in 0..findings.len() {
        let other = is_other_failing(findings, at);
        let Some(finding) = findings.get_mut(at) else {
            continue;
        };
        if !is_blameless(finding) {
            continue;
        }
        if other {
            finding.severity = finding.severity.max(Severity::Note);
            finding
                .text
                .push_str(" In itself it did not move: the others did.");
        } else {
            finding
                .text
                .push_str(" In itself it did not move: look at the other events.");
        }
    }
}

fn of_total(question: &Question, windows: &Windows, it: Total) -> Option<Finding> {
    let has_halved = it.change.estimate < 0.5 && it.down < question.rule();
    if !has_halved && it.down.min(it.up) >= 0.005 {
        return None;
    }
    let text = [
        "All events of the source: ",
        &words::whole(it.after),
        " came, where ",
        &words::whole(it.expected),
        " came in the same hours of the weeks before (",
        &words::against(it.change.estimate),
        "). Traffic changes for other reasons than releases.",
    ]
    .concat();
    Some(Finding {
        severity: if has_halved {
            Severity::Fail
        } else {
            Severity::Warn
        },
        test: "T3",
        what: "volume".to_owned(),
        event: String::new(),
        destination: String::new(),
        also: Vec::new(),
        before: it.expected,
        after: it.after,
        change: it.change,
        unit: "ratio",
        p: Some(it.down.min(it.up)),
        since: windows.after.first().copied(),
        text,
    })
}

fn of_share(question: &Question, windows: &Windows, share: &Share<'_>) -> Option<Finding> {
    let mut severity = severity(question, share.member, share.is_beyond)?;
    if severity == Severity::Fail && !share.can_fail {
        severity = Severity::Warn;
    }
    let (what, unit, test) = match share.kind {
        Some(kind @ Kind::Score) => (words::share(kind, ""), "ratio", "T6"),
        Some(kind) => (
            words::share(kind, share.word),
            "difference",
            if windows.concurrent { "T7" } else { "T4" },
        ),
        None => (["value in ", share.word].concat(), "ratio", "T6"),
    };
    // Amounts are kept in millionths, and an estimate is one of ten.
    let of = |cell: super::statistics::Cell| match share.kind {
        Some(Kind::Score) => cell.share() * 10.0,
        Some(_) => cell.share(),
        None => cell.share() / 1e6,
    };
    let (before, after) = (of(share.before), of(share.after));
    let mut place = words::event(share.event).to_owned();
    if !share.destination.is_empty() {
        place.push_str(" at ");
        place.push_str(share.destination);
    }
    let Change {
        estimate,
        low,
        high,
    } = share.change;
    let text = match share.kind {
        None | Some(Kind::Score) => [
            &place,
            ": a mean ",
            &what,
            " of ",
            &words::amount(after),
            ", ",
            &words::amount(before),
            " before (",
            &words::against(estimate),
            ").",
        ]
        .concat(),
        Some(_) => [
            &place,
            ": ",
            &what,
            " in ",
            &words::percent(after),
            " of ",
            &words::whole(share.after.n),
            ", ",
            &words::percent(before),
            " before (",
            &words::points(low),
            " to ",
            &words::points(high),
            ").",
        ]
        .concat(),
    };
    Some(Finding {
        severity,
        test,
        what,
        event: share.event.to_owned(),
        destination: share.destination.to_owned(),
        also: Vec::new(),
        before,
        after,
        change: share.change,
        unit,
        p: Some(share.member.adjusted),
        since: share.since,
        text,
    })
}

/// A key that is lost takes the estimate along: what fails by its key does not fail a second time.
fn explain(findings: &mut [Finding]) {
    let is_key = |what: &str| Key::ALL.iter().any(|key| key.as_str() == what);
    let lost: Vec<String> = findings
        .iter()
        .filter(|it| it.severity == Severity::Fail && it.change.estimate < 0.0 && is_key(&it.what))
        .map(|it| it.event.clone())
        .collect();
    let score = words::share(Kind::Score, "");
    for finding in findings.iter_mut().filter(|it| it.what == score) {
        if lost.contains(&finding.event) {
            finding.severity = Severity::Note;
            finding
                .text
                .push_str(" It fell with the keys that are missing.");
        }
    }
}

/// What an event no longer has it no longer has anywhere: one finding, which names the places.
fn add_or_join(findings: &mut Vec<Finding>, finding: Finding) {
    let known = findings.iter_mut().find(|known| {
        known.test == finding.test
            && known.event == finding.event
            && known.what == finding.what
            && known.unit == finding.unit
            && (known.change.estimate < 0.0) == (finding.change.estimate < 0.0)
            && !finding.destination.is_empty()
            && known.destination.is_empty()
    });
    match known {
        Some(known) => {
            known.severity = known.severity.min(finding.severity);
            known.also.push(finding.destination);
        }
        None => findings.push(finding),
    }
}

/// T5: what was never there before.
fn news(books: &Books<'_>, all: &[Volume<'_>]) -> Vec<Finding> {
    /// Fewer, or a smaller share, is a stray one.
    const FEWEST: f64 = 3.0;
    const LEAST: f64 = 0.001;
    let new = |event: &str, destination: &str, what: String, after: f64, offered: f64| {
        let place = if destination.is_empty() {
            "intake"
        } else {
            destination
        };
        Finding {
            severity: Severity::Warn,
            test: "T5",
            text: [
                &what,
                " was never there before: ",
                &words::whole(after),
                " times at ",
                place,
                ".",
            ]
            .concat(),
            what,
            event: event.to_owned(),
            destination: destination.to_owned(),
            also: Vec::new(),
            before: 0.0,
            after: after / offered,
            change: Change {
                estimate: f64::NAN,
                low: f64::NAN,
                high: f64::NAN,
            },
            unit: "difference",
            p: None,
            since: None,
        }
    };
    let known_before = |destination: &str| {
        books
            .offered
            .get(destination)
            .is_some_and(|it| it.before > 0.0)
    };
    let mut findings = Vec::new();
    let total: f64 = all.iter().map(|volume| volume.after).sum();
    for volume in all {
        let usual = books
            .volumes
            .get(volume.event)
            .map_or(0.0, |series| series.sums().2.k);
        if volume.before <= 0.0
            && usual <= 0.0
            && volume.after >= FEWEST
            && volume.after >= LEAST * total
        {
            findings.push(new(
                volume.event,
                "",
                "new event".to_owned(),
                volume.after,
                total,
            ));
        }
    }
    for ((destination, state, code), seen) in books.codes.iter() {
        let offered = books.offered.get(destination).map_or(0.0, |it| it.after);
        let is_new = seen.before <= 0.0 && known_before(destination);
        if is_new && seen.after >= FEWEST && seen.after >= LEAST * offered {
            let what = ["new code ", state.as_str(), ": ", code].concat();
            findings.push(new("", destination, what, seen.after, offered));
        }
    }
    findings
}

/// How well each event was seen.
fn sight(question: &Question, windows: &Windows, all: &[Volume<'_>]) -> Vec<Sight> {
    let limits = question.thresholds;
    let is_hourly = question.looks == Looks::Hourly;
    // Of a test that got nothing of the level it is told what it would see with an equal part.
    let equal = limits.alpha * VOLUMES / (all.len().max(1) as f64);
    let mut sight: Vec<Sight> = all
        .iter()
        .filter_map(|volume| {
            let first = volume.measured.first()?;
            let level = volume.member.level.max(equal.min(limits.alpha));
            let smallest_drop = volume.smallest(level, question);
            let hours = windows.after.len() as f64;
            let watched = if question.watched.is_empty() {
                // Folded names are no event that anybody watches.
                first.rate.expected >= hours && volume.event != "other" && !volume.event.is_empty()
            } else {
                question.watched.iter().any(|name| name == volume.event)
            };
            let is_enough = smallest_drop.is_some_and(|drop| drop <= limits.see);
            Some(Sight {
                event: volume.event.to_owned(),
                after: volume.after,
                expected: first.rate.expected,
                against: volume
                    .measured
                    .iter()
                    .map(|it| Against {
                        by: it.by,
                        expected: it.rate.expected,
                        change: it.change,
                    })
                    .collect(),
                dispersion: first.noise.scale(),
                smallest_drop,
                watched,
                more: if is_enough {
                    0.0
                } else {
                    volume.more(limits.see, level, limits.volume, is_hourly)
                },
            })
        })
        .collect();
    sort_many(&mut sight, |one, other| {
        let drop = |sight: &Sight| sight.smallest_drop.unwrap_or(2.0);
        drop(one).total_cmp(&drop(other)).is_lt()
    });
    sight
}

fn conclude(comparison: &mut Comparison, all: &[Volume<'_>]) {
    let failed: Vec<&Finding> = comparison
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Fail)
        .collect();
    if let Some(first) = failed.first() {
        comparison.verdict = Verdict::Fail;
        comparison.reason.clone_from(&first.text);
        if failed.len() > 1 {
            let rest = (failed.len() - 1).to_string();
            comparison
                .reason
                .push_str(&[" And ", &rest, " more."].concat());
        }
        return;
    }
    let limits = comparison.question.thresholds;
    let wanted = words::percent(limits.see);
    let watched = comparison.sight.iter().filter(|sight| sight.watched);
    let blind: Vec<&Sight> = watched
        .clone()
        .filter(|sight| sight.smallest_drop.is_none_or(|drop| drop > limits.see))
        .collect();
    let missing = comparison.question.watched.iter().find(|name| {
        let seen = comparison.sight.iter().any(|sight| sight.event == **name);
        !seen
    });
    if let Some(name) = missing {
        let known = all.iter().any(|volume| volume.event == *name);
        let why = if known {
            " came too rarely to be compared."
        } else {
            " never came."
        };
        comparison.reason = [name, why].concat();
        comparison.more_events = f64::from(comparison.question.min_events);
    } else if let Some(worst) = blind
        .iter()
        .max_by(|one, other| one.more.total_cmp(&other.more))
    {
        let drop = worst.smallest_drop.map_or_else(
            || "not even its disappearance".to_owned(),
            |drop| ["no drop below ", &words::percent(drop)].concat(),
        );
        comparison.reason = [
            "Nothing was found, but of ",
            &worst.event,
            " ",
            &drop,
            " could have been seen, where ",
            &wanted,
            " is asked for: ",
            &words::whole(worst.more),
            " more of it are needed.",
        ]
        .concat();
        comparison.more_events = worst.more;
    } else if watched.clone().next().is_none() {
        "No event comes at least once an hour, so nothing can be said. Name those to watch, or wait.".clone_into(&mut comparison.reason);
        comparison.more_events = f64::from(comparison.question.min_events);
    } else {
        comparison.verdict = Verdict::Pass;
        let worst = watched
            .filter_map(|sight| sight.smallest_drop)
            .fold(0.0, f64::max);
        comparison.reason = [
            "Nothing changed by more than chance would have it; a drop of ",
            &words::percent(worst),
            " would have been seen in every watched event.",
        ]
        .concat();
    }
}
