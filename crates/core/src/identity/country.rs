//! Countries and the states of the United States and Canada, as data.
//!
//! A country is sent as its ISO 3166-1 alpha-2 code. Two letters that ISO has assigned are taken as they are (`uk` becomes
//! `gb`, `el` becomes `gr`), others are dropped: `XX`, `T1`, `EU`. Three-letter codes and names are looked up in the table
//! below; text that is not in it is dropped, never cut to two letters.
//!
//! Names are ISO's English ones with the forms found in shop check-outs and some native names, written down by hand.
//! A bare `Korea` or `Congo (Kinshasa or Brazzaville)` that names two countries is either the one ISO gives the short
//! name to, or absent. Kosovo's `XK`, which ISO has not assigned, says whose telephone numbers are meant and is sent to
//! nobody. State names are the official English ones.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{plan, text};

/// A two-letter country code of ISO 3166-1, upper case.
///
/// ```
/// use edgetally_core::identity::Country2;
///
/// assert_eq!(Country2::parse("de").map(|country| country.to_string()), Some("DE".to_owned()));
/// assert_eq!(Country2::parse("UK"), Country2::parse("gb"));
/// assert_eq!(Country2::parse("EL"), Country2::parse("gr"));
/// assert_eq!(Country2::parse("zz"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country2([u8; 2]);

impl Country2 {
    /// Reads two letters in any case; `UK` is read as `GB`, `EL` as `GR`. `None` when ISO 3166-1 has no such country.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let &[a, b] = raw.trim().as_bytes() else {
            return None;
        };
        let code = alias([a.to_ascii_uppercase(), b.to_ascii_uppercase()]);
        plan::is_country(code).then_some(Self(code))
    }

    /// The code in upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(super) const fn bytes(self) -> [u8; 2] {
        self.0
    }
}

impl fmt::Display for Country2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Country2 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Country2 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = super::plain::Text::deserialize(deserializer)?;
        Self::parse(raw.as_str())
            .ok_or_else(|| de::Error::custom("not a two-letter ISO 3166-1 country code"))
    }
}

/// ISO reserves `UK` for the United Kingdom but lists the country as `GB`; the European Union writes `EL` for Greece.
const fn alias(code: [u8; 2]) -> [u8; 2] {
    match &code {
        b"UK" => *b"GB",
        b"EL" => *b"GR",
        _ => code,
    }
}

/// The upper-case two-letter code that a tidied country field stands for, if ISO 3166-1 has assigned it.
#[inline(never)]
pub(super) fn resolve(tidy: &str) -> Option<[u8; 2]> {
    if let Some(code) = letters(tidy.as_bytes()) {
        return assigned(code);
    }
    let mut key = String::new();
    text::fold(tidy, true, char::is_alphanumeric, &mut key);
    match letters(key.as_bytes()) {
        Some(code) => assigned(code),
        None => NAMES
            .binary_search_by(|(name, _)| (*name).cmp(&key))
            .ok()
            .and_then(|at| NAMES.get(at))
            .and_then(|row| assigned(row.1)),
    }
}

fn letters(text: &[u8]) -> Option<[u8; 2]> {
    match text {
        &[a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            Some([a.to_ascii_uppercase(), b.to_ascii_uppercase()])
        }
        _ => None,
    }
}

fn assigned(code: [u8; 2]) -> Option<[u8; 2]> {
    Some(alias(code)).filter(|code| plan::is_assigned(*code))
}

/// The part of a region that ISO 3166-2 writes behind the country: `CA` of `US-CA`.
pub(super) fn subdivision(tidy: &str) -> Option<&str> {
    let (country, part) = tidy.split_once(['-', '_'])?;
    let (country, part) = (country.trim_end(), part.trim_start());
    let short = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    letters(country.as_bytes()).and_then(assigned)?;
    short.then_some(part)
}

/// Two letters after trimming, upper case, or a name that is looked up. Google's own formatters refuse three-letter
/// codes and two letters with anything between them.
#[inline(never)]
pub(super) fn strict(tidy: &str, out: &mut String) -> bool {
    let plain =
        matches!(tidy.as_bytes(), [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic());
    (plain || tidy.chars().count() > 3) && code(tidy, true, out)
}

/// Any known way to write a country, as its code.
#[inline(never)]
pub(super) fn code(tidy: &str, upper: bool, out: &mut String) -> bool {
    let Some(code) = resolve(tidy) else {
        return false;
    };
    push(
        if upper {
            code
        } else {
            code.map(|b| b.to_ascii_lowercase())
        },
        out,
    );
    true
}

fn push(code: [u8; 2], out: &mut String) {
    out.extend(code.map(char::from));
}

/// Replaces the full name of a state of the United States or Canada (letters only, lower case) by its code.
pub(super) fn state_code(name: &str) -> Option<&'static str> {
    STATES
        .binary_search_by(|(known, _)| (*known).cmp(name))
        .ok()
        .and_then(|at| STATES.get(at))
        .map(|row| row.1)
}

