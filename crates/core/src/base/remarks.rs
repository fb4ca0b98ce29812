//! What the sender is told about parts of an event that counted all the same.

/// What the sender is told about a part of an event that counted all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where it stood, such as `items[2].quantity`; never a key that the sender made up.
    pub path: String,
    /// Why; `docs/events.md` lists the codes.
    pub code: &'static str,
}

/// What became of the parts of an event that could not be used as they came: the event counts, and its sender is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Parts that were left out.
    pub removed: Vec<Remark>,
    /// Parts that are used, in another form than they were sent.
    pub changed: Vec<Remark>,
}

impl Remarks {
    /// The most remarks of each kind that one event gets; thousands of wrong cookies need no answer each. That there
    /// are more is said by one of its own.
    const MOST: usize = 50;

    /// Notes that a part was left out.
    pub fn removed(&mut self, path: impl Into<String>, code: &'static str) {
        Self::push(&mut self.removed, path.into(), code);
    }

    /// Notes that a part is used in another form than it was sent.
    pub fn changed(&mut self, path: impl Into<String>, code: &'static str) {
        Self::push(&mut self.changed, path.into(), code);
    }

    fn push(list: &mut Vec<Remark>, path: String, code: &'static str) {
        let mut remark = Remark { path, code };
        if list.len() > Self::MOST || list.contains(&remark) {
            return;
        }
        if list.len() == Self::MOST {
            remark = Remark {
                path: String::new(),
                code: "more",
            };
        }
        list.push(remark);
    }

    /// Adds all of another's.
    pub fn extend(&mut self, other: Self) {
        for remark in other.removed {
            Self::push(&mut self.removed, remark.path, remark.code);
        }
        for remark in other.changed {
            Self::push(&mut self.changed, remark.path, remark.code);
        }
    }
}
