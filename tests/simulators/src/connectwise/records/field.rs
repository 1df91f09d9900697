//! What a field may hold.

use super::Collection;

/// One field of a record.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// A record cannot be written without it.
    pub(crate) required: bool,
    /// The server works it out; what a client sends is ignored.
    pub(crate) computed: bool,
    /// The value of a new record that does not say.
    pub(crate) default: Option<&'static str>,
    /// How long a text may be on a server older than 2025.1, where that differs.
    pub(crate) formerly: Option<usize>,
}

/// The type of a field.
pub(crate) enum Kind {
    /// Text of at most so many characters.
    Text(Option<usize>),
    /// A double.
    Number,
    /// A 32-bit integer.
    Whole,
    /// True or false; never unset.
    Flag,
    /// An instant.
    Date,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A record of this collection.
    Reference(Collection),
    /// A record of a collection that the simulator does not have; any id is taken.
    Elsewhere,
    /// A list, kept as sent.
    List,
}

impl Field {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false, computed: false, default: None, formerly: None }
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn computed(mut self) -> Self {
        self.computed = true;
        self
    }

    pub(super) const fn formerly(mut self, longest: usize) -> Self {
        self.formerly = Some(longest);
        self
    }

    pub(super) const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }
}

pub(super) const fn text(name: &'static str, longest: usize) -> Field {
    Field::new(name, Kind::Text(Some(longest)))
}

pub(super) const fn long_text(name: &'static str) -> Field {
    Field::new(name, Kind::Text(None))
}

pub(super) const fn number(name: &'static str) -> Field {
    Field::new(name, Kind::Number)
}

pub(super) const fn whole(name: &'static str) -> Field {
    Field::new(name, Kind::Whole)
}

pub(super) const fn flag(name: &'static str) -> Field {
    Field::new(name, Kind::Flag)
}

pub(super) const fn date(name: &'static str) -> Field {
    Field::new(name, Kind::Date)
}

pub(super) const fn choice(name: &'static str, words: &'static [&'static str]) -> Field {
    Field::new(name, Kind::Choice(words))
}

pub(super) const fn reference(name: &'static str, to: Collection) -> Field {
    Field::new(name, Kind::Reference(to))
}

pub(super) const fn elsewhere(name: &'static str) -> Field {
    Field::new(name, Kind::Elsewhere)
}

pub(super) const fn list(name: &'static str) -> Field {
    Field::new(name, Kind::List)
}
