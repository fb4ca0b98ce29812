//! Attribution, event quality, windows, campaign parameters.

use std::sync::atomic::{AtomicBool, Ordering};

use edgetally_core::metrics::attribution::{self, Markov};
use edgetally_core::metrics::events::{self, Baseline};
use edgetally_core::metrics::windows::{WeekStart, Window};
use edgetally_core::metrics::{DomainError, Rule};
use edgetally_core::web;
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use crate::column::{self, Input, Sources, Width};
use crate::problem::{self, Code, Problem};

/// Numbers from an array or from a sequence.
enum Numbers<'py> {
    Array(PyReadonlyArray1<'py, f64>),
    List(Vec<f64>),
}

impl<'py> Numbers<'py> {
    fn read(argument: &str, value: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = value.extract() {
            return Ok(Self::Array(array));
        }
        match value.extract() {
            Ok(list) => Ok(Self::List(list)),
            Err(_) => Err(wrong_type(format!("{argument} is not a column of numbers"))),
        }
    }

    fn read_optional(argument: &str, value: Option<&Bound<'py, PyAny>>) -> PyResult<Option<Self>> {
        value.map(|value| Self::read(argument, value)).transpose()
    }

    fn as_slice(&self) -> PyResult<&[f64]> {
        match self {
            Self::Array(array) => Ok(array.as_slice()?),
            Self::List(list) => Ok(list),
        }
    }
}

fn choice(argument: &'static str, choices: &'static [&'static str]) -> PyErr {
    problem::domain(DomainError::whole(argument, Rule::OneOf(choices)))
}

/// Paths of touches, gathered for the models.
#[pyclass(frozen, module = "edgetally._edgetally")]
#[derive(Debug)]
struct Paths(attribution::Paths);

/// What the columns beside the paths say of one row.
struct Beside<'a> {
    converted: Option<&'a [f64]>,
    count: Option<&'a [f64]>,
}

impl Beside<'_> {
    fn check(&self, rows: usize) -> Result<(), DomainError> {
        for (name, column) in [("converted", self.converted), ("count", self.count)] {
            if column.is_some_and(|column| column.len() != rows) {
                return Err(DomainError::whole(name, Rule::SameLength("paths")));
            }
        }
        Ok(())
    }

    #[expect(clippy::float_cmp, reason = "a flag is exactly 0 or 1")]
    fn of(&self, row: usize) -> Result<(bool, f64), DomainError> {
        let at = |column: Option<&[f64]>| match column {
            None => 1.0,
            Some(column) => column.get(row).copied().unwrap_or(f64::NAN),
        };
        let converted = at(self.converted);
        if converted != 0.0 && converted != 1.0 {
            return Err(DomainError {
                index: Some(row),
                ..DomainError::scalar("converted", NO_FLAG, converted)
            });
        }
        Ok((converted == 1.0, at(self.count)))
    }
}

const NO_FLAG: Rule = Rule::Other("not_a_flag", "is neither true nor false");

fn wrong_type(message: impl Into<String>) -> PyErr {
    Problem::new(Code::WrongType, message.into()).into()
}

/// Adds one path of Python strings.
fn push<'py>(
    paths: &mut attribution::Paths,
    ids: &mut Vec<u32>,
    row: usize,
    path: &Bound<'py, PyAny>,
    ages: Option<&[f64]>,
    (converted, count): (bool, f64),
) -> PyResult<()> {
    ids.clear();
    let mut touch = |touch: Bound<'py, PyAny>| -> PyResult<()> {
        let text = touch
            .cast::<PyString>()
            .map_err(|_| wrong_type(format!("paths[{row}] holds a touch that is no text")))?;
        ids.push(paths.channel(column::utf8("paths", Some(row), text)?));
        Ok(())
    };
    if let Ok(list) = path.cast::<PyList>() {
        list.iter().try_for_each(&mut touch)?;
    } else if let Ok(tuple) = path.cast::<PyTuple>() {
        tuple.iter().try_for_each(&mut touch)?;
    } else if path.is_instance_of::<PyString>() {
        return Err(wrong_type(format!(
            "paths[{row}] is one text, not a list of touches"
        )));
    } else if !path.is_none() {
        let items = path
            .try_iter()
            .map_err(|_| wrong_type(format!("paths[{row}] is not a list of touches")))?;
        for item in items {
            touch(item?)?;
        }
    }
    paths
        .push_ids(ids, ages, converted, count)
        .map_err(|error| problem::domain(as_called(error)))
}

