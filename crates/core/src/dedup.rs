//! When two copies are one event, and the memory that says so.
//!
//! Two copies are one event when they have source, name and event id in common; two purchases also when they name the
//! same order and agree on what it was worth. A claim says which destinations have the event. A further copy goes to
//! the others and is a duplicate only where the event has been. The claim is made after the event is durable, never
//! before: a crash in between repeats a copy, which platforms recognise by its event id, and cannot lose one.

mod claim;
pub mod exact;
mod recent;

pub use self::claim::{Claim, ClaimKey, Claims, Evidence, Owner, Standing, Strength, Worth};
pub use self::recent::{Holder, Known, Recent};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::money::Money;
    use crate::base::time::UnixMillis;

    const WEEK: i64 = 7 * crate::base::time::DAY_MS;

    #[test]
    fn parts_of_a_key_do_not_run_together() {
        let claims = Claims::new(b"secret");
        assert_ne!(claims.event("a", "bc", "d"), claims.event("ab", "c", "d"));
        assert_ne!(
            claims.event("a", "b", "c"),
            Claims::new(b"other").event("a", "b", "c")
        );
        assert_ne!(claims.event("a", "b", "c"), claims.signature("a", "b", "c"));
        assert_eq!(claims.event("a", "b", "c").to_hex().len(), 32);
    }

    fn copy(strength: Strength, money: u32, order: u32) -> Evidence {
        Evidence {
            strength,
            worth: Worth { money, order },
        }
    }

    fn claimed(at: &[&str], by: Evidence) -> Claim {
        let mut claim = Claim::default();
        for name in at {
            claim.take(name, by);
        }
        claim
    }

    #[test]
    fn a_claim_lasts_for_the_window_and_a_flight_for_seconds() {
        let claims = Claims::new(b"secret");
        let key = claims.event("shop", "purchase", "1");
        let mut recent = Recent::new(8);
        let at = UnixMillis(1_000_000);
        assert_eq!(recent.look(key, at, WEEK), Known::New);
        let holder = recent.holder();
        recent.start(key, holder, at);
        assert_eq!(recent.look(key, at, WEEK), Known::InFlight);
        assert_eq!(
            recent.look(key, UnixMillis(at.0 + Recent::IN_FLIGHT_MS), WEEK),
            Known::New
        );
        let claim = claimed(&["meta"], copy(Strength::Page, 1, 1));
        recent.claim(key, claim.clone(), at);
        recent.release(key, holder);
        let known = |fresh| Known::Claimed {
            claim: claim.clone(),
            fresh,
        };
        assert_eq!(recent.look(key, at, WEEK), known(true));
        assert_eq!(
            recent.look(key, UnixMillis(at.0 + WEEK - 1), WEEK),
            known(false)
        );
        assert_eq!(recent.look(key, UnixMillis(at.0 + WEEK), WEEK), Known::New);
    }

    #[test]
    fn a_key_in_hand_keeps_its_claim() {
        let key = Claims::new(b"secret").event("shop", "purchase", "1");
        let mut recent = Recent::new(8);
        let claim = claimed(&["meta"], copy(Strength::Page, 1, 1));
        recent.claim(key, claim.clone(), UnixMillis(0));
        let holder = recent.holder();
        recent.start(key, holder, UnixMillis(1000));
        assert_eq!(recent.look(key, UnixMillis(1000), WEEK), Known::InFlight);
        recent.release(key, holder);
        assert!(matches!(
            recent.look(key, UnixMillis(1000), WEEK),
            Known::Claimed { claim: found, .. } if found == claim
        ));
    }

    #[test]
    fn a_request_that_was_given_up_lets_nothing_go_that_its_retry_holds() {
        let key = Claims::new(b"secret").event("shop", "purchase", "1");
        let mut recent = Recent::new(8);
        let (first, retry) = (recent.holder(), recent.holder());
        recent.start(key, first, UnixMillis(0));
        let later = UnixMillis(Recent::IN_FLIGHT_MS);
        assert_eq!(recent.look(key, later, WEEK), Known::New);
        recent.start(key, retry, later);
        recent.release(key, first);
        assert_eq!(recent.look(key, later, WEEK), Known::InFlight);
        recent.release(key, retry);
        assert_eq!(recent.look(key, later, WEEK), Known::New);
        assert!(recent.is_empty());
    }

    #[test]
    fn the_store_is_heard_and_what_it_does_not_show_yet_is_kept() {
        let key = Claims::new(b"secret").event("shop", "purchase", "1");
        let page = copy(Strength::Page, 1, 1);
        let mut recent = Recent::new(8);
        recent.claim(key, claimed(&["meta"], page), UnixMillis(0));
        let stored = claimed(&["tiktok"], page).to_text();
        let soon = recent.hear(key, Some(&stored), UnixMillis(1000), WEEK);
        assert!(soon.has("meta") && soon.has("tiktok"));
        assert!(recent.hear(key, None, UnixMillis(2000), WEEK).has("meta"));
        // Later the store knows better: meta has refused the copy since.
        let later = UnixMillis(1000 + Recent::FRESH_MS);
        let later = recent.hear(key, Some(&stored), later, WEEK);
        assert!(!later.has("meta") && later.has("tiktok"));
    }

    #[test]
    fn claims_survive_the_store_and_other_releases() {
        let mut claim = claimed(&["meta", "ga4"], copy(Strength::Page, 0xdead_beef, 7));
        claim.take("hook", copy(Strength::Server, 0, 0));
        assert_eq!(
            claim.to_text(),
            "2pdeadbeef00000007:meta,ga4;s0000000000000000:hook"
        );
        assert_eq!(Claim::parse(&claim.to_text()), claim);
        assert_eq!(Claim::parse("2"), Claim::default());
        for other in [
            "",
            "1",
            "3whatever",
            "2x0000000000000000:meta",
            "2p00:meta",
            "2pé",
        ] {
            assert!(Claim::parse(other).has("meta"), "{other}");
        }
        assert_eq!(Claim::parse("").to_text(), "");
    }

    #[test]
    fn a_weaker_copy_never_holds_back_a_stronger_one_that_differs() {
        use Standing::{Free, Held, Overruled};
        use Strength::{Page, Server};
        for (first, second, standing) in [
            ((Page, 1, 1), (Page, 1, 1), Held { differs: false }),
            ((Page, 1, 1), (Page, 2, 1), Held { differs: true }),
            ((Page, 1, 1), (Server, 1, 1), Held { differs: false }),
            ((Page, 1, 0), (Server, 1, 1), Held { differs: false }),
            ((Page, 1, 2), (Server, 1, 1), Overruled),
            ((Page, 2, 1), (Server, 1, 1), Overruled),
            ((Page, 0, 1), (Server, 1, 1), Overruled),
            ((Server, 1, 1), (Page, 2, 1), Held { differs: true }),
            ((Server, 1, 1), (Server, 2, 1), Held { differs: true }),
        ] {
            let [first, second] = [first, second].map(|(s, m, o)| copy(s, m, o));
            let mut claim = claimed(&["meta"], first);
            assert_eq!(
                claim.standing("meta", second),
                standing,
                "{first:?} {second:?}"
            );
            assert_eq!(claim.standing("ga4", second), Free);
            claim.take("meta", second);
            assert_eq!(claim.standing("meta", second), Held { differs: false });
            // What is refused lets its own claim go, and no other's.
            assert!(claim.release("meta", second.worth) && !claim.release("meta", second.worth));
            let left = if first.worth == second.worth {
                Claim::default()
            } else {
                claimed(&["meta"], first)
            };
            assert_eq!(claim, left);
        }
        let order = claimed(&["meta"], copy(Server, 1, 1));
        assert_eq!(
            order.standing_of_order("meta", copy(Page, 1, 1)),
            Held { differs: false }
        );
        assert_eq!(order.standing_of_order("meta", copy(Page, 2, 1)), Overruled);
    }

    #[test]
    fn a_claim_stays_small_and_the_shops_own_copies_stay_in_it() {
        let mut claim = claimed(&["meta"], copy(Strength::Page, 1, 1));
        claim.take("meta", copy(Strength::Server, 2, 1));
        for money in 3..1000 {
            claim.take("meta", copy(Strength::Page, money, 1));
        }
        assert!(claim.to_text().len() < 256);
        for kept in [copy(Strength::Page, 1, 1), copy(Strength::Server, 2, 1)] {
            let held = Standing::Held { differs: false };
            assert_eq!(claim.standing_of_order("meta", kept), held);
        }
        for money in 1000..2000 {
            let late = copy(Strength::Server, money, 1);
            claim.take("meta", late);
            assert!(claim.has("meta") && claim.to_text().len() < 256);
            assert_eq!(
                claim.standing_of_order("meta", late),
                Standing::Held { differs: false }
            );
        }
    }

    #[test]
    fn worth_is_compared_by_value() {
        let worth = |json: &str, currency: &str, id: Option<&str>| {
            let amount: crate::base::money::Amount<'_> = serde_json::from_str(json).unwrap();
            let currency = crate::base::money::Currency::parse(currency).unwrap();
            Worth::new(Some(&Money { amount, currency }), id)
        };
        let one = worth("129.90", "EUR", Some("118842"));
        assert_eq!(one, worth("129.9", "EUR", Some("118842")));
        assert_eq!(one, worth("1.299e2", "EUR", Some("118842")));
        assert!(one.agrees(worth("129.9", "EUR", None)));
        for other in [
            worth("129.91", "EUR", Some("118842")),
            worth("129.9", "USD", Some("118842")),
            worth("129.9", "EUR", Some("118843")),
            Worth::new(None, Some("118842")),
        ] {
            assert!(!one.agrees(other));
        }
    }

    #[test]
    fn the_oldest_go_first_and_the_memory_stays_bounded() {
        let claims = Claims::new(b"secret");
        let mut recent = Recent::new(100);
        let claim = claimed(&["meta"], copy(Strength::Page, 1, 1));
        for n in 0..1000 {
            let key = claims.event("shop", "purchase", &n.to_string());
            let holder = recent.holder();
            recent.start(key, holder, UnixMillis(n));
            recent.claim(key, claim.clone(), UnixMillis(n));
        }
        assert!(recent.len() <= 100 && recent.order.len() <= 100);
        let look =
            |id: &str| recent.look(claims.event("shop", "purchase", id), UnixMillis(1000), WEEK);
        assert!(matches!(look("999"), Known::Claimed { .. }));
        assert_eq!(look("0"), Known::New);
    }
}
