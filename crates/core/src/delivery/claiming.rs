//! Claims that are asked for before a request is made (`dedup = "exact"`): which copies may go, and which have to wait until
//! somebody says so.

use super::accounting::Disposition;
use super::sending::{Delivery, Sending};
use crate::base::reason::Cause;
use crate::dedup::exact::{Asked, Mark, Refused, Verdict};
use crate::dedup::{Evidence, Worth};
use crate::ledger::{Counts, DeadLetter, Dimensions, Report, State};
use crate::queue::envelope::{Envelope, sender};
use crate::queue::parcel::Parcel;
use crate::settings::Settings;

/// What a copy is known by. Nothing for one that was left by a release that knew no owners: it has been decided on, and its own
/// claim cannot be told from another's.
pub(super) fn mark(parcel: &Parcel<'_>, continues: bool, page: bool) -> Option<Mark> {
    match parcel.copy.as_deref() {
        Some(text) => Mark::read(text),
        None if continues => None,
        None => Some(Mark::of_unmarked(
            page,
            &parcel.id,
            parcel.received,
            worth(parcel),
        )),
    }
}

fn worth(parcel: &Parcel<'_>) -> Worth {
    Worth::new(parcel.money.as_ref(), parcel.transaction_id.as_deref())
}

fn mark_in(envelope: &Envelope<'_>, parcel: &Parcel<'_>) -> Option<Mark> {
    mark(parcel, envelope.id.is_continuation(), envelope.page)
}

/// The claims of refused copies that are to go, with the source that each is of. Test events made none.
pub fn refused(settings: &Settings, letters: &[&DeadLetter]) -> Vec<(String, Refused)> {
    let mut all = Vec::new();
    for letter in letters {
        let Ok(parcel) = serde_json::from_str::<Parcel<'_>>(&letter.parcel) else {
            continue;
        };
        let Some(mark) = parcel.copy.as_deref().and_then(Mark::read) else {
            continue;
        };
        let (source, name) = (letter.source.as_str(), parcel.name.as_str());
        let order = parcel.transaction_id.as_deref();
        let keys = [
            Some(settings.claims.event(source, name, &parcel.id)),
            settings.claims.order(source, name, &parcel.id, order),
        ];
        all.extend(keys.into_iter().flatten().map(|key| {
            let refused = Refused {
                key,
                destination: letter.destination.clone(),
                owner: mark.owner,
            };
            (source.to_owned(), refused)
        }));
    }
    all
}

impl Delivery<'_> {
    /// The copies that may not go before somebody has said that no other has been there; none where claims are made at intake.
    /// To be asked before the first request, and answered by [`heed_claims`](Self::heed_claims).
    pub fn wanted_claims(&mut self) -> Vec<Asked> {
        self.sending.wanted_claims()
    }

    /// Heeds what was said of each of the [wanted claims](Self::wanted_claims), in their order: a copy goes to no destination
    /// that another has. What nothing is known of waits, all of its envelope, or goes unclaimed where the settings say so.
    pub fn heed_claims(&mut self, said: Vec<Option<Vec<Verdict>>>) {
        self.sending.heed_claims(said);
    }

    /// The envelopes that wait, with what the ledger is to be told of each. The queue keeps them.
    pub fn held(&self) -> Vec<(usize, Report)> {
        self.sending.held()
    }
}