/// The core speaks of one path; the caller's argument is the column of them.
fn as_called(error: DomainError) -> DomainError {
    match error.argument {
        "path" => DomainError {
            argument: "paths",
            ..error
        },
        _ => error,
    }
}

#[pymethods]
impl Paths {
    /// From mappings with ``path``, ``converted``, and perhaps ``count`` and ``ages_days``.
    #[staticmethod]
    fn of_rows(rows: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = rows.py();
        let mut paths = attribution::Paths::new();
        let mut ids = Vec::new();
        let names =
            ["path", "converted", "count", "ages_days"].map(|name| PyString::intern(py, name));
        let [path_name, converted_name, count_name, ages_name] = &names;
        for (row, item) in rows.try_iter()?.enumerate() {
            let item = item?;
            let Ok(dict) = item.cast::<PyDict>() else {
                return Err(wrong_type(format!(
                    "paths[{row}] is neither a text such as \"search > email\" nor a dictionary with a path"
                )));
            };
            for key in dict.keys() {
                let known = names.iter().any(|name| key.eq(name).unwrap_or(false));
                if !known {
                    let known = Rule::OneOf(&["path", "converted", "count", "ages_days"]);
                    return Err(problem::domain(DomainError {
                        index: Some(row),
                        ..DomainError::whole("paths", known)
                    }));
                }
            }
            let missing = |what| {
                let rule = Rule::Other("missing", what);
                problem::domain(DomainError {
                    index: Some(row),
                    ..DomainError::whole("paths", rule)
                })
            };
            let no_number = |what: &str| wrong_type(format!("paths[{row}] has a wrong {what}"));
            let path = dict
                .get_item(path_name)?
                .ok_or_else(|| missing("has no path"))?;
            let converted = dict
                .get_item(converted_name)?
                .ok_or_else(|| missing("has no converted"))?;
            let converted: f64 = converted.extract().map_err(|_| no_number("converted"))?;
            let converted = Beside {
                converted: Some(&[converted]),
                count: None,
            }
            .of(0)
            .map_err(|error| {
                problem::domain(DomainError {
                    index: Some(row),
                    ..error
                })
            })?
            .0;
            let count = match dict.get_item(count_name)? {
                Some(count) => count.extract().map_err(|_| no_number("count"))?,
                None => 1.0,
            };
            let ages: Option<Vec<f64>> = match dict.get_item(ages_name)? {
                Some(ages) if !ages.is_none() => {
                    Some(ages.extract().map_err(|_| no_number("ages_days"))?)
                }
                _ => None,
            };
            push(
                &mut paths,
                &mut ids,
                row,
                &path,
                ages.as_deref(),
                (converted, count),
            )?;
        }
        Ok(Self(paths))
    }

    /// From a column of texts in which a separator stands between the touches.
    #[staticmethod]
    fn of_texts(
        texts: &Bound<'_, PyAny>,
        separator: &str,
        converted: Option<&Bound<'_, PyAny>>,
        count: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let (converted, count) = (
            Numbers::read_optional("converted", converted)?,
            Numbers::read_optional("count", count)?,
        );
        let beside = Beside {
            converted: converted.as_ref().map(Numbers::as_slice).transpose()?,
            count: count.as_ref().map(Numbers::as_slice).transpose()?,
        };
        if separator.trim().is_empty() {
            let rule = Rule::Other("empty", "is empty");
            return Err(problem::domain(DomainError::whole("separator", rule)));
        }
        let input = Input::read("paths", texts)?;
        let Some(sources) = Sources::new([("paths", &input)])? else {
            return Err(wrong_type("paths is one text, not a column"));
        };
        beside.check(sources.rows()).map_err(problem::domain)?;
        let mut paths = attribution::Paths::new();
        let mut ids = Vec::new();
        let mut result = Ok(());
        let mut row = 0;
        // White space around the separator and the touches is for the eye.
        let separator = separator.trim();
        sources.each(|[text]| {
            if result.is_ok() {
                ids.clear();
                for touch in text.unwrap_or_default().split(separator) {
                    let touch = touch.trim();
                    if !touch.is_empty() {
                        ids.push(paths.channel(touch));
                    }
                }
                result = beside
                    .of(row)
                    .and_then(|(converted, count)| paths.push_ids(&ids, None, converted, count));
                row += 1;
            }
        });
        result.map_err(|error| problem::domain(as_called(error)))?;
        Ok(Self(paths))
    }

