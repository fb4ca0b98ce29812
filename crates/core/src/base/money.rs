//! Amounts that leave exactly as they came, and the currency they are in.

use crate::base::json::Leaf;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The largest amount that is taken for one: 10^12 major units. Beyond it a unit mistake is more likely than a sale.
pub const LARGEST: f64 = 1e12;

/// The longest spelling of an amount that is accepted, in characters.
const LONGEST: usize = 32;

/// What is wrong with an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountError {
    /// Not a JSON number.
    NotANumber,
    /// Not finite, negative, or larger than [`LARGEST`].
    OutOfRange,
}

/// Whether a JSON number is a few digits and a point, as nearly every amount is: in range by its length alone.
fn short(text: &str) -> bool {
    text.len() <= 12
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// A non-negative, finite amount in major units, kept in the spelling of the sender.
///
/// `129.90` stays `129.90`: no trip through a binary float can change what a shop said its customer paid.
#[derive(Debug, Clone, Copy)]
pub struct Amount<'a>(&'a RawValue);

impl<'a> Amount<'a> {
    /// Takes a JSON value for an amount.
    pub fn new(raw: &'a RawValue) -> Result<Self, AmountError> {
        let text = raw.get();
        if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            return Err(AmountError::NotANumber);
        }
        if short(text) {
            return Ok(Self(raw));
        }
        // What the reader of JSON cannot hold is a number all the same, and too large a one.
        let number = crate::base::number::number(text).ok_or(AmountError::OutOfRange)?;
        if !number.is_finite()
            || number.is_sign_negative()
            || number > LARGEST
            || text.len() > LONGEST
        {
            return Err(AmountError::OutOfRange);
        }
        Ok(Self(raw))
    }

    /// Takes the text of a JSON number for an amount.
    ///
    /// ```
    /// use edgetally_core::base::money::Amount;
    /// assert_eq!(Amount::parse("129.90").unwrap().as_str(), "129.90");
    /// assert!(Amount::parse("-1").is_err());
    /// assert!(Amount::parse("1e400").is_err());
    /// ```
    pub fn parse(text: &'a str) -> Result<Self, AmountError> {
        serde_json::from_str(text)
            .map_err(|_| AmountError::NotANumber)
            .and_then(Self::new)
    }

    /// The sender's own spelling.
    pub fn as_str(&self) -> &'a str {
        self.0.get()
    }

    /// The amount with so many decimal places, rounded half to even, without an exponent.
    ///
    /// For platforms that want a text. Done on the digits, so nothing is lost on the way.
    ///
    /// ```
    /// use edgetally_core::base::money::Amount;
    /// let fixed = |text: &'static str, places| Amount::parse(text).unwrap().fixed(places);
    /// assert_eq!(fixed("129.9", 2), "129.90");
    /// assert_eq!(fixed("0.125", 2), "0.12");
    /// assert_eq!(fixed("0.135", 2), "0.14");
    /// assert_eq!(fixed("999.996", 2), "1000.00");
    /// assert_eq!(fixed("5e3", 0), "5000");
    /// assert_eq!(fixed("12345e-4", 3), "1.234");
    /// ```
    pub fn fixed(&self, places: usize) -> String {
        fixed(self.as_str(), places)
    }

    /// The amount as a float, for comparisons only.
    pub fn to_f64(&self) -> f64 {
        crate::base::number::number(self.as_str()).unwrap_or(0.0)
    }

    /// The amount in millionths, for sums; nothing above [`Self::MOST_SUMMED`], of which a request's worth would have no sum.
    ///
    /// ```
    /// use edgetally_core::base::money::Amount;
    /// let millionths = |text: &'static str| Amount::parse(text).unwrap().millionths();
    /// assert_eq!(millionths("129.90"), Some(129_900_000));
    /// assert_eq!(millionths("0.0000005"), Some(0));
    /// assert_eq!(millionths("1e10"), Some(10_000_000_000_000_000));
    /// assert_eq!(millionths("10000000000.01"), None);
    /// ```
    pub fn millionths(&self) -> Option<i64> {
        let mut digits = self.fixed(6);
        digits.retain(|digit| digit != '.');
        let sum = digits.parse().ok();
        sum.filter(|sum| *sum <= Self::MOST_SUMMED)
    }

    /// The largest amount that is summed, in millionths: 10^10 major units, of which five hundred have a sum.
    pub const MOST_SUMMED: i64 = 10_000_000_000_000_000;
}

