//! Robots, by what they call themselves.

/// What crawlers and browsers without a window have in their user agent, in lower case. Short on purpose: a visitor that is
/// taken for a robot is missed in the figures, a robot that is taken for a visitor was counted before as well. Libraries
/// such as `okhttp` are not among them, since apps send through them.
const SIGNS: &[&str] = &[
    "crawler",
    "crawling",
    "spider",
    "slurp",
    "headless",
    "phantomjs",
    "puppeteer",
    "playwright",
    "lighthouse",
    "bingpreview",
    "web preview",
    "linkpreview",
    "link preview",
    "facebookexternalhit",
    "facebookcatalog",
    "meta-externalagent",
    "mediapartners-google",
    "google-inspectiontool",
    "google-read-aloud",
    "feedfetcher",
    "pingdom",
    "gtmetrix",
];

/// Whether a user agent is one of a robot: it has one of a few signs in it, or a word that ends with `bot` or `bots`. Cubot
/// makes telephones.
///
/// ```
/// use edgetally_core::web::is_robot;
/// assert!(is_robot("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"));
/// assert!(is_robot("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/130.0.0.0 Safari/537.36"));
/// assert!(!is_robot("Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36"));
/// ```
pub fn is_robot(user_agent: &str) -> bool {
    let agent = user_agent.to_ascii_lowercase();
    let mut words = agent.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| {
        let word = word.strip_suffix('s').unwrap_or(word);
        word.ends_with("bot") && !word.ends_with("cubot")
    }) || SIGNS.iter().any(|sign| agent.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::is_robot;

    #[test]
    fn crawlers_are_known_and_browsers_are_not() {
        for agent in [
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "AdsBot-Google (+http://www.google.com/adsbot.html)",
            "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
            "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
            "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)",
            "Mozilla/5.0 (compatible; Baiduspider/2.0)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "Slackbot-LinkExpanding 1.0",
            "Mozilla/5.0 (compatible; Yahoo! Slurp)",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 8_3 like Mac OS X) Safari/600.1.4 (Applebot/0.1)",
            "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
            "CCBot/2.0 (https://commoncrawl.org/faq/)",
            "some-robot",
            "ExampleCrawler",
        ] {
            assert!(is_robot(agent), "{agent}");
        }
        for agent in [
            "",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
            "Mozilla/5.0 (Linux; U; Android 9; en-us; CUBOT_X19_S Build/PPR1) AppleWebKit/533.1 Mobile Safari/533.1",
            "Mozilla/5.0 (Linux; Android 10; cubot NOTE 20) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UPB2.230407.014.preview) Chrome/130.0 Mobile",
            "Mozilla/5.0 (Linux; Android 12; Robotics Tab) AppleWebKit/537.36",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
            "Instagram 300.0 (iPhone14,5; iOS 17_1; de_DE; scale=3.00)",
            "okhttp/4.12.0",
        ] {
            assert!(!is_robot(agent), "{agent}");
        }
    }
}