    /// From a sequence of sequences of touches.
    #[staticmethod]
    fn of_lists(
        lists: &Bound<'_, PyAny>,
        converted: Option<&Bound<'_, PyAny>>,
        count: Option<&Bound<'_, PyAny>>,
        ages_days: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let (converted, count) = (
            Numbers::read_optional("converted", converted)?,
            Numbers::read_optional("count", count)?,
        );
        let beside = Beside {
            converted: converted.as_ref().map(Numbers::as_slice).transpose()?,
            count: count.as_ref().map(Numbers::as_slice).transpose()?,
        };
        let rows = lists.len()?;
        beside.check(rows).map_err(problem::domain)?;
        if let Some(ages) = ages_days
            && ages
                .len()
                .map_err(|_| wrong_type("ages_days is not a column of lists"))?
                != rows
        {
            return Err(problem::domain(DomainError::whole(
                "ages_days",
                Rule::SameLength("paths"),
            )));
        }
        let mut ages_of = ages_days.map(PyAnyMethods::try_iter).transpose()?;
        let mut paths = attribution::Paths::new();
        let mut ids = Vec::new();
        for (row, path) in lists.try_iter()?.enumerate() {
            let ages = match ages_of.as_mut().and_then(Iterator::next).transpose()? {
                Some(ages) => Some(Numbers::read("ages_days", &ages)?),
                None => None,
            };
            let ages = ages.as_ref().map(Numbers::as_slice).transpose()?;
            let beside = beside.of(row).map_err(problem::domain)?;
            push(&mut paths, &mut ids, row, &path?, ages, beside)?;
        }
        Ok(Self(paths))
    }

    /// The channels, in the order of the credits.
    fn channels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.0.channels())
    }

    fn total_conversions(&self) -> f64 {
        self.0.total_conversions()
    }

    fn base_conversion_probability(&self) -> f64 {
        self.0.base_conversion_probability()
    }

    /// The credits of a model without parameters.
    fn credit(&self, py: Python<'_>, model: &str) -> PyResult<Vec<f64>> {
        let model = match model {
            "first" => attribution::Paths::first,
            "last" => attribution::Paths::last,
            "linear" => attribution::Paths::linear,
            "linear_unique" => attribution::Paths::linear_unique,
            "shapley" => attribution::Paths::shapley,
            _ => {
                return Err(choice(
                    "model",
                    &[
                        "first",
                        "last",
                        "linear",
                        "linear_unique",
                        "shapley",
                        "position",
                        "time_decay",
                        "markov",
                    ],
                ));
            }
        };
        Ok(py.detach(|| model(&self.0)))
    }

    fn position(&self, first: f64, last: f64) -> PyResult<Vec<f64>> {
        self.0.position(first, last).map_err(problem::domain)
    }

    fn time_decay(&self, half_life_days: f64) -> PyResult<Vec<f64>> {
        self.0.time_decay(half_life_days).map_err(problem::domain)
    }

    /// Removal effects and credits.
    fn markov(&self, py: Python<'_>, order: i64) -> PyResult<(Vec<f64>, Vec<f64>)> {
        let order = usize::try_from(order).unwrap_or_default();
        let Markov {
            removal_effect,
            credit,
            ..
        } = py
            .detach(|| self.0.markov(order))
            .map_err(problem::domain)?;
        Ok((removal_effect, credit))
    }
}

/// The weights of touches of these ages.
#[pyfunction]
fn time_decay_weights(ages_days: &Bound<'_, PyAny>, half_life_days: f64) -> PyResult<Vec<f64>> {
    let ages = Numbers::read("ages_days", ages_days)?;
    attribution::time_decay(ages.as_slice()?, half_life_days).map_err(problem::domain)
}

/// A word among some; what is not text is none of them.
fn word<'a>(value: &'a Bound<'_, PyAny>) -> &'a str {
    let text = value.cast::<PyString>().ok();
    text.and_then(|text| text.to_str().ok()).unwrap_or_default()
}