impl PartialEq for Amount<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Serialize for Amount<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Amount<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Self::new(raw).map_err(|_| serde::de::Error::custom("not an amount"))
    }
}

/// Writes an unsigned JSON number with so many decimal places, see [`Amount::fixed`].
fn fixed(text: &str, places: usize) -> String {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().unwrap_or(0)),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits: Vec<u8> = whole
        .bytes()
        .chain(fraction.bytes())
        .map(|byte| byte & 15)
        .collect();
    // Where the point stands, counted in digits from the left.
    let mut point = i32::try_from(whole.len())
        .unwrap_or(0)
        .saturating_add(exponent);
    // A zero in front for the carry, and room so that every place asked for is there. An amount is at most 10^12
    // and at most 32 characters long, so this is a few dozen digits.
    let lead = usize::try_from(1 - point.min(0)).unwrap_or(1).min(64);
    digits.splice(0..0, std::iter::repeat_n(0, lead));
    point = point.saturating_add(i32::try_from(lead).unwrap_or(1));
    let point = usize::try_from(point).unwrap_or(0).min(96);
    let end = point + places;
    let rest = digits.split_off(end.min(digits.len()));
    digits.resize(end, 0);
    let odd = digits.last().is_some_and(|digit| digit % 2 == 1);
    let up = match rest.split_first() {
        None => false,
        Some((5, more)) => odd || more.iter().any(|digit| *digit > 0),
        Some((first, _)) => *first > 5,
    };
    if up {
        for digit in digits.iter_mut().rev() {
            *digit = (*digit + 1) % 10;
            if *digit > 0 {
                break;
            }
        }
    }
    let text: String = digits
        .iter()
        .map(|digit| char::from(b'0' + digit))
        .collect();
    let (whole, fraction) = text.split_at(point.min(text.len()));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

/// A finite number of an item: a price, a quantity, a discount, a place. It may be negative, as a voucher's line is,
/// and it leaves as it came unless it is a count that was written as `2.0`.
///
/// ```
/// use edgetally_core::base::money::Figure;
/// let figure = |text: &'static str| Figure::parse(text).unwrap();
/// assert_eq!(figure("-9.90").as_str(), "-9.90");
/// assert_eq!(figure("2.0").counted().as_str(), "2");
/// assert_eq!(figure("2e1").whole(), Some(20));
/// assert_eq!(figure("1.5").whole(), None);
/// assert_eq!(figure("-0.005").fixed(2), "0.00");
/// ```
#[derive(Debug, Clone, Copy)]
pub enum Figure<'a> {
    /// In the sender's own spelling.
    Sent(&'a RawValue),
    /// A whole number that was written in another way.
    Whole(i64),
}

impl<'a> Figure<'a> {
    /// Takes a JSON value for a figure: at most 10^12 either way, and at most 32 characters.
    pub fn new(raw: &'a RawValue) -> Result<Self, AmountError> {
        let text = raw.get();
        if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            return Err(AmountError::NotANumber);
        }
        let number = || crate::base::number::number(text).ok_or(AmountError::OutOfRange);
        if !short(text) && (text.len() > LONGEST || number()?.abs() > LARGEST) {
            return Err(AmountError::OutOfRange);
        }
        Ok(Self::Sent(raw))
    }

    /// Takes the text of a JSON number for a figure.
    pub fn parse(text: &'a str) -> Result<Self, AmountError> {
        serde_json::from_str(text)
            .map_err(|_| AmountError::NotANumber)
            .and_then(Self::new)
    }

    /// The same number, written in digits alone where it is a whole one.
    #[must_use]
    pub fn counted(self) -> Self {
        match self {
            Self::Sent(raw) if !raw.get().bytes().all(|byte| byte.is_ascii_digit()) => {
                self.whole().map_or(self, Self::Whole)
            }
            _ => self,
        }
    }

    /// The number, when it is a whole one in any spelling.
    pub fn whole(&self) -> Option<i64> {
        let raw = match self {
            Self::Sent(raw) => raw,
            Self::Whole(number) => return Some(*number),
        };
        if let Ok(number) = raw.get().parse() {
            return Some(number);
        }
        let number = self.to_f64();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most 10^12, see LARGEST, and without a fraction"
        )]
        (number.fract() == 0.0).then_some(number as i64)
    }

    /// The figure as an amount, when it is not below zero.
    pub fn amount(&self) -> Option<Amount<'a>> {
        match self {
            Self::Sent(raw) => Amount::new(raw).ok(),
            Self::Whole(_) => None,
        }
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.to_f64() < 0.0
    }

    /// The spelling it leaves in.
    pub fn as_str(&self) -> Cow<'a, str> {
        match self {
            Self::Sent(raw) => raw.get().into(),
            Self::Whole(number) => number.to_string().into(),
        }
    }

    /// The figure with so many decimal places, see [`Amount::fixed`].
    pub fn fixed(&self, places: usize) -> String {
        let text = self.as_str();
        let Some(unsigned) = text.strip_prefix('-') else {
            return fixed(&text, places);
        };
        let fixed = fixed(unsigned, places);
        if fixed.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
            format!("-{fixed}")
        } else {
            fixed
        }
    }

    /// The figure as a float, for comparisons only.
    pub fn to_f64(&self) -> f64 {
        match self {
            Self::Sent(raw) => crate::base::number::number(raw.get()).unwrap_or(0.0),
            #[expect(clippy::cast_precision_loss, reason = "at most 10^12, see LARGEST")]
            Self::Whole(number) => *number as f64,
        }
    }
}

