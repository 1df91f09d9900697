//! The points of the wire that nobody public can prove, each as a switch between its readings.
//!
//! A default is what most evidence favours. A simulated world draws its readings by its seed: whatever the truth is, a
//! client must do no harm under it.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// How a server reads what the vendor's guide leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct WireReadings {
    /// Where the web server cuts off. The guide offers another way for URLs above 10,000 characters and recommends
    /// 2,000; IIS by itself takes 2,048.
    pub longest_query: LongestQuery,
    /// A condition that compares a field with a value or an operator that its type does not have: `price="abc"`,
    /// `inactiveFlag=1`, `id like "1%"`, `identifier>5`. Probably refused.
    pub mismatches: Doubtful,
    /// An enumeration compared by another operator than `=`, `!=` and `in`, with one of its own words. Refusals of other
    /// words are quoted by two public clients; what decides here is unknown.
    pub enumeration_operators: Doubtful,
    /// A reference compared as a whole: `company = null`. One public client quotes the refusal, of `invoice = null`.
    pub whole_references: Doubtful,
    /// What `_` is in the pattern of `like`.
    pub underscore: Underscore,
    /// What `*` is in a text compared by `=`, `!=` or `in`. The guide's row on texts says that they accept it as a
    /// wildcard, and does not say with which operators.
    pub equal_star: Star,
    /// Whether capitals count when texts are compared.
    pub capitals: Capitals,
    /// How a quote is written inside a quoted text. The guide is silent; public clients write the one or the other.
    pub quotes: Quotes,
    /// Which relations the `Link` header of numbered pages has. The guide's text and its example differ.
    pub links: Links,
    /// Whether capitals count in the path of a patch operation. The guide says so; a published client in C# writes
    /// names with a capital first.
    pub patch_paths: Capitals,
    /// A date in a body with fractions of a second, or with a time of day and no zone. A third party quotes the refusal
    /// (`UnsupportedFormat`) of a real server, for entries of time.
    pub loose_dates: Doubtful,
    /// Whether a date keeps the time of day with which it was written.
    pub stored_dates: StoredDates,
    /// A change of an addition whose product became inactive, or of class Bundle, when the change does not name the
    /// product. A PATCH judges the whole record, but whether the product's own state is part of that is unknown.
    pub unusable_product: Doubtful,
    /// An addition that is cancelled before it begins.
    pub cancelled_before_effective: Doubtful,
    /// A quantity below zero.
    pub negative_quantity: Doubtful,
    /// A name in `fields` that the record does not have. One public client notes that it is refused.
    pub unknown_fields: Doubtful,
    /// Whether two records may have one identifier (products, companies).
    pub identifiers: Identifiers,
    /// The type of `IsCloud` in the answer of discovery: a text in the guide's old example, else a boolean.
    pub is_cloud: IsCloud,
    /// Whether discovery names the site. The guide's old example lacks it, later quotes have it.
    pub site_url: SiteUrl,
}

/// What becomes of a request of which nobody knows whether a real server takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubtful {
    /// It is served.
    Taken,
    /// 400.
    Refused,
}

/// The longest query in bytes; a longer one is 404.15, in HTML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LongestQuery {
    /// 10,000, the length from which the guide offers another way.
    Guide,
    /// 2,048, the default of IIS.
    WebServer,
}

/// What `_` is in a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Underscore {
    /// Itself.
    Letter,
    /// Any one character, as in SQL.
    OneCharacter,
}

/// What `*` is in a text compared for equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Star {
    /// Itself.
    Letter,
    AnyText,
}

/// Whether capitals count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capitals {
    /// `A` is not `a`.
    Count,
    /// `A` is `a`.
    DoNotCount,
}

/// How a quote is written inside a quoted text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quotes {
    /// After a backslash, or doubled.
    BackslashOrDoubled,
    /// After a backslash alone; two quotes in a row are two ends.
    Backslash,
    /// Only by doubling; a backslash is an ordinary character.
    Doubled,
}