fn window_of(
    window: &Bound<'_, PyAny>,
    week_start: &Bound<'_, PyAny>,
    rolling_days: Option<u32>,
) -> PyResult<Window> {
    let start = match word(week_start) {
        "monday" => WeekStart::Monday,
        "sunday" => WeekStart::Sunday,
        _ => return Err(choice("week_start", &["monday", "sunday"])),
    };
    Ok(match (word(window), rolling_days) {
        ("rolling", Some(days)) => Window::Rolling(days),
        ("rolling", None) => {
            let rule = Rule::Other("missing", "is required for a rolling window");
            return Err(problem::domain(DomainError::whole("rolling_days", rule)));
        }
        ("day", _) => Window::Day,
        ("week", _) => Window::Week(start),
        ("month", _) => Window::Month,
        ("quarter", _) => Window::Quarter,
        ("year", _) => Window::Year,
        _ => {
            return Err(choice(
                "window",
                &["day", "week", "month", "quarter", "year", "rolling"],
            ));
        }
    })
}

/// A day's window: its label, its first day, and the day after its last; days are counted from 1970-01-01.
#[pyfunction]
fn window_span(
    day: i64,
    window: &Bound<'_, PyAny>,
    week_start: &Bound<'_, PyAny>,
    rolling_days: Option<u32>,
) -> PyResult<(String, i64, i64)> {
    let window = window_of(window, week_start, rolling_days)?;
    let span = window.around(day).map_err(problem::domain)?;
    Ok((
        window.label(day).map_err(problem::domain)?,
        span.start,
        span.end,
    ))
}

/// For many days: the first day of each one's window, and the day after its last.
#[pyfunction]
#[expect(
    clippy::needless_pass_by_value,
    reason = "an array is extracted by value"
)]
fn window_spans(
    days: PyReadonlyArray1<'_, i64>,
    window: &Bound<'_, PyAny>,
    week_start: &Bound<'_, PyAny>,
    rolling_days: Option<u32>,
) -> PyResult<(Vec<i64>, Vec<i64>)> {
    let window = window_of(window, week_start, rolling_days)?;
    let days = days.as_slice()?;
    let spans = days
        .iter()
        .map(|day| window.around(*day).map(|span| (span.start, span.end)));
    spans.collect::<Result<_, _>>().map_err(problem::domain)
}

type Seasonal = (
    Vec<f64>,
    f64,
    Vec<f64>,
    Vec<f64>,
    Vec<f64>,
    Vec<f64>,
    f64,
    f64,
    f64,
);

/// Counts against the same phase of past seasons.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "extracted from Python")]
fn seasonal_change(
    history: Vec<Vec<f64>>,
    current: Vec<f64>,
    baseline: &str,
    dispersion: Option<f64>,
) -> PyResult<Seasonal> {
    let baseline = match baseline {
        "mean" => Baseline::Mean,
        "median" => Baseline::Median,
        _ => return Err(choice("baseline", &["mean", "median"])),
    };
    let change = events::seasonal_change(&history, &current, baseline, dispersion)
        .map_err(problem::domain)?;
    Ok((
        change.expected,
        change.dispersion,
        change.ratio,
        change.z,
        change.p_value,
        change.p_adjusted,
        change.total_ratio,
        change.total_z,
        change.total_p,
    ))
}

/// What makes two events the same one.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Id(Option<Box<str>>, Box<str>),
    /// An event without an id is a copy of none.
    None(usize),
}

/// The keys of one source's events.
fn keys(
    id_argument: &'static str,
    ids: &Bound<'_, PyAny>,
    name_argument: &'static str,
    names: Option<&Bound<'_, PyAny>>,
    times: Option<&[f64]>,
    missing: &mut usize,
) -> PyResult<Vec<Key>> {
    let (ids, names) = (
        Input::read(id_argument, ids)?,
        Input::read_optional(name_argument, names)?,
    );
    let Some(sources) = Sources::new([(id_argument, &ids), (name_argument, &names)])? else {
        return Err(wrong_type(format!(
            "{id_argument} is one value, not a column"
        )));
    };
    if matches!(ids, Input::Scalar(_)) {
        return Err(wrong_type(format!(
            "{id_argument} is one value, not a column"
        )));
    }
    if times.is_some_and(|times| times.len() != sources.rows()) {
        return Err(problem::domain(DomainError::whole(
            id_argument,
            Rule::Other("length_mismatch", "does not have as many rows as its times"),
        )));
    }
    let mut keys = Vec::with_capacity(sources.rows());
    sources.each(|[id, name]| {
        keys.push(if let Some(id) = id {
            Key::Id(name.map(Box::from), Box::from(id))
        } else {
            *missing += 1;
            Key::None(*missing)
        });
    });
    Ok(keys)
}

