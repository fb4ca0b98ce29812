//! HTML as it is written: markup stands in the program, and everything else is escaped. There is no other way in.

/// A page being written.
#[derive(Debug, Default)]
pub struct Html(String);

impl Html {
    /// Writes a template, with the texts in place of its `{}` in turn. The template is markup; the texts never are, neither
    /// between tags nor within the quotation marks of an attribute.
    ///
    /// ```
    /// use edgetally_core::dashboard::html::Html;
    /// let mut html = Html::default();
    /// html.put(r#"<a title="{}">{}</a>"#, &["\"><script>", "<b> & more"]);
    /// assert_eq!(html.finish(), r#"<a title="&quot;&gt;&lt;script&gt;">&lt;b&gt; &amp; more</a>"#);
    /// ```
    pub fn put(&mut self, template: &'static str, texts: &[&str]) {
        let mut texts = texts.iter();
        let mut parts = template.split("{}");
        self.0.push_str(parts.next().unwrap_or_default());
        for part in parts {
            self.text(texts.next().copied().unwrap_or_default());
            self.0.push_str(part);
        }
    }

    /// Writes markup.
    pub fn markup(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Writes a text, and nothing but a text.
    pub fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'', '`', '\0']) {
            let (before, after) = rest.split_at(at);
            self.0.push_str(before);
            let mut characters = after.chars();
            self.0.push_str(match characters.next() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                Some('\'') => "&#39;",
                Some('`') => "&#96;",
                _ => "\u{fffd}",
            });
            rest = characters.as_str();
        }
        self.0.push_str(rest);
    }

    /// What was written.
    pub fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unescaped(text: &str) -> String {
        let pairs = [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&#96;", "`"),
            ("&amp;", "&"),
        ];
        let fold = |text: String, (from, to): (&str, &str)| text.replace(from, to);
        pairs.into_iter().fold(text.to_owned(), fold)
    }

    #[test]
    fn texts_take_their_places_in_turn() {
        let mut html = Html::default();
        html.put("<p>{}</p><p>{}</p>", &["one", "two {}"]);
        html.markup("<hr>");
        assert_eq!(html.finish(), "<p>one</p><p>two {}</p><hr>");
    }

    proptest! {
        #[test]
        fn a_text_stays_a_text(text in "\\PC{0,20}[<>\"'`&]{0,4}\\PC{0,20}") {
            let mut html = Html::default();
            html.text(&text);
            let written = html.finish();
            prop_assert!(!written.contains(['<', '>', '"', '\'', '`']));
            prop_assert_eq!(unescaped(&written), text);
        }
    }
}
