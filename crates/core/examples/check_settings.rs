//! `make check`: reads wrangler.toml as the worker will and says what is wrong, and which secrets have to be put.
//!
//! Secrets are not in the file, so each one that is asked for is named instead of judged. Platform versions that have
//! ended fail; those that end within 60 days are warned of.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people, not a library"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a program reads its arguments, a file and the clock"
)]

use std::cell::RefCell;
use std::process::ExitCode;
use std::time::SystemTime;

use edgetally_core::destinations::{VERSION_WARNING_DAYS, versions};
use edgetally_core::settings::Settings;
use edgetally_core::time::UnixMillis;

fn main() -> ExitCode {
    let path = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "wrangler.toml".to_owned());
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("{path} cannot be read");
        return ExitCode::FAILURE;
    };
    let config: toml::Value = match toml::from_str(&text) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{path} is not TOML: {error}");
            return ExitCode::FAILURE;
        }
    };
    let settings = config.get("vars").and_then(|vars| vars.get("EDGETALLY"));
    let Some(json) = settings.and_then(|settings| serde_json::to_string(settings).ok()) else {
        eprintln!("{path} has no [vars.EDGETALLY]");
        return ExitCode::FAILURE;
    };

    let asked: RefCell<Vec<String>> = RefCell::new(Vec::new());
    let secret = |name: &str| {
        let mut asked = asked.borrow_mut();
        if !asked.iter().any(|known| known == name) {
            asked.push(name.to_owned());
        }
        // Long enough for every rule, and different for each name.
        Some(format!("{name:_<40}"))
    };
    let mut good = true;
    match Settings::load(&json, &secret) {
        Ok(settings) => {
            for source in &settings.sources {
                let names: Vec<&str> = source
                    .destinations
                    .iter()
                    .filter_map(|place| settings.destinations.get(*place))
                    .map(|configured| configured.name.as_str())
                    .collect();
                println!("source {} sends to {}", source.name, names.join(", "));
            }
        }
        Err(faults) => {
            good = false;
            for fault in faults {
                eprintln!("{path}: {fault}");
            }
        }
    }
    // The platform's limit on one variable.
    if json.len() > 5 * 1024 {
        good = false;
        eprintln!(
            "{path}: [vars.EDGETALLY] is {} bytes of JSON; a variable may have 5120",
            json.len()
        );
    }
    for name in asked.into_inner() {
        println!("needs the secret {name}: wrangler secret put {name}");
    }
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let now = UnixMillis(i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
    for version in versions(now) {
        let name = format!("{} {}", version.platform, version.api_version);
        match (version.ends, version.days_left) {
            (Some(end), Some(days)) if days <= 0 => {
                good = false;
                eprintln!("{name} ended on {end}");
            }
            (Some(end), Some(days)) if days <= VERSION_WARNING_DAYS => {
                println!("warning: {name} ends on {end}, in {days} days");
            }
            (Some(end), _) => println!("{name} ends on {end}"),
            (None, _) => println!("{name}: no end announced (read {})", version.read),
        }
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