type Counts = (u64, u64, f64, u64, u64, f64, u64, u64, f64, u64, u64);
type Rates = (f64, f64, f64, u64, f64);

/// Copies within and between two sources.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "two sources of three columns")]
fn dedup(
    py: Python<'_>,
    pixel_ids: &Bound<'_, PyAny>,
    server_ids: &Bound<'_, PyAny>,
    pixel_names: Option<&Bound<'_, PyAny>>,
    server_names: Option<&Bound<'_, PyAny>>,
    pixel_times: Option<&Bound<'_, PyAny>>,
    server_times: Option<&Bound<'_, PyAny>>,
    window: Option<f64>,
) -> PyResult<(Counts, Rates)> {
    let pixel_times = Numbers::read_optional("pixel_times", pixel_times)?;
    let server_times = Numbers::read_optional("server_times", server_times)?;
    let pixel_times = pixel_times.as_ref().map(Numbers::as_slice).transpose()?;
    let server_times = server_times.as_ref().map(Numbers::as_slice).transpose()?;
    let mut missing = 0;
    let pixel = keys(
        "pixel_ids",
        pixel_ids,
        "pixel_names",
        pixel_names,
        pixel_times,
        &mut missing,
    )?;
    let server = keys(
        "server_ids",
        server_ids,
        "server_names",
        server_names,
        server_times,
        &mut missing,
    )?;
    let found = match (pixel_times, server_times, window) {
        (Some(pixel_times), Some(server_times), Some(window)) => py
            .detach(|| {
                let pixel = pixel.into_iter().zip(pixel_times.iter().copied());
                let server = server.into_iter().zip(server_times.iter().copied());
                events::dedup_within(pixel, server, window)
            })
            .map_err(problem::domain)?,
        (None, None, None) => py.detach(|| events::dedup(pixel, server)),
        _ => {
            let rule = Rule::Other(
                "missing",
                "needs pixel_times and server_times, and they need it",
            );
            return Err(problem::domain(DomainError::whole("window", rule)));
        }
    };
    Ok((
        (
            found.pixel_total,
            found.pixel_unique,
            found.pixel_duplicate_rate,
            found.server_total,
            found.server_unique,
            found.server_duplicate_rate,
            found.overlap,
            found.union,
            found.overlap_rate,
            found.server_only,
            found.pixel_only,
        ),
        (
            found.pixel_coverage_of_server,
            found.server_coverage_of_pixel,
            found.server_uplift,
            found.counted_without_dedup,
            found.overcount_rate,
        ),
    ))
}

/// Which identifiers events carry: one column of flags each.
fn flags(columns: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<bool>>> {
    let column = |column: Bound<'_, PyAny>| match column.extract::<PyReadonlyArray1<'_, bool>>() {
        Ok(array) => Ok(array.as_slice()?.to_vec()),
        Err(_) => column.extract::<Vec<bool>>(),
    };
    columns.try_iter()?.map(|item| column(item?)).collect()
}

/// Coverage per column, score per event, their mean, and the share of events with any identifier.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "extracted from Python")]
fn match_quality(
    has: &Bound<'_, PyAny>,
    match_probability: Vec<f64>,
) -> PyResult<(Vec<f64>, Vec<f64>, f64, f64)> {
    let quality =
        events::match_quality(&flags(has)?, &match_probability).map_err(problem::domain)?;
    Ok((
        quality.coverage,
        quality.event_score,
        quality.score_0_10,
        quality.any_identifier,
    ))
}

/// Text columns out of text columns: `answer` gives one row's texts.
fn texts<'py, const IN: usize, const OUT: usize>(
    py: Python<'py>,
    inputs: [(&'static str, &Input<'py>); IN],
    threads: Option<&Bound<'py, PyAny>>,
    answer: impl Fn([Option<&str>; IN], &mut dyn FnMut([Option<&str>; OUT])) + Sync,
) -> PyResult<[Bound<'py, PyAny>; OUT]> {
    if let Some(sources) = Sources::new(inputs)? {
        let threads = column::threads(threads, sources.rows())?;
        return column::map(py, &sources, [Width::Any; OUT], threads, |walk, columns| {
            for (_, row) in walk {
                answer(row, &mut |found| {
                    for (column, text) in columns.iter_mut().zip(found) {
                        column.push(text);
                    }
                });
            }
        });
    }
    column::threads(threads, 1)?;
    let mut row = [None; IN];
    for (value, (argument, input)) in row.iter_mut().zip(inputs) {
        if matches!(input, Input::Scalar(_)) {
            *value = input.scalar(argument)?;
        }
    }
    let mut found = [const { None }; OUT];
    answer(row, &mut |texts| {
        for (slot, text) in found.iter_mut().zip(texts) {
            *slot = text.map(|text| PyString::new(py, text).into_any());
        }
    });
    Ok(found.map(|text| text.unwrap_or_else(|| py.None().into_bound(py))))
}