impl Sending<'_> {
    fn wanted_claims(&mut self) -> Vec<Asked> {
        let mut wanted: Vec<Asked> = Vec::new();
        self.asked.clear();
        if self.settings.dedup.exact.is_none() {
            return wanted;
        }
        for (index, job) in self.jobs.iter_mut().enumerate() {
            let Some(envelope) = self.envelopes.get(job.envelope) else {
                continue;
            };
            let Some(parcel) = envelope.parcels.get(job.parcel) else {
                continue;
            };
            // What goes nowhere claims nothing, and a test is neither a copy nor the first of one.
            let waits = match self.dispositions.get(index) {
                Some(Some(disposition)) => matches!(disposition, Disposition::Again { .. }),
                _ => true,
            };
            let Some(configured) = self.settings.destinations.get(job.destination) else {
                continue;
            };
            if parcel.test || !waits {
                continue;
            }
            let Some(mark) = mark_in(envelope, parcel) else {
                job.unclaimed = true;
                continue;
            };
            let name = configured.name.clone();
            // The jobs of one event stand together.
            if let (Some(last), Some((envelope, parcel, jobs))) =
                (wanted.last_mut(), self.asked.last_mut())
                && (*envelope, *parcel) == (job.envelope, job.parcel)
            {
                last.destinations.push(name);
                jobs.push(index);
                continue;
            }
            let (source, event) = (envelope.source.as_str(), parcel.name.as_str());
            let order = parcel.transaction_id.as_deref();
            let claims = &self.settings.claims;
            wanted.push(Asked {
                source: source.to_owned(),
                key: claims.event(source, event, &parcel.id),
                order: claims.order(source, event, &parcel.id, order),
                copy: Evidence {
                    strength: mark.strength,
                    worth: worth(parcel),
                },
                owner: mark.owner,
                came: parcel.received,
                destinations: vec![name],
            });
            self.asked.push((job.envelope, job.parcel, vec![index]));
        }
        wanted
    }

    fn heed_claims(&mut self, said: Vec<Option<Vec<Verdict>>>) {
        let asked = std::mem::take(&mut self.asked);
        let mut said = said.into_iter();
        let mut held = Vec::new();
        for (envelope, parcel, jobs) in &asked {
            match said.next().flatten() {
                Some(verdicts) if verdicts.len() == jobs.len() => {
                    for (job, verdict) in jobs.iter().zip(verdicts) {
                        self.heed_claim(*job, (*envelope, *parcel), verdict);
                    }
                }
                _ if self.settings.dedup.sends_unclaimed => {
                    for job in jobs {
                        if let Some(job) = self.jobs.get_mut(*job) {
                            job.unclaimed = true;
                        }
                    }
                }
                _ => held.push((*envelope, *parcel)),
            }
        }
        for job in 0..self.jobs.len() {
            let envelope = self.jobs.get(job).map(|job| job.envelope);
            if held.iter().any(|(one, _)| Some(*one) == envelope) {
                // In no request; and nobody draws up accounts of it.
                self.settle(job, Disposition::hand_on(Cause::Budget));
            }
        }
        for (envelope, _) in &held {
            if let Some(progress) = self.progress.get_mut(*envelope) {
                progress.taken = true;
            }
        }
        self.held = held;
    }

    fn heed_claim(&mut self, job: usize, (envelope, parcel): (usize, usize), verdict: Verdict) {
        match verdict {
            Verdict::Goes => {}
            Verdict::Overrules => {
                if let Some(job) = self.jobs.get_mut(job) {
                    job.overrules = true;
                }
            }
            Verdict::Duplicate { differs } => {
                let of = self.envelopes.get(envelope);
                let mark = of.and_then(|of| mark_in(of, of.parcels.get(parcel)?));
                let code = match (mark.is_some_and(|mark| mark.page), differs) {
                    (page, false) => sender(page),
                    (true, true) => "page_differs",
                    (false, true) => "server_differs",
                };
                self.settle(job, Disposition::Duplicate(code));
            }
        }
    }

    fn held(&self) -> Vec<(usize, Report)> {
        let mut held: Vec<usize> = self.held.iter().map(|(envelope, _)| *envelope).collect();
        held.dedup();
        let reports = held.into_iter().filter_map(|index| {
            let envelope = self.envelopes.get(index)?;
            let mut counts = Counts::default();
            for parcel in &envelope.parcels {
                let of = Dimensions {
                    received: parcel.received,
                    source: &envelope.source,
                    release: parcel.release.as_ref(),
                    event: &parcel.name,
                    worker: &self.settings.version,
                };
                for leg in &parcel.legs {
                    counts.add(of.line(&leg.destination, State::Held, ""), 1);
                }
            }
            let report = Report {
                id: envelope.id.held(),
                counts,
                ..Report::default()
            };
            Some((index, report))
        });
        reports.collect()
    }
}
