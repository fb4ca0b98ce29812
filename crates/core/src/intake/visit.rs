//! What the request of a visitor's own browser says about the visitor, and how it fills an event in.

use crate::base::remarks::Remarks;
use crate::base::text::Text;
use crate::base::time::UnixMillis;
use crate::consent::gpc_header;
use crate::event::Context;
use crate::identity::Country2;
use crate::intake::arrival::{Arrival, Header};
use crate::queue::parcel::Parcel;
use crate::web::{
    CLICK_ID_INVALID, COOKIE_INVALID, Fbc, PLACEHOLDER, clean_url, click_id, click_parameters,
    client_id_from_ga, cookie, cookies_from_header, fbc, has_credentials, is_stream_cookie,
    known_click_id, known_cookie, session_id, visitor_ip, without_click_ids,
};

/// What the request of a visitor's own browser says about the visitor.
#[derive(Debug, Clone, Copy, Default)]
pub struct Visit<'a> {
    /// The address it came from.
    pub ip: Option<&'a str>,
    /// `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// `Referer`: the page that sends, so that its address stands in for one that the event lacks.
    pub referer: Option<&'a str>,
    /// `Cookie`.
    pub cookies: Option<&'a str>,
    /// `Sec-GPC`.
    pub gpc: bool,
    /// Country that the address lies in, two letters.
    pub country: Option<&'a str>,
    /// Region that the address lies in, ISO 3166-2 without the country.
    pub region: Option<&'a str>,
}

impl<'a> Visit<'a> {
    /// What a request says, which is to be one of the visitor's own browser.
    pub fn of(arrival: &Arrival<'a>) -> Self {
        Self {
            ip: arrival.header(Header::Ip),
            user_agent: arrival.header(Header::UserAgent),
            referer: arrival.header(Header::Referer),
            cookies: arrival.header(Header::Cookie),
            gpc: arrival.header(Header::SecGpc).is_some_and(gpc_header),
            country: arrival.country,
            region: arrival.region,
        }
    }

    /// The country whose law it is. The edge has codes that are no countries, for the Tor network and for what it does not know.
    pub fn seen_in(&self) -> Option<Country2> {
        self.country.and_then(Country2::parse)
    }
}

/// Whether the first of two `<milliseconds>.<id>` is older.
fn older(one: &str, other: &str) -> bool {
    let time = |value: &str| value.split_once('.')?.0.parse::<u64>().ok();
    matches!((time(one), time(other)), (Some(one), Some(other)) if one < other)
}

/// The most `_ga_<stream>` cookies that one event keeps; a site has one for each of its properties.
const MOST_STREAMS: usize = 50;

/// The `fbc`s that an event came with: in the place of a click id, and as a cookie.
#[derive(Default)]
struct Fbcs {
    click: Option<Fbc>,
    cookie: Option<Fbc>,
}

/// An address of the web, as it was sent and as it may travel; what is none is left out and told.
fn web_address<'a>(
    url: Option<Text<'a>>,
    path: &str,
    remarks: &mut Remarks,
) -> Option<(Text<'a>, Option<String>)> {
    let url = url?;
    let Some(clean) = clean_url(&url) else {
        remarks.removed(path, "url_invalid");
        return None;
    };
    if has_credentials(&url) {
        remarks.changed(path, "credentials_removed");
    }
    Some((url, Some(clean)))
}

/// Reads Google Analytics' ids out of what was sent as such: now and then that is the whole cookie.
fn analytics_ids(parcel: &mut Parcel<'_>, remarks: &mut Remarks) {
    if let Some(sent) = parcel.client_id.get_mut().take() {
        let encoded = sent.starts_with("GA") && sent.contains('%');
        let whole = if encoded {
            crate::base::text::percent_decoded(&sent)
        } else {
            sent.as_str().into()
        };
        let id = client_id_from_ga(&whole);
        if id.is_none() {
            remarks.removed("context.client_id", PLACEHOLDER);
        } else if id.is_some_and(|id| id != sent.trim()) {
            remarks.changed("context.client_id", "id_extracted");
        }
        *parcel.client_id.get_mut() = match id {
            Some(id) if id == sent.as_str() => Some(sent),
            id => id.map(|id| Text::from(id.to_owned())),
        };
    }
    if let Some(sent) = parcel.session_id.get_mut().take() {
        let whole = crate::base::text::percent_decoded(&sent);
        match session_id(&whole) {
            Some(id) => {
                if id == sent.as_str() {
                    *parcel.session_id.get_mut() = Some(sent);
                    return;
                }
                if id != sent.trim() {
                    remarks.changed("context.session_id", "id_extracted");
                }
                *parcel.session_id.get_mut() = Some(Text::from(id.to_owned()));
            }
            None => remarks.removed("context.session_id", "session_id_invalid"),
        }
    }
}