/// The nine campaign parameters of addresses.
#[pyfunction]
fn utm_columns<'py>(
    py: Python<'py>,
    url: &Bound<'py, PyAny>,
    threads: Option<&Bound<'py, PyAny>>,
) -> PyResult<[Bound<'py, PyAny>; 9]> {
    let url = Input::read("url", url)?;
    texts(py, [("url", &url)], threads, |[url], give| {
        let utm = url.map(web::parse_utm).unwrap_or_default();
        give(utm.values());
    })
}

/// The channel of source, medium and campaign.
///
/// ``source`` and ``medium`` are ``utm_source`` and ``utm_medium`` or what stands for them, ``campaign`` is the campaign's name; what is
/// missing counts as empty. ``source_category`` is ``SEARCH``, ``SHOPPING``, ``SOCIAL`` or ``VIDEO``, or a column of them with ``None`` for
/// sources that are none of these: hand over your copy of Google's list that way. Left out, a smaller list of well-known sources
/// is used (see ``source_category``).
///
/// The rules are those of Google Analytics' default channel group for manual traffic, the first that fits, in any case of letters:
/// help page 9756891, read 2026-11-22. Google's own traffic, which is tagged automatically, it groups by other tables.
/// The place of ``AI Assistant`` among the rules is not published; here it is the third.
///
/// One value gives one text, a column a column of its kind.
///
/// >>> import edgetally as et
/// >>> et.channel_group("google", "cpc")
/// 'Paid Search'
/// >>> et.channel_group(["newsletter", "fb"], ["Email", "paid_social"])
/// ['Email', 'Paid Social']
#[pyfunction]
#[pyo3(signature = (source, medium=None, campaign=None, *, source_category=None, threads=None))]
fn channel_group<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
    medium: Option<&Bound<'py, PyAny>>,
    campaign: Option<&Bound<'py, PyAny>>,
    source_category: Option<&Bound<'py, PyAny>>,
    threads: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let given = source_category.is_some();
    let inputs = [
        Input::read("source", source)?,
        Input::read_optional("medium", medium)?,
        Input::read_optional("campaign", campaign)?,
        Input::read_optional("source_category", source_category)?,
    ];
    let [source, medium, campaign, category] = &inputs;
    let unknown = AtomicBool::new(false);
    let inputs = [
        ("source", source),
        ("medium", medium),
        ("campaign", campaign),
        ("source_category", category),
    ];
    let [channels] = texts(
        py,
        inputs,
        threads,
        |[source, medium, campaign, category], give| {
            let source = source.unwrap_or_default();
            let category = if given {
                category.and_then(|name| {
                    let category = web::SourceCategory::parse(name);
                    // Copies of the list have a category of mailboxes, which no rule asks for.
                    if category.is_none()
                        && !name.is_empty()
                        && !name.to_ascii_uppercase().ends_with("EMAIL")
                    {
                        unknown.store(true, Ordering::Relaxed);
                    }
                    category
                })
            } else {
                web::source_category(source)
            };
            let channel = web::channel_group(
                source,
                medium.unwrap_or_default(),
                campaign.unwrap_or_default(),
                category,
            );
            give([Some(channel.name())]);
        },
    )?;
    if unknown.into_inner() {
        return Err(choice(
            "source_category",
            &["SEARCH", "SHOPPING", "SOCIAL", "VIDEO"],
        ));
    }
    Ok(channels)
}

