//! The style and the script of the page, each under a name of its own bytes, so that whoever has it need not ask again.

/// A file that the page names.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// What its name begins with.
    name: &'static str,
    /// What its name ends with.
    ending: &'static str,
    /// Its media type.
    pub media: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// The style.
pub const STYLE: Asset = Asset {
    name: "page",
    ending: "css",
    media: "text/css; charset=utf-8",
    text: include_str!("page.css"),
};

/// The script. Without it the page is the same, but for the viewer's own clock.
pub const SCRIPT: Asset = Asset {
    name: "page",
    ending: "js",
    media: "text/javascript; charset=utf-8",
    text: include_str!("page.js"),
};

impl Asset {
    /// FNV-1a, which is enough to tell releases apart.
    const fn digest(&self) -> u64 {
        let bytes = self.text.as_bytes();
        let mut digest = 0xcbf2_9ce4_8422_2325;
        let mut rest = bytes;
        while let [byte, after @ ..] = rest {
            digest = (digest ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
            rest = after;
        }
        digest
    }

    /// Its name.
    pub fn file(&self) -> String {
        format!("{}.{:016x}.{}", self.name, self.digest(), self.ending)
    }

    /// Its path.
    pub fn path(&self) -> String {
        format!("/dashboard/assets/{}", self.file())
    }

    /// The file of a name.
    pub fn named(name: &str) -> Option<Self> {
        [STYLE, SCRIPT]
            .into_iter()
            .find(|asset| asset.file() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_their_names_and_are_small() {
        for asset in [STYLE, SCRIPT] {
            let found = Asset::named(&asset.file()).unwrap();
            assert_eq!(found.text, asset.text);
        }
        assert!(Asset::named("page.css").is_none() && Asset::named("").is_none());
        assert_ne!(STYLE.digest(), SCRIPT.digest());
        assert!(SCRIPT.text.len() <= 10_000, "{}", SCRIPT.text.len());
    }
}