/// Fills in where an event happened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filling<'s> {
    /// Some destination may have identifiers.
    pub(super) identifiers: bool,
    /// The time of receipt.
    pub(super) now: UnixMillis,
    /// The domain that the source's pages set cookies on.
    pub(super) cookie_domain: Option<&'s str>,
}

impl Filling<'_> {
    /// Fills in where it happened: from the event, and where the sender is a page, from its own request. What cannot be used
    /// is left out, and the next source is asked.
    pub(super) fn fill<'a>(
        &self,
        parcel: &mut Parcel<'a>,
        context: Context<'a>,
        visit: Option<&Visit<'a>>,
        remarks: &mut Remarks,
    ) {
        let none = Visit::default();
        let page = visit.unwrap_or(&none);
        let url = web_address(context.page_url, "context.page_url", remarks)
            .or_else(|| page.referer.map(|url| (url.into(), clean_url(url))));
        let referrer = web_address(context.referrer, "context.referrer", remarks);
        let address = |clean: String| {
            Text::from(if self.identifiers {
                clean
            } else {
                without_click_ids(&clean).into_owned()
            })
        };
        let (url, clean) = url.unzip();
        *parcel.page_url.get_mut() = clean.flatten().map(address);
        *parcel.referrer.get_mut() = referrer.and_then(|(_, clean)| clean).map(address);
        // A page does not know its visitor's address, and its browser is the one that speaks to us.
        let mut ip = page.ip.and_then(|ip| visitor_ip(ip).ok());
        if let (None, Some(sent)) = (ip, context.ip) {
            match visitor_ip(&sent) {
                Ok(found) => {
                    if found.1 {
                        remarks.changed("context.ip", "address_extracted");
                    }
                    ip = Some(found);
                }
                Err(code) => remarks.removed("context.ip", code),
            }
        }
        *parcel.ip.get_mut() = ip.map(|(ip, _)| Text::from(ip.to_string()));
        *parcel.user_agent.get_mut() = page
            .user_agent
            .map(Text::from)
            .filter(|agent| !agent.trim().is_empty())
            .or(context.user_agent);
        parcel.geo_country = page.country.map(Text::from);
        parcel.geo_region = page.region.map(Text::from);
        analytics_ids(parcel, remarks);

        let header = page.cookies.into_iter().flat_map(cookies_from_header);
        let sent = context
            .cookies
            .into_iter()
            .filter(|(name, value)| known_cookie(name) && !value.is_empty())
            .chain(header.map(|(name, value)| (name.into(), value.into())));
        let mut fbcs = Fbcs::default();
        self.cookies(parcel, sent, &mut fbcs, remarks);
        if self.identifiers {
            let url = url.as_deref();
            self.clicks(parcel, context.click_ids, url, &mut fbcs, remarks);
            self.settle_fbc(parcel, fbcs, remarks);
        }
    }

    /// Takes the cookies that some destination reads, each once.
    fn cookies<'a>(
        &self,
        parcel: &mut Parcel<'a>,
        sent: impl Iterator<Item = (Text<'a>, Text<'a>)>,
        fbcs: &mut Fbcs,
        remarks: &mut Remarks,
    ) {
        let mut streams = 0;
        let cookies = parcel.cookies.get_mut();
        for (name, value) in sent {
            let covered = self.identifiers || name.starts_with("_ga");
            if !covered {
                continue;
            }
            let stream = is_stream_cookie(&name);
            let path = || {
                if stream {
                    "context.cookies._ga_*".to_owned()
                } else {
                    ["context.cookies.", &name].concat()
                }
            };
            if name.as_str() == "_fbc" {
                match Fbc::read(&value, parcel.time, self.now) {
                    Ok(fbc) => fbcs.cookie = fbcs.cookie.take().or(Some(fbc)),
                    Err(code) => remarks.removed(path(), code),
                }
                continue;
            }
            let value = match cookie(&name, &value, parcel.time, self.now) {
                Ok(sound) if *sound == *value => value,
                Ok(sound) => Text::from(sound.into_owned()),
                Err(code) => {
                    remarks.removed(path(), code);
                    continue;
                }
            };
            match cookies.iter_mut().find(|(known, _)| *known == name) {
                None if stream && streams == MOST_STREAMS => {
                    remarks.removed(path(), "too_many_cookies");
                }
                None => {
                    streams += usize::from(stream);
                    cookies.push((name, value));
                }
                // A browser may hold several for different domains, and the oldest one is the visitor.
                Some((_, first)) if name.as_str() == "_rdt_uuid" && older(&value, first) => {
                    *first = value;
                }
                Some(_) => {}
            }
        }
    }

    /// Takes the click ids: those that were sent, then those of the page's address.
    fn clicks<'a>(
        &self,
        parcel: &mut Parcel<'a>,
        sent: Vec<(Text<'a>, Text<'a>)>,
        url: Option<&str>,
        fbcs: &mut Fbcs,
        remarks: &mut Remarks,
    ) {
        let sent = sent
            .into_iter()
            .filter_map(|(name, value)| Some((known_click_id(&name)?, value, true)));
        let found = url
            .into_iter()
            .flat_map(click_parameters)
            .map(|(name, value)| (name, value.into_owned(), false));
        for (name, value, sent) in sent.chain(found) {
            let path = || {
                if sent {
                    ["context.click_ids.", name].concat()
                } else {
                    "context.page_url".to_owned()
                }
            };
            if value.is_empty() {
                continue;
            }
            // What is stored as a click id is the whole `fbc` now and then.
            let value = if name == "fbclid" && value.trim_start().starts_with("fb.") {
                match Fbc::read(&value, parcel.time, self.now) {
                    Ok(fbc) => {
                        let id = Text::from(fbc.click_id.clone());
                        if fbc.whole.is_none() {
                            remarks.changed(path(), "rebuilt");
                        }
                        fbcs.click = fbcs.click.take().or(Some(fbc));
                        id
                    }
                    Err(COOKIE_INVALID) => {
                        remarks.removed(path(), CLICK_ID_INVALID);
                        continue;
                    }
                    Err(code) => {
                        remarks.removed(path(), code);
                        continue;
                    }
                }
            } else {
                match click_id(name, &value) {
                    Ok(sound) if *sound == *value => value,
                    Ok(sound) => Text::from(sound.into_owned()),
                    Err(code) => {
                        remarks.removed(path(), code);
                        continue;
                    }
                }
            };
            let all = parcel.click_ids.get_mut();
            if !all.iter().any(|(known, _)| known.as_str() == name) {
                all.push((name.into(), value));
            }
        }
    }

    /// Settles the `fbc` of the event. Now is when a click id was first seen by us, where nothing says better; a retry must not
    /// make it younger, so this is done here.
    fn settle_fbc(&self, parcel: &mut Parcel<'_>, fbcs: Fbcs, remarks: &mut Remarks) {
        let Fbcs { click, cookie } = fbcs;
        let clicked = parcel
            .click_ids
            .get_mut()
            .iter()
            .find(|(name, _)| name.as_str() == "fbclid")
            .map(|(_, id)| id.as_str());
        let of_this_click = |fbc: &&Fbc| clicked.is_none_or(|id| id == fbc.click_id);
        let whole = [click.as_ref(), cookie.as_ref()]
            .into_iter()
            .flatten()
            .filter(of_this_click)
            .find_map(|fbc| fbc.whole.as_deref());
        let domain = self.cookie_domain;
        let (id, first) = match (clicked, &click, &cookie) {
            // The click id is of this request, unless it was taken out of a whole `fbc`, which has its time.
            (Some(id), None, _) => (Some(id), None),
            (Some(id), Some(fbc), _) => (Some(id), fbc.clicked.filter(|_| id == fbc.click_id)),
            (None, _, Some(fbc)) => (Some(fbc.click_id.as_str()), fbc.clicked),
            (None, _, None) => (None, None),
        };
        let settled = match whole {
            Some(whole) => Some(whole.to_owned()),
            None => fbc(None, id, domain, first.unwrap_or(self.now)),
        };
        if cookie.as_ref().is_some_and(|cookie| cookie.whole.is_none()) {
            remarks.changed("context.cookies._fbc", "rebuilt");
        }
        if let Some(fbc) = settled {
            parcel.cookies.get_mut().push(("_fbc".into(), fbc.into()));
        }
    }
}
