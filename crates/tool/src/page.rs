//! `page` and `sources`: what of the settings a page's script is made of, and what a command has to know of a deployment.

use edgetally_core::base::table::Table;
use edgetally_core::consent::Policy;
use edgetally_core::destinations::destination::TestMode;
use edgetally_core::settings::client::Client;
use edgetally_core::settings::{Configured, Settings, Source};
use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::explain::placeholders;
use crate::fault::Refused;

fn settings(configuration: &str) -> Result<Settings, Refused> {
    placeholders::settings(&Config::read(configuration)?, placeholders::ONE)
}

fn reached<'s>(settings: &'s Settings, source: &'s Source) -> impl Iterator<Item = &'s Configured> {
    let places = source.destinations.iter();
    places.filter_map(|place| settings.destinations.get(*place))
}

/// For each source that has pages, what their script is made of.
pub(crate) fn pages(configuration: &str) -> Result<Value, Refused> {
    let settings = settings(configuration)?;
    let page = |source: &Source| {
        let (key, client) = (source.key.as_ref()?, source.client.as_ref()?);
        let categories: Map<String, Value> = client
            .categories
            .iter()
            .map(|(name, category)| (name.clone(), category.as_str().into()))
            .collect();
        Some(json!({
            "source": source.name,
            "key": key,
            // By region it is required until the gateway has said otherwise.
            "required": source.consent != Policy::Implied,
            "by_region": matches!(source.consent, Policy::ByRegion { .. }),
            "consent": client.consent,
            "pixels": client.pixels,
            "categories": categories,
            "hold_ms": client.hold_ms,
            "cookies": client.cookies,
            "page_views": client.page_views,
            "maps": maps(client, reached(&settings, source)),
        }))
    };
    Ok(settings.sources.iter().filter_map(page).collect())
}

/// What an event is to the tags that know it by an id; of several accounts the first.
fn maps<'s>(client: &Client, destinations: impl Iterator<Item = &'s Configured>) -> Value {
    let mut maps: Map<String, Value> = Map::new();
    let mut put = |platform: &str, ids: &Table<String, String>| {
        if !ids.is_empty() && client.pixels.contains(&platform) && !maps.contains_key(platform) {
            maps.insert(platform.to_owned(), json!(ids));
        }
    };
    put("google_ads", &client.send_to);
    for configured in destinations {
        let destination = &configured.destination;
        put(destination.facts().platform, &destination.tag_ids());
    }
    maps.into()
}

/// The sources and their destinations: `[{source, page, server, origins, test, destinations: [{destination, platform, test}]}]`.
pub(crate) fn sources(configuration: &str) -> Result<Value, Refused> {
    let settings = settings(configuration)?;
    let source = |source: &Source| {
        let destination = |configured: &Configured| {
            let facts = configured.destination.facts();
            let test = match facts.test {
                TestMode::Platform => "platform",
                TestMode::DryRun => "dry_run",
            };
            json!({"destination": configured.name, "platform": facts.platform, "test": test})
        };
        let destinations = reached(&settings, source).map(destination);
        json!({
            "source": source.name,
            "page": source.key.is_some(),
            "server": source.secret.is_some(),
            "key": source.key,
            "origins": source.origins,
            "secret": secret_name(configuration, &source.name),
            "test": source.test,
            "destinations": destinations.collect::<Vec<_>>(),
        })
    };
    Ok(settings.sources.iter().map(source).collect())
}

/// The name of the secret of a source's servers.
fn secret_name(configuration: &str, source: &str) -> Option<String> {
    let merged = Config::read(configuration).ok()?.merged();
    let name = merged.get("sources")?.get(source)?.get("secret")?;
    name.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str = r#"
        [vars.EDGETALLY.sources.shop]
        key = "pk_shop_0123456789abcdef"
        origins = ["https://shop.example"]
        secret = "SHOP_SECRET"
        destinations = ["linkedin", "x", "again"]
        [vars.EDGETALLY.sources.shop.client]
        pixels = ["x", "linkedin", "google_ads", "meta"]
        categories = {C0004 = "ads"}
        send_to = {purchase = "AW-123456789/AbC-D_efG"}

        [vars.EDGETALLY.sources.erp]
        secret = "ERP_SECRET"
        destinations = ["linkedin"]

        [vars.EDGETALLY.sources.us]
        key = "pk_us_0123456789abcdef"
        origins = ["https://us.example"]
        consent = "implied"
        destinations = ["x"]

        [vars.EDGETALLY.destinations.linkedin]
        conversions = {purchase = "104012"}
        [vars.EDGETALLY.destinations.x]
        pixel_id = "q4x7k"
        tags = {purchase = "q4x9m", search = "tw-q4x7k-q5ac1"}
        [vars.EDGETALLY.destinations.again]
        platform = "linkedin"
        conversions = {purchase = "999"}
    "#;

    #[test]
    fn a_page_is_told_what_its_script_is_made_of_and_nothing_twice() {
        let pages = pages(SETTINGS).unwrap();
        assert_eq!(
            pages,
            json!([
                {
                    "source": "shop", "key": "pk_shop_0123456789abcdef", "required": true, "by_region": false,
                    "consent": ["consent_mode", "tcf", "gpp"], "pixels": ["x", "linkedin", "google_ads", "meta"],
                    "categories": {"C0004": "ads"}, "hold_ms": 4000, "cookies": true, "page_views": false,
                    "maps": {
                        "google_ads": {"purchase": "AW-123456789/AbC-D_efG"},
                        "linkedin": {"purchase": "104012"},
                        "x": {"purchase": "tw-q4x7k-q4x9m", "search": "tw-q4x7k-q5ac1"},
                    },
                },
                {
                    "source": "us", "key": "pk_us_0123456789abcdef", "required": false, "by_region": false,
                    "consent": ["consent_mode", "tcf", "gpp"], "pixels": [],
                    "categories": {}, "hold_ms": 4000, "cookies": true, "page_views": false, "maps": {},
                },
            ])
        );
        let regional = SETTINGS.replace("\"implied\"", "\"by_region\"\nmarkets = [\"US\"]");
        let regional = &super::pages(&regional).unwrap()[1];
        assert_eq!(
            (&regional["required"], &regional["by_region"]),
            (&json!(true), &json!(true))
        );
    }

    #[test]
    fn a_deployment_is_told_by_its_sources() {
        let sources = sources(SETTINGS).unwrap();
        let names: Vec<&Value> = sources
            .as_array()
            .unwrap()
            .iter()
            .map(|source| &source["source"])
            .collect();
        assert_eq!(names, ["erp", "shop", "us"]);
        assert_eq!(
            sources[0],
            json!({
                "source": "erp", "page": false, "server": true, "key": null, "origins": [], "secret": "ERP_SECRET",
                "test": false, "destinations": [{"destination": "linkedin", "platform": "linkedin", "test": "dry_run"}],
            })
        );
        let faulty = SETTINGS.replace("104012", "no digits");
        let told = crate::fault::told(super::sources(&faulty));
        assert!(
            told.contains("destinations.linkedin.conversions.purchase")
                && !told.contains("no digits"),
            "{told}"
        );
    }
}
