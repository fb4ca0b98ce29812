//! A question in the parameters of an address, and the forms of an answer.

use std::borrow::Cow;

use super::question::{Question, Thresholds, Usage};
use crate::base::error::{Code, ParseError};
use crate::base::query::parameters;
use crate::base::time::UnixMillis;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// All of it.
    Json,
    /// A heading, a sentence and a table, for people.
    Markdown,
}

impl Form {
    /// The media type of Markdown.
    pub const MARKDOWN: &'static str = "text/markdown; charset=utf-8";

    /// What `Accept` asks for, where the address does not say: Markdown only by its own name.
    fn accepted(accept: &str) -> Self {
        let mut types = accept
            .split(',')
            .map(|one| one.split(';').next().unwrap_or_default().trim());
        if types.any(|one| one.eq_ignore_ascii_case("text/markdown")) {
            Self::Markdown
        } else {
            Self::Json
        }
    }
}

/// What else a question may name.
const NAMES: [&str; 9] = [
    "source",
    "before",
    "after",
    "by",
    "until",
    "looks",
    "min_events",
    "watch",
    "format",
];

impl Question {
    /// Of the parameters of an address and its `Accept`.
    ///
    /// # Errors
    /// A parameter that there is not, that stands there twice, or that cannot be read.
    pub fn of_address(
        query: &str,
        accept: &str,
        now: UnixMillis,
    ) -> Result<(Self, Form), ParseError> {
        let mut given: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
        for (name, value) in parameters(query) {
            let is_known =
                NAMES.contains(&name.as_ref()) || Thresholds::NAMES.contains(&name.as_ref());
            if !is_known {
                let known = [NAMES.as_slice(), Thresholds::NAMES].concat().join(", ");
                let message = ["parameters: ", &known].concat();
                return Err(ParseError::new(Code::RequestInvalid, "", message));
            }
            if given.iter().any(|(other, _)| *other == name) {
                return Err(ParseError::new(
                    Code::RequestInvalid,
                    name,
                    "is there twice",
                ));
            }
            given.push((name, value));
        }
        let parameter = |name: &str| {
            let found = given.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_ref())
        };
        let form = match parameter("format") {
            None | Some("") => Form::accepted(accept),
            Some("json") => Form::Json,
            Some("markdown") => Form::Markdown,
            Some(_) => {
                return Err(ParseError::new(
                    Code::RequestInvalid,
                    "format",
                    "is json or markdown",
                ));
            }
        };
        Ok((Self::from_parameters(parameter, now)?, form))
    }
}

impl From<Usage> for ParseError {
    fn from(usage: Usage) -> Self {
        let code = match usage.code {
            "label_unknown" => Code::LabelUnknown,
            _ => Code::RequestInvalid,
        };
        Self::new(code, "", usage.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::measured::NO_SUM;
    use crate::ledger::{Line, State};
    use crate::quality::releases::{By, Evidence, Looks};

    const NOW: UnixMillis = UnixMillis(1_795_342_531_000);

    #[test]
    fn an_address_is_a_question_or_a_fault_that_names_what_is_wrong() {
        let read = |query: &str| Question::of_address(query, "*/*", NOW);
        let (question, form) =
            read("source=shop&before=&after=web%207&by=worker&looks=hourly&watch=purchase,lead&volume=0.2&min_events=50").unwrap();
        assert_eq!(
            (
                question.before.as_deref(),
                question.after.as_str(),
                question.by,
                question.looks
            ),
            (Some(""), "web 7", By::Worker, Looks::Hourly)
        );
        assert_eq!(
            (question.min_events, question.watched.len(), question.until),
            (50, 2, NOW)
        );
        assert!((question.thresholds.volume - 0.2).abs() < 1e-12);
        assert_eq!(form, Form::Json);
        for (query, path, word) in [
            ("after=b", "", "source is missing"),
            ("source=shop", "", "after is missing"),
            ("source=shop&after=b&before=b", "", "the same label"),
            (
                "source=shop&after=b&colour=red",
                "",
                "parameters: source, before",
            ),
            ("source=shop&after=b&after=c", "after", "twice"),
            (
                "source=shop&after=b&volume=15",
                "",
                "volume is a number between 0 and 1",
            ),
            ("source=shop&after=b&format=xml", "format", "markdown"),
        ] {
            let error = read(query).unwrap_err();
            assert_eq!(
                (error.code, error.path.as_str()),
                (Code::RequestInvalid, path),
                "{query}"
            );
            assert!(error.message.contains(word), "{query}: {}", error.message);
        }
    }

    #[test]
    fn the_address_names_the_form_or_else_accept_does() {
        let form = |query: &str, accept: &str| {
            let query = ["source=shop&after=b", query].concat();
            Question::of_address(&query, accept, NOW).unwrap().1
        };
        for (query, accept, wanted) in [
            ("", "", Form::Json),
            ("", "text/html, text/*;q=0.9", Form::Json),
            ("", "application/json, Text/Markdown;q=0.5", Form::Markdown),
            ("&format=json", "text/markdown", Form::Json),
            ("&format=markdown", "*/*", Form::Markdown),
        ] {
            assert_eq!(form(query, accept), wanted, "{query} {accept}");
        }
    }

    #[test]
    fn amounts_without_a_sum_are_compared_with_nothing() {
        let line = |state, code: &str| Line {
            hour: NOW.hour(),
            source: "shop".to_owned(),
            release: "b".to_owned(),
            event: "purchase".to_owned(),
            destination: String::new(),
            state,
            code: code.to_owned(),
            worker: String::new(),
        };
        let kept = [
            (line(State::Accepted, "server"), NO_SUM),
            (line(State::Money, "EUR"), 12_000_000),
            (line(State::Priced, "EUR"), 2),
        ];
        let full = [
            (line(State::Money, "VND"), NO_SUM),
            (line(State::Priced, "VND"), 7),
        ];
        let all = kept.iter().chain(&full).cloned().collect();
        assert_eq!(Evidence::without_full(all), kept);
    }
}
