//! Campaign parameters and channels: no panic, every visit has a source, and a source keeps its channel when it is tagged.
#![no_main]

use edgetally_core::web::{
    Channel, SourceCategory, Traffic, channel_group, is_paid, parse_utm, source_category,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&str, Option<&str>, &str)| {
    let (url, referrer, own) = data;
    let utm = parse_utm(url);
    assert!(utm.values().iter().flatten().all(|value| !value.is_empty()));
    let traffic = Traffic::read(url, referrer, &[own]);
    assert!(
        !traffic.source.is_empty() && !traffic.medium.is_empty() && !traffic.campaign.is_empty()
    );
    let channel = traffic.channel();
    let loud = |text: &str| text.to_ascii_uppercase();
    let (source, medium, campaign) = (
        loud(&traffic.source),
        loud(&traffic.medium),
        loud(&traffic.campaign),
    );
    let category = source_category(&source);
    assert_eq!(
        channel_group(&source, &medium, &campaign, category),
        channel
    );
    if is_paid(own) {
        let paid = channel_group(url, own, "", Some(SourceCategory::Search));
        assert!(
            matches!(paid, Channel::PaidSearch | Channel::Direct),
            "{paid}"
        );
    }
    let _ = SourceCategory::parse(own);
});