/// What kind of site a source is: ``SEARCH``, ``SHOPPING``, ``SOCIAL``, ``VIDEO``, or ``None`` when it is not a well-known one.
///
/// A list of our own, smaller than the one that Google offers for download and that has no licence. As there, ``stripe.com`` is a
/// shop, ``t.co`` is social, and ``x.com`` is nothing.
///
/// >>> import edgetally as et
/// >>> et.source_category(["Google", "t.co", "shop.example"])
/// ['SEARCH', 'SOCIAL', None]
#[pyfunction]
#[pyo3(signature = (source, *, threads=None))]
fn source_category<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
    threads: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    use web::SourceCategory as C;
    let source = Input::read("source", source)?;
    let [found] = texts(py, [("source", &source)], threads, |[source], give| {
        give([source
            .and_then(web::source_category)
            .map(|category| match category {
                C::Search => "SEARCH",
                C::Shopping => "SHOPPING",
                C::Social => "SOCIAL",
                C::Video => "VIDEO",
            })]);
    })?;
    Ok(found)
}

/// Source, medium, campaign, click id, origin and channel of visits.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "extracted from Python")]
fn traffic_columns<'py>(
    py: Python<'py>,
    url: &Bound<'py, PyAny>,
    referrer: Option<&Bound<'py, PyAny>>,
    own: Vec<String>,
    threads: Option<&Bound<'py, PyAny>>,
) -> PyResult<[Bound<'py, PyAny>; 6]> {
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let (url, referrer) = (
        Input::read("url", url)?,
        Input::read_optional("referrer", referrer)?,
    );
    let inputs = [("url", &url), ("referrer", &referrer)];
    texts(py, inputs, threads, |[url, referrer], give| {
        // A text that is not the address of a page says nothing of a visit, least of all that it was a direct one.
        let Some(url) = url.filter(|url| is_page(url)) else {
            return give([None; 6]);
        };
        let traffic = web::Traffic::read(url, referrer, &own);
        give([
            Some(&traffic.source),
            Some(&traffic.medium),
            Some(&traffic.campaign),
            traffic.click_id,
            Some(if traffic.internal {
                "internal"
            } else {
                "external"
            }),
            Some(traffic.channel().name()),
        ]);
    })
}

/// Whether a text can be the address of a page: with or without its scheme, or the part behind the host.
fn is_page(url: &str) -> bool {
    let url = url.trim();
    let rest = match url.split_once("://") {
        Some((scheme, rest))
            if ["http", "https"]
                .iter()
                .any(|web| scheme.eq_ignore_ascii_case(web)) =>
        {
            rest
        }
        // A scheme may also stand in the query of an address without one.
        Some((scheme, _)) if !scheme.contains(['/', '?', '#']) => return false,
        _ => match url.strip_prefix("//") {
            Some(rest) => rest,
            None if url.starts_with(['/', '?']) => return true,
            None => url,
        },
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let with_scheme = rest.len() < url.len();
    // Before an `@` there are credentials, where a scheme says so; else it is somebody's address.
    let host = match authority.rsplit_once('@') {
        Some((_, host)) if with_scheme => host,
        _ => authority,
    };
    web::possible_host(host) && (with_scheme || host.contains('.') || host.contains(':'))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Paths>()?;
    module.add_function(wrap_pyfunction!(time_decay_weights, module)?)?;
    module.add_function(wrap_pyfunction!(window_span, module)?)?;
    module.add_function(wrap_pyfunction!(window_spans, module)?)?;
    module.add_function(wrap_pyfunction!(seasonal_change, module)?)?;
    module.add_function(wrap_pyfunction!(dedup, module)?)?;
    module.add_function(wrap_pyfunction!(match_quality, module)?)?;
    module.add_function(wrap_pyfunction!(utm_columns, module)?)?;
    module.add_function(wrap_pyfunction!(channel_group, module)?)?;
    module.add_function(wrap_pyfunction!(source_category, module)?)?;
    module.add_function(wrap_pyfunction!(traffic_columns, module)?)
}
