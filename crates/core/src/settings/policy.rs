//! What consent is decided by, as one short text.

use sha2::{Digest, Sha256};

use crate::base::hex::Hex;
use crate::base::json::{Leaf, Object, text_of};
use crate::base::table::Table;
use crate::consent::{LegalBasis, Party, Policy, Purpose, RULES, Regime};
use crate::settings::configured::Configured;

/// The version of a source's policy: a digest of all of its settings and of its destinations' that consent is decided by,
/// and of the rules. The same text for the same decisions, in whatever order the settings stand.
pub(super) fn version(
    consent: &Policy,
    gcd_answers: bool,
    legal_bases: &[LegalBasis],
    places: &[usize],
    configured: &[Configured],
) -> String {
    let word = |regime: &Regime| match regime {
        Regime::OptIn => "opt_in",
        Regime::OptOut => "opt_out",
    };
    let destinations = places.iter().filter_map(|place| configured.get(*place));
    let destinations: Table<&str, &Configured> =
        destinations.map(|one| (one.name.as_str(), one)).collect();
    let text = Object::write(|all| {
        all.put("rules", i64::from(RULES));
        match consent {
            Policy::Required => all.put("silence", "opt_in"),
            Policy::Implied => all.put("silence", "opt_out"),
            Policy::ByRegion { elsewhere, unknown } => {
                all.put("elsewhere", word(elsewhere));
                all.put("unknown", word(unknown));
            }
        }
        all.put("gcd_answers", gcd_answers);
        let bases: Table<String, ()> = legal_bases
            .iter()
            .map(|basis| (text_of(basis), ()))
            .collect();
        for (basis, ()) in bases {
            all.put("basis", basis);
        }
        for (name, Configured { consent, .. }) in destinations {
            all.object(name, |of| {
                of.put(
                    "purpose",
                    match consent.purpose {
                        Purpose::Advertising => "advertising",
                        Purpose::Analytics => "analytics",
                    },
                );
                let (party, id) = match consent.party {
                    Party::Vendor(id) => ("vendor", u32::from(id)),
                    Party::Provider(id) => ("provider", id),
                    Party::Own => ("own", 0),
                    Party::Unlisted => ("unlisted", 0),
                };
                of.put(party, i64::from(id));
                for (name, bits) in [
                    ("purposes", consent.purposes),
                    ("personalisation", consent.personalisation),
                    ("legitimate_interest", consent.legitimate_interest),
                ] {
                    of.put(name, Leaf::Whole(bits.into()));
                }
            });
        }
    });
    let digits = Hex::of(&Sha256::digest(text).into());
    digits.as_str().get(..16).unwrap_or_default().to_owned()
}