#[rustfmt::skip]
static STATES: &[(&str, &str)] = &[
    ("alabama", "al"),
    ("alaska", "ak"),
    ("alberta", "ab"),
    ("americansamoa", "as"),
    ("arizona", "az"),
    ("arkansas", "ar"),
    ("britishcolumbia", "bc"),
    ("california", "ca"),
    ("colorado", "co"),
    ("connecticut", "ct"),
    ("delaware", "de"),
    ("districtofcolumbia", "dc"),
    ("florida", "fl"),
    ("georgia", "ga"),
    ("guam", "gu"),
    ("hawaii", "hi"),
    ("idaho", "id"),
    ("illinois", "il"),
    ("indiana", "in"),
    ("iowa", "ia"),
    ("kansas", "ks"),
    ("kentucky", "ky"),
    ("louisiana", "la"),
    ("maine", "me"),
    ("manitoba", "mb"),
    ("maryland", "md"),
    ("massachusetts", "ma"),
    ("michigan", "mi"),
    ("minnesota", "mn"),
    ("mississippi", "ms"),
    ("missouri", "mo"),
    ("montana", "mt"),
    ("nebraska", "ne"),
    ("nevada", "nv"),
    ("newbrunswick", "nb"),
    ("newfoundland", "nl"),
    ("newfoundlandandlabrador", "nl"),
    ("newhampshire", "nh"),
    ("newjersey", "nj"),
    ("newmexico", "nm"),
    ("newyork", "ny"),
    ("northcarolina", "nc"),
    ("northdakota", "nd"),
    ("northernmarianaislands", "mp"),
    ("northwestterritories", "nt"),
    ("novascotia", "ns"),
    ("nunavut", "nu"),
    ("ohio", "oh"),
    ("oklahoma", "ok"),
    ("ontario", "on"),
    ("oregon", "or"),
    ("pennsylvania", "pa"),
    ("princeedwardisland", "pe"),
    ("puertorico", "pr"),
    ("quebec", "qc"),
    ("québec", "qc"),
    ("rhodeisland", "ri"),
    ("saskatchewan", "sk"),
    ("southcarolina", "sc"),
    ("southdakota", "sd"),
    ("tennessee", "tn"),
    ("texas", "tx"),
    ("usvirginislands", "vi"),
    ("utah", "ut"),
    ("vermont", "vt"),
    ("virginia", "va"),
    ("virginislands", "vi"),
    ("washington", "wa"),
    ("washingtondc", "dc"),
    ("westvirginia", "wv"),
    ("wisconsin", "wi"),
    ("wyoming", "wy"),
    ("yukon", "yt"),
    ("yukonterritory", "yt"),
];

