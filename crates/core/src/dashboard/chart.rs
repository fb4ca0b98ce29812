//! Pictures, drawn where the page is written. They hold nothing that is not in the table behind them: a script reads that
//! table too. Shapes are stretched to the width that there is, texts are not: so widths are percentages, and what has many
//! points stands in a drawing of its own within.

use super::html::Html;

/// How high a plot is, in pixels, and where its shapes begin and end.
const TOP: i64 = 22;
const BOTTOM: i64 = 200;
/// The units of height of the shapes.
const HEIGHT: i64 = 2000;

/// The scale of a picture: a round number that nothing exceeds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale(i64);

impl Scale {
    /// Tenths of a percent, up to all.
    pub(super) const SHARES: Self = Self(1000);

    /// The least round one.
    pub(super) fn over(most: i64) -> Self {
        let mut unit: i64 = 1;
        loop {
            for step in [4, 10, 20] {
                let round = unit.saturating_mul(step);
                if round >= most || round > i64::MAX / 100 {
                    return Self(round);
                }
            }
            unit = unit.saturating_mul(10);
        }
    }

    /// Where a number lies, from above.
    fn height(self, n: i64) -> i64 {
        HEIGHT - n.clamp(0, self.0) * HEIGHT / self.0.max(1)
    }
}

/// A place along the width, of all of it.
pub(super) fn along(place: i64, all: i64) -> String {
    let hundredths = place * 10_000 / all.max(1);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// An area of steps up to those numbers.
pub(super) fn steps(scale: Scale, numbers: &[i64]) -> String {
    let mut path = format!("M0 {HEIGHT}");
    for n in numbers {
        path.extend(["V", &scale.height(*n).to_string(), "h1"]);
    }
    path.extend(["V", &HEIGHT.to_string(), "z"]);
    path
}

/// A line through points: places along the width with their numbers.
pub(super) fn line(scale: Scale, points: &[(i64, i64)]) -> String {
    let mut path = String::new();
    for (at, n) in points {
        let first = path.is_empty();
        path.push(if first { 'M' } else { 'L' });
        path.extend([&at.to_string(), " ", &scale.height(*n).to_string()]);
    }
    path
}

/// A line through points of which some are not known: there it is interrupted. A point between two gaps is a dash as wide as
/// its column.
pub(super) fn broken_line(scale: Scale, column: i64, points: &[(i64, Option<i64>)]) -> String {
    let known = |(_, n): &(i64, Option<i64>)| n.is_some();
    let mut path = String::new();
    for run in points.chunk_by(|one, next| known(one) == known(next)) {
        let mut run: Vec<(i64, i64)> = run
            .iter()
            .filter_map(|(at, n)| Some((*at, (*n)?)))
            .collect();
        if let [(at, n)] = run[..] {
            run = vec![(at - column / 2, n), (at + column / 2, n)];
        }
        path.push_str(&line(scale, &run));
    }
    path
}

/// What lies between two lines.
pub(super) fn band(scale: Scale, lower: &[(i64, i64)], upper: &[(i64, i64)]) -> String {
    let back: Vec<(i64, i64)> = lower.iter().rev().copied().collect();
    let mut path = line(scale, upper);
    path.push_str(&line(scale, &back).replacen('M', "L", 1));
    path.push('z');
    path
}

/// A shape with its class.
pub(super) type Shape = (&'static str, String);

/// A line from top to bottom with a sign above it.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) at: i64,
    pub(super) sign: String,
}

/// A picture of something over time.
#[derive(Debug)]
pub(super) struct Plot<'a> {
    /// What it shows, for those who do not see it.
    pub(super) title: &'a str,
    pub(super) scale: Scale,
    /// How a number of it is written.
    pub(super) said: fn(i64) -> String,
    /// How many units it is wide.
    pub(super) wide: i64,
    pub(super) shapes: Vec<Shape>,
    pub(super) marks: Vec<Mark>,
    /// What stands below: places and texts.
    pub(super) ticks: Vec<(i64, String)>,
}

