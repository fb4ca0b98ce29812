//! The reference rows and laws of `metrics::windows`.

use edgetally_core::metrics::windows::{Date, Span, WeekStart, Window};

use super::attribution::Draw;
use super::rows;

fn date(text: &str) -> Date {
    let parts: Vec<i64> = text.split('-').map(|part| part.parse().unwrap()).collect();
    Date::new(parts[0], parts[1] as u8, parts[2] as u8).unwrap()
}

#[test]
fn every_reference_row_is_met() {
    for row in rows("window") {
        let day = date(row.inputs["date"].as_str().unwrap()).day();
        let start = match row.inputs["week_start"].as_str().unwrap() {
            "sunday" => WeekStart::Sunday,
            _ => WeekStart::Monday,
        };
        let span = |window: Window| window.around(day).unwrap();
        let label = |window: Window| window.label(day).unwrap();
        let (week, quarter) = (span(Window::Week(start)), span(Window::Quarter));
        let got = [
            ("week_start", week.start_date().to_string()),
            ("week_end", week.last_date().to_string()),
            ("iso_week", label(Window::Week(WeekStart::Monday))),
            (
                "sunday_week_start",
                span(Window::Week(WeekStart::Sunday))
                    .start_date()
                    .to_string(),
            ),
            ("month", label(Window::Month)),
            ("quarter", label(Window::Quarter)),
            ("quarter_start", quarter.start_date().to_string()),
            ("quarter_end", quarter.last_date().to_string()),
        ];
        assert_eq!(row.outputs.as_object().unwrap().len(), got.len());
        for (name, got) in got {
            assert_eq!(
                row.outputs[name].as_str().unwrap(),
                got,
                "{} {name}",
                row.id
            );
        }
    }
}

#[test]
fn days_follow_each_other_as_in_the_calendar() {
    let long = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut today = Date {
        year: -401,
        month: 1,
        day: 1,
    };
    for day in today.day()..Date::new(2801, 1, 1).unwrap().day() {
        assert_eq!((Date::from_day(day), today.day()), (today, day));
        let length = match today.month {
            2 => 28 + u8::from(long(today.year)),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        today = if today.day < length {
            Date {
                day: today.day + 1,
                ..today
            }
        } else if today.month < 12 {
            Date {
                month: today.month + 1,
                day: 1,
                ..today
            }
        } else {
            Date {
                year: today.year + 1,
                month: 1,
                day: 1,
            }
        };
    }
    assert_eq!(Date::from_day(0).to_string(), "1970-01-01");
}

#[test]
fn windows_cover_every_day_once() {
    let every = [
        Window::Day,
        Window::Week(WeekStart::Monday),
        Window::Week(WeekStart::Sunday),
        Window::Month,
        Window::Quarter,
        Window::Year,
    ];
    for window in every {
        let mut span = window.around(-200_000).unwrap();
        let mut labels = std::collections::HashSet::new();
        while span.end < 200_000 {
            assert!(labels.insert(window.label(span.start).unwrap()));
            for day in [span.start, span.end - 1] {
                assert_eq!(window.around(day).unwrap(), span, "{window:?}");
                assert_eq!(
                    window.label(day).unwrap(),
                    window.label(span.start).unwrap()
                );
            }
            assert!(span.contains(span.start) && !span.contains(span.end));
            span = window.around(span.end).unwrap();
        }
    }
}

#[test]
fn weeks_begin_where_they_say() {
    // 2026-11-22 is a Sunday.
    let sunday = date("2026-11-22").day();
    for (day, monday, sunday) in [
        (sunday - 1, "2026-11-16", "2026-11-15"),
        (sunday, "2026-11-16", "2026-11-22"),
        (sunday + 1, "2026-11-23", "2026-11-22"),
    ] {
        let start = |start| Window::Week(start).around(day).unwrap().start_date();
        assert_eq!(start(WeekStart::Monday), date(monday));
        assert_eq!(start(WeekStart::Sunday), date(sunday));
    }
    // Years with 53 weeks.
    for (day, label) in [
        ("2020-12-31", "2020-W53"),
        ("2021-01-03", "2020-W53"),
        ("2021-01-04", "2021-W01"),
    ] {
        let week = Window::Week(WeekStart::Monday).label(date(day).day());
        assert_eq!(week.unwrap(), label);
    }
}

#[test]
fn a_rolling_window_ends_with_its_day() {
    let day = date("2024-03-01").day();
    let span = Window::Rolling(2).around(day).unwrap();
    assert_eq!(
        Window::Rolling(2).label(day).unwrap(),
        "2024-02-29/2024-03-01"
    );
    assert_eq!((span.n_days(), span.end), (2, day + 1));
    assert_eq!(
        Window::Rolling(0).around(day).unwrap_err().code(),
        "not_a_count"
    );
}

#[test]
fn complete_covered_and_mature_are_about_the_end() {
    let month = Window::Month.around(date("2026-02-10").day()).unwrap();
    let march = date("2026-03-01").day();
    assert_eq!(month.n_days(), 28);
    assert!(month.is_complete(march) && !month.is_complete(march - 1));
    assert!(month.is_mature(march + 7, 7) && !month.is_mature(march + 6, 7));
    let data = Span::between(date("2026-02-01").day(), march).unwrap();
    assert!(month.is_covered_by(data));
    assert!(!month.is_covered_by(Span::between(data.start + 1, data.end).unwrap()));
    assert!(!month.is_covered_by(Span::between(data.start, data.end - 1).unwrap()));
}

#[test]
fn windows_of_different_length_are_not_compared_by_accident() {
    let month = |day| Window::Month.around(date(day).day()).unwrap();
    let (january, february) = (month("2026-01-05"), month("2026-02-05"));
    assert_eq!(
        january.compare(february, false).unwrap_err().code(),
        "window_mismatch"
    );
    january.compare(february, true).unwrap();
    january.compare(month("2026-03-05"), false).unwrap();
    assert_eq!(Span::between(5, 5).unwrap_err().code(), "not_after");
}

#[test]
fn any_number_is_a_day_or_an_error() {
    let mut draw = Draw(6);
    for _ in 0..100_000 {
        let bits = draw.bits();
        let day = (bits as i64) >> draw.below(64);
        for window in [
            Window::Day,
            Window::Week(WeekStart::Sunday),
            Window::Month,
            Window::Quarter,
            Window::Year,
            Window::Rolling(bits as u32),
        ] {
            match window.around(day) {
                Ok(span) => assert!(span.contains(day) && window.label(day).is_ok()),
                Err(error) => assert!(["out_of_range", "not_a_count"].contains(&error.code())),
            }
        }
        let _ = Date::new(day, bits as u8, (bits >> 8) as u8);
        let span = Span {
            start: day,
            end: bits as i64,
        };
        let _ = (span.n_days(), span.is_mature(day, bits as i64));
        let _ = (
            span.is_complete(day),
            span.last_date().to_string(),
            span.start_date(),
        );
    }
    assert!(Date::new(2026, 2, 29).is_none() && Date::new(2026, 13, 1).is_none());
}