#[rustfmt::skip]
static NAMES: &[(&str, [u8; 2])] = &[
    ("abw", *b"AW"),
    ("afg", *b"AF"),
    ("afghanistan", *b"AF"),
    ("ago", *b"AO"),
    ("aia", *b"AI"),
    ("ala", *b"AX"),
    ("alandislands", *b"AX"),
    ("alb", *b"AL"),
    ("albania", *b"AL"),
    ("alemania", *b"DE"),
    ("algeria", *b"DZ"),
    ("algérie", *b"DZ"),
    ("allemagne", *b"DE"),
    ("america", *b"US"),
    ("americansamoa", *b"AS"),
    ("and", *b"AD"),
    ("andorra", *b"AD"),
    ("angola", *b"AO"),
    ("anguilla", *b"AI"),
    ("antarctica", *b"AQ"),
    ("antigua", *b"AG"),
    ("antiguaandbarbuda", *b"AG"),
    ("aotearoa", *b"NZ"),
    ("are", *b"AE"),
    ("arg", *b"AR"),
    ("argentina", *b"AR"),
    ("arm", *b"AM"),
    ("armenia", *b"AM"),
    ("aruba", *b"AW"),
    ("asm", *b"AS"),
    ("ata", *b"AQ"),
    ("atf", *b"TF"),
    ("atg", *b"AG"),
    ("aus", *b"AU"),
    ("australia", *b"AU"),
    ("austria", *b"AT"),
    ("aut", *b"AT"),
    ("aze", *b"AZ"),
    ("azerbaijan", *b"AZ"),
    ("bahamas", *b"BS"),
    ("bahrain", *b"BH"),
    ("bangladesh", *b"BD"),
    ("barbados", *b"BB"),
    ("bdi", *b"BI"),
    ("bel", *b"BE"),
    ("belarus", *b"BY"),
    ("belgien", *b"BE"),
    ("belgique", *b"BE"),
    ("belgium", *b"BE"),
    ("belgië", *b"BE"),
    ("belize", *b"BZ"),
    ("ben", *b"BJ"),
    ("benin", *b"BJ"),
    ("bermuda", *b"BM"),
    ("bes", *b"BQ"),
    ("bfa", *b"BF"),
    ("bgd", *b"BD"),
    ("bgr", *b"BG"),
    ("bhr", *b"BH"),
    ("bhs", *b"BS"),
    ("bhutan", *b"BT"),
    ("bih", *b"BA"),
    ("blm", *b"BL"),
    ("blr", *b"BY"),
    ("blz", *b"BZ"),
    ("bmu", *b"BM"),
    ("bol", *b"BO"),
    ("bolivia", *b"BO"),
    ("boliviaplurinationalstateof", *b"BO"),
    ("bonaire", *b"BQ"),
    ("bonairesinteustatiusandsaba", *b"BQ"),
    ("bosnia", *b"BA"),
    ("bosniaandherzegovina", *b"BA"),
    ("botswana", *b"BW"),
    ("bouvetisland", *b"BV"),
    ("bra", *b"BR"),
    ("brasil", *b"BR"),
    ("brasilien", *b"BR"),
    ("brazil", *b"BR"),
    ("brb", *b"BB"),
    ("britain", *b"GB"),
    ("britishindianoceanterritory", *b"IO"),
    ("britishvirginislands", *b"VG"),
    ("brn", *b"BN"),
    ("brunei", *b"BN"),
    ("bruneidarussalam", *b"BN"),
    ("btn", *b"BT"),
    ("bulgaria", *b"BG"),
    ("burkinafaso", *b"BF"),
    ("burma", *b"MM"),
    ("burundi", *b"BI"),
    ("bvt", *b"BV"),
    ("bwa", *b"BW"),
    ("bénin", *b"BJ"),
    ("caboverde", *b"CV"),
    ("caf", *b"CF"),
    ("cambodia", *b"KH"),
    ("cameroon", *b"CM"),
    ("cameroun", *b"CM"),
    ("can", *b"CA"),
    ("canada", *b"CA"),
    ("capeverde", *b"CV"),
    ("caribbeannetherlands", *b"BQ"),
    ("caymanislands", *b"KY"),
    ("cck", *b"CC"),
    ("centralafricanrepublic", *b"CF"),
    ("chad", *b"TD"),
    ("che", *b"CH"),
    ("chile", *b"CL"),
    ("china", *b"CN"),
    ("chl", *b"CL"),
    ("chn", *b"CN"),
    ("christmasisland", *b"CX"),
    ("civ", *b"CI"),
    ("cmr", *b"CM"),
    ("cocosislands", *b"CC"),
    ("cocoskeelingislands", *b"CC"),
    ("cod", *b"CD"),
    ("cog", *b"CG"),
    ("cok", *b"CK"),
    ("col", *b"CO"),
    ("colombia", *b"CO"),
    ("com", *b"KM"),
    ("comoros", *b"KM"),
    ("congo", *b"CG"),
    ("congobrazzaville", *b"CG"),
    ("congodemocraticrepublicofthe", *b"CD"),
    ("congokinshasa", *b"CD"),
    ("cookislands", *b"CK"),
    ("costarica", *b"CR"),
    ("cotedivoire", *b"CI"),
    ("cpv", *b"CV"),
    ("cri", *b"CR"),
    ("croatia", *b"HR"),
    ("cub", *b"CU"),
    ("cuba", *b"CU"),
    ("curacao", *b"CW"),
    ("curaçao", *b"CW"),
    ("cuw", *b"CW"),
    ("cxr", *b"CX"),
    ("cym", *b"KY"),
    ("cyp", *b"CY"),
    ("cyprus", *b"CY"),
    ("cze", *b"CZ"),
    ("czechia", *b"CZ"),
    ("czechrepublic", *b"CZ"),
    ("côtedivoire", *b"CI"),
    ("danmark", *b"DK"),
    ("democraticpeoplesrepublicofkorea", *b"KP"),
    ("democraticrepublicofthecongo", *b"CD"),
    ("denmark", *b"DK"),
    ("deu", *b"DE"),
    ("deutschland", *b"DE"),
    ("dji", *b"DJ"),
    ("djibouti", *b"DJ"),
    ("dma", *b"DM"),
    ("dnk", *b"DK"),
    ("dom", *b"DO"),
    ("dominica", *b"DM"),
    ("dominicanrepublic", *b"DO"),
    ("drc", *b"CD"),
    ("drcongo", *b"CD"),
    ("dza", *b"DZ"),
    ("easttimor", *b"TL"),
    ("ecu", *b"EC"),
    ("ecuador", *b"EC"),
    ("eesti", *b"EE"),
    ("egy", *b"EG"),
    ("egypt", *b"EG"),
    ("elsalvador", *b"SV"),
    ("emirates", *b"AE"),
    ("england", *b"GB"),
    ("equatorialguinea", *b"GQ"),
    ("eri", *b"ER"),
    ("eritrea", *b"ER"),
    ("esh", *b"EH"),
    ("esp", *b"ES"),
    ("espagne", *b"ES"),
    ("españa", *b"ES"),
    ("est", *b"EE"),
    ("estonia", *b"EE"),
    ("eswatini", *b"SZ"),
    ("eth", *b"ET"),
    ("ethiopia", *b"ET"),
    ("faeroeislands", *b"FO"),
    ("falklandislands", *b"FK"),
    ("falklandislandsmalvinas", *b"FK"),
    ("faroeislands", *b"FO"),
    ("federalrepublicofgermany", *b"DE"),
    ("federatedstatesofmicronesia", *b"FM"),
    ("fiji", *b"FJ"),
    ("fin", *b"FI"),
    ("finland", *b"FI"),
    ("fji", *b"FJ"),
    ("flk", *b"FK"),
    ("fra", *b"FR"),
    ("france", *b"FR"),
    ("francia", *b"FR"),
    ("frankreich", *b"FR"),
    ("frenchguiana", *b"GF"),
    ("frenchpolynesia", *b"PF"),
    ("frenchsouthernterritories", *b"TF"),
    ("fro", *b"FO"),
    ("fsm", *b"FM"),
    ("gab", *b"GA"),
    ("gabon", *b"GA"),
    ("gambia", *b"GM"),
    ("gbr", *b"GB"),
    ("geo", *b"GE"),
    ("georgia", *b"GE"),
    ("germania", *b"DE"),
    ("germany", *b"DE"),
    ("ggy", *b"GG"),
    ("gha", *b"GH"),
    ("ghana", *b"GH"),
    ("gib", *b"GI"),
    ("gibraltar", *b"GI"),
    ("gin", *b"GN"),
    ("glp", *b"GP"),
    ("gmb", *b"GM"),
    ("gnb", *b"GW"),
    ("gnq", *b"GQ"),
    ("grc", *b"GR"),
    ("grd", *b"GD"),
    ("greatbritain", *b"GB"),
    ("greece", *b"GR"),
    ("greenland", *b"GL"),
    ("grenada", *b"GD"),
    ("griechenland", *b"GR"),
    ("grl", *b"GL"),
    ("gtm", *b"GT"),
    ("guadeloupe", *b"GP"),
    ("guam", *b"GU"),
    ("guatemala", *b"GT"),
    ("guernsey", *b"GG"),
    ("guf", *b"GF"),
    ("guinea", *b"GN"),
    ("guineabissau", *b"GW"),
    ("gum", *b"GU"),
    ("guy", *b"GY"),
    ("guyana", *b"GY"),
    ("haiti", *b"HT"),
    ("heardislandandmcdonaldislands", *b"HM"),
    ("hellas", *b"GR"),
    ("hkg", *b"HK"),
    ("hmd", *b"HM"),
    ("hnd", *b"HN"),
    ("holland", *b"NL"),
    ("holysee", *b"VA"),
    ("holyseevaticancitystate", *b"VA"),
    ("honduras", *b"HN"),
    ("hongkong", *b"HK"),
    ("hongkongsar", *b"HK"),
    ("hongkongsarchina", *b"HK"),
    ("hrv", *b"HR"),
    ("hrvatska", *b"HR"),
    ("hti", *b"HT"),
    ("hun", *b"HU"),
    ("hungary", *b"HU"),
    ("iceland", *b"IS"),
    ("idn", *b"ID"),
    ("imn", *b"IM"),
    ("ind", *b"IN"),
    ("india", *b"IN"),
    ("indonesia", *b"ID"),
    ("iot", *b"IO"),
    ("iran", *b"IR"),
    ("iranislamicrepublicof", *b"IR"),
    ("iraq", *b"IQ"),
    ("ireland", *b"IE"),
    ("irl", *b"IE"),
    ("irn", *b"IR"),
    ("irq", *b"IQ"),
    ("isl", *b"IS"),
    ("islamicrepublicofiran", *b"IR"),
    ("isleofman", *b"IM"),
    ("isr", *b"IL"),
    ("israel", *b"IL"),
    ("ita", *b"IT"),
    ("italia", *b"IT"),
    ("italie", *b"IT"),
    ("italien", *b"IT"),
    ("italy", *b"IT"),
    ("ivorycoast", *b"CI"),
    ("jam", *b"JM"),
    ("jamaica", *b"JM"),
    ("japan", *b"JP"),
    ("jersey", *b"JE"),
    ("jey", *b"JE"),
    ("jor", *b"JO"),
    ("jordan", *b"JO"),
    ("jpn", *b"JP"),
    ("kaz", *b"KZ"),
    ("kazakhstan", *b"KZ"),
    ("ken", *b"KE"),
    ("kenya", *b"KE"),
    ("kgz", *b"KG"),
    ("khm", *b"KH"),
    ("kir", *b"KI"),
    ("kiribati", *b"KI"),
    ("kna", *b"KN"),
    ("kor", *b"KR"),
    ("koreademocraticpeoplesrepublicof", *b"KP"),
    ("korearepublicof", *b"KR"),
    ("kosovo", *b"XK"),
    ("ksa", *b"SA"),
    ("kuwait", *b"KW"),
    ("kwt", *b"KW"),
    ("kyrgyzstan", *b"KG"),
    ("lao", *b"LA"),
    ("laopeoplesdemocraticrepublic", *b"LA"),
    ("laos", *b"LA"),
    ("latvia", *b"LV"),
    ("latvija", *b"LV"),
    ("lbn", *b"LB"),
    ("lbr", *b"LR"),
    ("lby", *b"LY"),
    ("lca", *b"LC"),
    ("lebanon", *b"LB"),
    ("lesotho", *b"LS"),
    ("liberia", *b"LR"),
    ("libya", *b"LY"),
    ("lie", *b"LI"),
    ("liechtenstein", *b"LI"),
    ("lietuva", *b"LT"),
    ("lithuania", *b"LT"),
    ("lka", *b"LK"),
    ("lso", *b"LS"),
    ("ltu", *b"LT"),
    ("lux", *b"LU"),
    ("luxembourg", *b"LU"),
    ("luxemburg", *b"LU"),
    ("lva", *b"LV"),
    ("mac", *b"MO"),
    ("macao", *b"MO"),
    ("macau", *b"MO"),
    ("macedonia", *b"MK"),
    ("macedoniatheformeryugoslavrepublicof", *b"MK"),
    ("madagascar", *b"MG"),
    ("maf", *b"MF"),
    ("magyarország", *b"HU"),
    ("malawi", *b"MW"),
    ("malaysia", *b"MY"),
    ("maldives", *b"MV"),
    ("mali", *b"ML"),
    ("malta", *b"MT"),
    ("mar", *b"MA"),
    ("maroc", *b"MA"),
    ("marshallislands", *b"MH"),
    ("martinique", *b"MQ"),
    ("mauritania", *b"MR"),
    ("mauritius", *b"MU"),
    ("mayotte", *b"YT"),
    ("mco", *b"MC"),
    ("mda", *b"MD"),
    ("mdg", *b"MG"),
    ("mdv", *b"MV"),
    ("mex", *b"MX"),
    ("mexico", *b"MX"),
    ("mexiko", *b"MX"),
    ("mhl", *b"MH"),
    ("micronesia", *b"FM"),
    ("micronesiafederatedstatesof", *b"FM"),
    ("mkd", *b"MK"),
    ("mli", *b"ML"),
    ("mlt", *b"MT"),
    ("mmr", *b"MM"),
    ("mne", *b"ME"),
    ("mng", *b"MN"),
    ("mnp", *b"MP"),
    ("moldova", *b"MD"),
    ("moldovarepublicof", *b"MD"),
    ("monaco", *b"MC"),
    ("mongolia", *b"MN"),
    ("montenegro", *b"ME"),
    ("montserrat", *b"MS"),
    ("morocco", *b"MA"),
    ("moz", *b"MZ"),
    ("mozambique", *b"MZ"),
    ("mrt", *b"MR"),
    ("msr", *b"MS"),
    ("mtq", *b"MQ"),
    ("mus", *b"MU"),
    ("mwi", *b"MW"),
    ("myanmar", *b"MM"),
    ("mys", *b"MY"),
    ("myt", *b"YT"),
    ("méxico", *b"MX"),
    ("nam", *b"NA"),
    ("namibia", *b"NA"),
    ("nauru", *b"NR"),
    ("ncl", *b"NC"),
    ("nederland", *b"NL"),
    ("nepal", *b"NP"),
    ("ner", *b"NE"),
    ("netherlands", *b"NL"),
    ("newcaledonia", *b"NC"),
    ("newzealand", *b"NZ"),
    ("nfk", *b"NF"),
    ("nga", *b"NG"),
    ("nic", *b"NI"),
    ("nicaragua", *b"NI"),
    ("niederlande", *b"NL"),
    ("niger", *b"NE"),
    ("nigeria", *b"NG"),
    ("niu", *b"NU"),
    ("niue", *b"NU"),
    ("nld", *b"NL"),
    ("nor", *b"NO"),
    ("noreg", *b"NO"),
    ("norfolkisland", *b"NF"),
    ("norge", *b"NO"),
    ("northernireland", *b"GB"),
    ("northernmarianaislands", *b"MP"),
    ("northkorea", *b"KP"),
    ("northmacedonia", *b"MK"),
    ("norway", *b"NO"),
    ("npl", *b"NP"),
    ("nru", *b"NR"),
    ("nzl", *b"NZ"),
    ("oesterreich", *b"AT"),
    ("oman", *b"OM"),
    ("omn", *b"OM"),
    ("pak", *b"PK"),
    ("pakistan", *b"PK"),
    ("palau", *b"PW"),
    ("palestine", *b"PS"),
    ("palestinestateof", *b"PS"),
    ("palestinianterritory", *b"PS"),
    ("pan", *b"PA"),
    ("panama", *b"PA"),
    ("panamá", *b"PA"),
    ("papuanewguinea", *b"PG"),
    ("paraguay", *b"PY"),
    ("paysbas", *b"NL"),
    ("pcn", *b"PN"),
    ("peoplesrepublicofchina", *b"CN"),
    ("per", *b"PE"),
    ("peru", *b"PE"),
    ("perú", *b"PE"),
    ("philippines", *b"PH"),
    ("phl", *b"PH"),
    ("pitcairn", *b"PN"),
    ("pitcairnislands", *b"PN"),
    ("plurinationalstateofbolivia", *b"BO"),
    ("plw", *b"PW"),
    ("png", *b"PG"),
    ("pol", *b"PL"),
    ("poland", *b"PL"),
    ("polen", *b"PL"),
    ("polska", *b"PL"),
    ("portugal", *b"PT"),
    ("prc", *b"CN"),
    ("pri", *b"PR"),
    ("prk", *b"KP"),
    ("prt", *b"PT"),
    ("pry", *b"PY"),
    ("pse", *b"PS"),
    ("puertorico", *b"PR"),
    ("pyf", *b"PF"),
    ("qat", *b"QA"),
    ("qatar", *b"QA"),
    ("republicofireland", *b"IE"),
    ("republicofkorea", *b"KR"),
    ("republicofmoldova", *b"MD"),
    ("republicofthecongo", *b"CG"),
    ("reu", *b"RE"),
    ("reunion", *b"RE"),
    ("romania", *b"RO"),
    ("românia", *b"RO"),
    ("rou", *b"RO"),
    ("rus", *b"RU"),
    ("russia", *b"RU"),
    ("russianfederation", *b"RU"),
    ("rwa", *b"RW"),
    ("rwanda", *b"RW"),
    ("réunion", *b"RE"),
    ("saintbarthelemy", *b"BL"),
    ("saintbarthélemy", *b"BL"),
    ("sainthelena", *b"SH"),
    ("sainthelenaascensionandtristandacunha", *b"SH"),
    ("saintkittsandnevis", *b"KN"),
    ("saintlucia", *b"LC"),
    ("saintmartin", *b"MF"),
    ("saintmartinfrenchpart", *b"MF"),
    ("saintpierreandmiquelon", *b"PM"),
    ("saintvincentandthegrenadines", *b"VC"),
    ("samoa", *b"WS"),
    ("sanmarino", *b"SM"),
    ("saotomeandprincipe", *b"ST"),
    ("sau", *b"SA"),
    ("saudiarabia", *b"SA"),
    ("schweden", *b"SE"),
    ("schweiz", *b"CH"),
    ("scotland", *b"GB"),
    ("sdn", *b"SD"),
    ("sen", *b"SN"),
    ("senegal", *b"SN"),
    ("serbia", *b"RS"),
    ("seychelles", *b"SC"),
    ("sgp", *b"SG"),
    ("sgs", *b"GS"),
    ("shn", *b"SH"),
    ("sierraleone", *b"SL"),
    ("singapore", *b"SG"),
    ("sintmaarten", *b"SX"),
    ("sintmaartendutchpart", *b"SX"),
    ("sjm", *b"SJ"),
    ("slb", *b"SB"),
    ("sle", *b"SL"),
    ("slovakia", *b"SK"),
    ("slovakrepublic", *b"SK"),
    ("slovenia", *b"SI"),
    ("slovenija", *b"SI"),
    ("slovensko", *b"SK"),
    ("slv", *b"SV"),
    ("smr", *b"SM"),
    ("solomonislands", *b"SB"),
    ("som", *b"SO"),
    ("somalia", *b"SO"),
    ("southafrica", *b"ZA"),
    ("southgeorgiaandthesouthsandwichislands", *b"GS"),
    ("southkorea", *b"KR"),
    ("southsudan", *b"SS"),
    ("spain", *b"ES"),
    ("spanien", *b"ES"),
    ("spm", *b"PM"),
    ("srb", *b"RS"),
    ("srbija", *b"RS"),
    ("srilanka", *b"LK"),
    ("ssd", *b"SS"),
    ("stateofpalestine", *b"PS"),
    ("stkittsandnevis", *b"KN"),
    ("stlucia", *b"LC"),
    ("stp", *b"ST"),
    ("stvincentandthegrenadines", *b"VC"),
    ("sudan", *b"SD"),
    ("suisse", *b"CH"),
    ("suomi", *b"FI"),
    ("sur", *b"SR"),
    ("suriname", *b"SR"),
    ("svalbardandjanmayen", *b"SJ"),
    ("sverige", *b"SE"),
    ("svizzera", *b"CH"),
    ("svk", *b"SK"),
    ("svn", *b"SI"),
    ("swaziland", *b"SZ"),
    ("swe", *b"SE"),
    ("sweden", *b"SE"),
    ("switzerland", *b"CH"),
    ("swz", *b"SZ"),
    ("sxm", *b"SX"),
    ("syc", *b"SC"),
    ("syr", *b"SY"),
    ("syria", *b"SY"),
    ("syrianarabrepublic", *b"SY"),
    ("sãotoméandpríncipe", *b"ST"),
    ("sénégal", *b"SN"),
    ("taiwan", *b"TW"),
    ("taiwanprovinceofchina", *b"TW"),
    ("tajikistan", *b"TJ"),
    ("tanzania", *b"TZ"),
    ("tanzaniaunitedrepublicof", *b"TZ"),
    ("tca", *b"TC"),
    ("tcd", *b"TD"),
    ("tchad", *b"TD"),
    ("tgo", *b"TG"),
    ("tha", *b"TH"),
    ("thailand", *b"TH"),
    ("thebahamas", *b"BS"),
    ("thegambia", *b"GM"),
    ("thenetherlands", *b"NL"),
    ("thephilippines", *b"PH"),
    ("theunitedstates", *b"US"),
    ("theunitedstatesofamerica", *b"US"),
    ("timorleste", *b"TL"),
    ("tjk", *b"TJ"),
    ("tkl", *b"TK"),
    ("tkm", *b"TM"),
    ("tls", *b"TL"),
    ("togo", *b"TG"),
    ("tokelau", *b"TK"),
    ("ton", *b"TO"),
    ("tonga", *b"TO"),
    ("trinidadandtobago", *b"TT"),
    ("tto", *b"TT"),
    ("tun", *b"TN"),
    ("tunisia", *b"TN"),
    ("tunisie", *b"TN"),
    ("tur", *b"TR"),
    ("turkey", *b"TR"),
    ("turkiye", *b"TR"),
    ("turkmenistan", *b"TM"),
    ("turksandcaicosislands", *b"TC"),
    ("tuv", *b"TV"),
    ("tuvalu", *b"TV"),
    ("twn", *b"TW"),
    ("tza", *b"TZ"),
    ("türkei", *b"TR"),
    ("türkiye", *b"TR"),
    ("uae", *b"AE"),
    ("uga", *b"UG"),
    ("uganda", *b"UG"),
    ("ukr", *b"UA"),
    ("ukraine", *b"UA"),
    ("umi", *b"UM"),
    ("unitedarabemirates", *b"AE"),
    ("unitedkingdom", *b"GB"),
    ("unitedkingdomofgreatbritainandnorthernireland", *b"GB"),
    ("unitedrepublicoftanzania", *b"TZ"),
    ("unitedstates", *b"US"),
    ("unitedstatesminoroutlyingislands", *b"UM"),
    ("unitedstatesofamerica", *b"US"),
    ("unitedstatesvirginislands", *b"VI"),
    ("uruguay", *b"UY"),
    ("ury", *b"UY"),
    ("usa", *b"US"),
    ("usvirginislands", *b"VI"),
    ("uzb", *b"UZ"),
    ("uzbekistan", *b"UZ"),
    ("vanuatu", *b"VU"),
    ("vat", *b"VA"),
    ("vatican", *b"VA"),
    ("vaticancity", *b"VA"),
    ("vct", *b"VC"),
    ("ven", *b"VE"),
    ("venezuela", *b"VE"),
    ("venezuelabolivarianrepublicof", *b"VE"),
    ("vgb", *b"VG"),
    ("vietnam", *b"VN"),
    ("vir", *b"VI"),
    ("virginislandsbritish", *b"VG"),
    ("virginislandsus", *b"VI"),
    ("vnm", *b"VN"),
    ("vut", *b"VU"),
    ("wales", *b"GB"),
    ("wallisandfutuna", *b"WF"),
    ("westernsahara", *b"EH"),
    ("wlf", *b"WF"),
    ("wsm", *b"WS"),
    ("xkx", *b"XK"),
    ("yem", *b"YE"),
    ("yemen", *b"YE"),
    ("zaf", *b"ZA"),
    ("zambia", *b"ZM"),
    ("zimbabwe", *b"ZW"),
    ("zmb", *b"ZM"),
    ("zwe", *b"ZW"),
    ("ålandislands", *b"AX"),
    ("éire", *b"IE"),
    ("ísland", *b"IS"),
    ("österreich", *b"AT"),
    ("česko", *b"CZ"),
    ("českárepublika", *b"CZ"),
    ("ελλάδα", *b"GR"),
    ("българия", *b"BG"),
    ("россия", *b"RU"),
    ("україна", *b"UA"),
    ("中国", *b"CN"),
    ("台灣", *b"TW"),
    ("日本", *b"JP"),
    ("香港", *b"HK"),
    ("대한민국", *b"KR"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_name_real_countries() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(STATES.is_sorted_by(|a, b| a.0 < b.0));
        for (name, code) in NAMES {
            assert!(plan::is_country(*code), "{name}");
            assert_eq!(resolve(name), assigned(*code), "{name}");
        }
    }

    #[test]
    fn names_and_codes_resolve_and_nothing_is_cut_to_two_letters() {
        for (raw, expected) in [
            ("U.K.", "GB"),
            ("uk", "GB"),
            ("U.S.A.", "US"),
            ("United-States", "US"),
            ("Côte d’Ivoire", "CI"),
            ("Deutschland", "DE"),
            ("ÖSTERREICH", "AT"),
            ("deu", "DE"),
            ("Korea, Republic of", "KR"),
            ("Georgia", "GE"),
            ("EL", "GR"),
            ("el", "GR"),
        ] {
            assert_eq!(
                resolve(raw),
                <[u8; 2]>::try_from(expected.as_bytes()).ok(),
                "{raw}"
            );
        }
        for raw in [
            "Randomland",
            "xyz",
            "u2",
            "...",
            "",
            "XX",
            "ZZ",
            "T1",
            "EU",
            "AC",
            "TA",
            "XK",
            "Kosovo",
            "AN",
            "AP",
            "A1",
        ] {
            assert_eq!(resolve(raw), None, "{raw}");
        }
    }
}