impl Plot<'_> {
    /// Draws it.
    pub(super) fn draw(&self, html: &mut Html) {
        html.put(
            r#"<div class="plot"><svg class="drawing" width="100%" height="224" role="img" aria-label="{}">"#,
            &[self.title],
        );
        for quarter in 0..=2 {
            let y = (BOTTOM - (BOTTOM - TOP) * quarter / 2).to_string();
            html.put(
                r#"<line class="grid" x1="0" x2="100%" y1="{}" y2="{}"/>"#,
                &[&y, &y],
            );
        }
        let (wide, high) = (self.wide.to_string(), (BOTTOM - TOP).to_string());
        html.put(
            r#"<svg x="0" y="{}" width="100%" height="{}" viewBox="0 0 {} 2000" preserveAspectRatio="none">"#,
            &[&TOP.to_string(), &high, &wide],
        );
        for (class, path) in &self.shapes {
            html.put(r#"<path class="{}" d="{}"/>"#, &[class, path]);
        }
        html.markup("</svg>");
        for quarter in 1..=2 {
            let y = (BOTTOM - (BOTTOM - TOP) * quarter / 2 - 5).to_string();
            let n = (self.said)(self.scale.0 * quarter / 2);
            html.put(r#"<text class="tick" x="0" y="{}">{}</text>"#, &[&y, &n]);
        }
        for mark in &self.marks {
            let at = along(mark.at, self.wide);
            html.put(
                r#"<line class="mark" x1="{}" x2="{}" y1="16" y2="200"/><circle class="sign" cx="{}" cy="10" r="9"/><text class="signed" x="{}" y="14">{}</text>"#,
                &[&at, &at, &at, &at, &mark.sign],
            );
        }
        for (at, text) in &self.ticks {
            html.put(
                r#"<text class="tick" x="{}" y="218">{}</text>"#,
                &[&along(*at, self.wide), text],
            );
        }
        html.markup("</svg></div>");
    }
}

/// A bar that is shared out: parts with their classes, numbers and names.
pub(super) fn shared(html: &mut Html, title: &str, parts: &[(&'static str, i64, &'static str)]) {
    let all: i64 = parts.iter().map(|(_, n, _)| (*n).max(0)).sum();
    html.put(
        r#"<svg class="bar" width="100%" height="16" role="img" aria-label="{}">"#,
        &[title],
    );
    if all == 0 {
        html.markup(r#"<rect class="none" width="100%" height="16"/>"#);
    }
    let mut at = 0;
    for (class, n, name) in parts.iter().filter(|(_, n, _)| *n > 0) {
        html.put(
            r#"<rect class="{}" x="{}" width="{}" height="16"><title>{}: {}</title></rect>"#,
            &[
                class,
                &along(at, all),
                &along(*n, all),
                name,
                &super::words::count(*n),
            ],
        );
        at += n;
    }
    html.markup("</svg>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_round_and_holds_everything() {
        for (most, round) in [
            (0, 4),
            (4, 4),
            (5, 10),
            (11, 20),
            (21, 40),
            (1_234, 2_000),
            (39_999, 40_000),
        ] {
            assert_eq!(Scale::over(most).0, round, "{most}");
        }
        assert!(Scale::over(i64::MAX).0 > 0);
    }

    #[test]
    fn shapes_are_paths() {
        let scale = Scale::over(4);
        assert_eq!(steps(scale, &[0, 4, 1]), "M0 2000V2000h1V0h1V1500h1V2000z");
        assert_eq!(line(scale, &[(0, 0), (60, 2)]), "M0 2000L60 1000");
        assert_eq!(
            band(scale, &[(0, 0), (60, 1)], &[(0, 1), (60, 2)]),
            "M0 1500L60 1000L60 1500L0 2000z"
        );
        assert_eq!(along(1, 3), "33.33%");
        let points = [
            (0, Some(4)),
            (2, Some(2)),
            (4, None),
            (6, Some(1)),
            (8, None),
        ];
        assert_eq!(broken_line(scale, 2, &points), "M0 0L2 1000M5 1500L7 1500");
        assert_eq!(broken_line(scale, 2, &[(0, None)]), "");
    }
}