/// Which relations the `Link` header of numbered pages has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Links {
    /// `first` and `last` always, `prev` and `next` where there is one: the guide's text.
    FirstAndLastAlways,
    /// `next` and `last` before the last page, `first` and `prev` after the first, an empty header on a single page: the
    /// guide's example, and a public client that reads on until `last` is missing.
    WhereTheyLead,
}

/// What is kept of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoredDates {
    /// Date and time of day.
    WithTime,
    /// The midnight (UTC) that began the day.
    DayAlone,
}

/// Whether an identifier may be given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identifiers {
    /// No, whatever the capitals.
    Unique,
    /// Only with other capitals.
    UniqueByLetter,
    /// Yes.
    Shared,
}

/// The type of `IsCloud`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IsCloud {
    /// `true`
    Flag,
    /// `"True"`
    Text,
}

/// Whether discovery names the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SiteUrl {
    /// By its host.
    Named,
    Absent,
}

impl Default for WireReadings {
    fn default() -> Self {
        Self {
            longest_query: LongestQuery::Guide,
            mismatches: Doubtful::Refused,
            enumeration_operators: Doubtful::Refused,
            whole_references: Doubtful::Refused,
            underscore: Underscore::Letter,
            equal_star: Star::Letter,
            capitals: Capitals::DoNotCount,
            quotes: Quotes::BackslashOrDoubled,
            links: Links::FirstAndLastAlways,
            patch_paths: Capitals::Count,
            loose_dates: Doubtful::Refused,
            stored_dates: StoredDates::WithTime,
            unusable_product: Doubtful::Refused,
            cancelled_before_effective: Doubtful::Taken,
            negative_quantity: Doubtful::Taken,
            unknown_fields: Doubtful::Refused,
            identifiers: Identifiers::Unique,
            is_cloud: IsCloud::Flag,
            site_url: SiteUrl::Named,
        }
    }
}

impl WireReadings {
    /// One reading of each switch, all equally likely; the same generator in the same state draws the same.
    pub fn drawn(rng: &mut impl Rng) -> Self {
        let doubtful = [Doubtful::Taken, Doubtful::Refused];
        let capitals = [Capitals::Count, Capitals::DoNotCount];
        Self {
            longest_query: one_of(rng, [LongestQuery::Guide, LongestQuery::WebServer]),
            mismatches: one_of(rng, doubtful),
            enumeration_operators: one_of(rng, doubtful),
            whole_references: one_of(rng, doubtful),
            underscore: one_of(rng, [Underscore::Letter, Underscore::OneCharacter]),
            equal_star: one_of(rng, [Star::Letter, Star::AnyText]),
            capitals: one_of(rng, capitals),
            quotes: one_of(rng, [Quotes::BackslashOrDoubled, Quotes::Backslash, Quotes::Doubled]),
            links: one_of(rng, [Links::FirstAndLastAlways, Links::WhereTheyLead]),
            patch_paths: one_of(rng, capitals),
            loose_dates: one_of(rng, doubtful),
            stored_dates: one_of(rng, [StoredDates::WithTime, StoredDates::DayAlone]),
            unusable_product: one_of(rng, doubtful),
            cancelled_before_effective: one_of(rng, doubtful),
            negative_quantity: one_of(rng, doubtful),
            unknown_fields: one_of(rng, doubtful),
            identifiers: one_of(rng, [Identifiers::Unique, Identifiers::UniqueByLetter, Identifiers::Shared]),
            is_cloud: one_of(rng, [IsCloud::Flag, IsCloud::Text]),
            site_url: one_of(rng, [SiteUrl::Named, SiteUrl::Absent]),
        }
    }
}

fn one_of<T: Copy, const N: usize>(rng: &mut impl Rng, readings: [T; N]) -> T {
    readings[rng.random_range(0..N)]
}