impl PartialEq for Figure<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Serialize for Figure<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sent(raw) => raw.serialize(serializer),
            Self::Whole(number) => serializer.serialize_i64(*number),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Figure<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Self::new(raw).map_err(|_| serde::de::Error::custom("not a figure"))
    }
}

/// The currencies of ISO 4217, by how many decimal places their minor units have; those without one count as most do.
/// A test holds them against a list that others keep.
#[rustfmt::skip]
static CURRENCIES: [(usize, &str); 4] = [
    (2, "AEDAFNALLAMDAOAARSAUDAWGAZNBAMBBDBDTBGNBMDBNDBOBBOVBRLBSDBTNBWPBYNBZDCADCDFCHECHFCHWCNYCOPCOUCRCCUC\
        CUPCVECZKDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGTQGYDHKDHNLHRKHTGHUFIDRILSINRIRRJMDKESKGSKHRKPW\
        KYDKZTLAKLBPLKRLRDLSLMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMXVMYRMZNNADNGNNIONOKNPRNZDPABPENPGKPHPPKR\
        PLNQARRONRSDRUBSARSBDSCRSDGSEKSGDSHPSLESLLSOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTOPTRYTTDTWDTZSUAHUSDUSNUYU\
        UZSVEDVESWSTXADXAGXAUXBAXBBXBCXBDXCDXCGXDRXPDXPTXSUXTSXUAXXXYERZARZMWZWGZWL"),
    (0, "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXUYIVNDVUVXAFXOFXPF"),
    (3, "BHDIQDJODKWDLYDOMRTND"),
    (4, "CLFUYW"),
];

/// An ISO 4217 currency, upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads a three-letter ISO 4217 code in any case; `None` when there is no such currency.
    pub fn parse(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.trim().as_bytes().try_into().ok()?;
        let upper = bytes.map(|byte| byte.to_ascii_uppercase());
        let known = Self(upper);
        known.minor().is_some().then_some(known)
    }

    /// How many decimal places its minor unit has (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn places(&self) -> usize {
        self.minor().unwrap_or(2)
    }

    /// The places of its minor unit, where there is such a currency.
    fn minor(self) -> Option<usize> {
        let among = |codes: &str| codes.as_bytes().as_chunks().0.contains(&self.0);
        let row = CURRENCIES.iter().find(|(_, codes)| among(codes));
        row.map(|(places, _)| *places)
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = crate::base::text::Text::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an ISO 4217 currency"))
    }
}

/// An amount and its currency; one does not travel without the other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Money<'a> {
    /// How much, in major units.
    #[serde(borrow, rename = "v")]
    pub amount: Amount<'a>,
    /// Of what.
    #[serde(rename = "c")]
    pub currency: Currency,
}

impl<'a> From<Amount<'a>> for Leaf<'a> {
    /// A number, in the sender's own spelling.
    fn from(amount: Amount<'a>) -> Self {
        Self::Raw(amount.as_str())
    }
}

impl<'a> From<Figure<'a>> for Leaf<'a> {
    /// A number.
    fn from(figure: Figure<'a>) -> Self {
        match figure {
            Figure::Sent(raw) => Self::Raw(raw.get()),
            Figure::Whole(number) => Self::Whole(number),
        }
    }
}

impl<'a> From<&'a Currency> for Leaf<'a> {
    fn from(currency: &'a Currency) -> Self {
        currency.as_str().into()
    }
}
