//! What a path of the API names. Doubled slashes, a slash at the end and other capitals name the same.

use super::records::Collection;

/// What a call is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// `/login/companyinfo/{companyId}`
    CompanyInfo(String),
    /// `/system/info`
    SystemInfo,
    /// A collection: to list, or to add to.
    List(Scope),
    /// `…/count`
    Count(Scope),
    /// One record.
    One(Scope, u32),
}

/// A collection, or the part of it that a path narrows it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) collection: Collection,
    /// The agreement of additions, the company of sites; 0 for every other collection.
    pub(super) owner: u32,
    /// The category whose subcategories are meant, if only one's are.
    pub(super) category: Option<u32>,
}

impl Scope {
    pub(super) fn of(collection: Collection) -> Self {
        Self { collection, owner: 0, category: None }
    }

    /// The agreement that the path names.
    pub(super) fn agreement(self) -> Option<u32> {
        (self.collection == Collection::Additions).then_some(self.owner)
    }
}

/// A path taken apart.
pub(super) struct Addressed {
    /// `v2025_1/` or the like; empty outside of the API.
    pub(super) codebase: String,
    pub(super) resource: Resource,
}

/// Takes a path apart; `None` if it names nothing.
pub(super) fn read(path: &str) -> Option<Addressed> {
    let original: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let lower: Vec<String> = original.iter().map(|segment| segment.to_lowercase()).collect();
    let segments: Vec<&str> = lower.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["login", "companyinfo", _] => {
            let resource = Resource::CompanyInfo(original[2].to_owned());
            Some(Addressed { codebase: String::new(), resource })
        }
        [codebase, "apis", "3.0", rest @ ..] => {
            Some(Addressed { codebase: format!("{codebase}/"), resource: resource(rest)? })
        }
        _ => None,
    }
}

fn resource(segments: &[&str]) -> Option<Resource> {
    let (scope, rest) = match segments {
        ["system", "info"] => return Some(Resource::SystemInfo),
        ["company", "companies", "statuses", rest @ ..] => (Scope::of(Collection::CompanyStatuses), rest),
        ["company", "companies", "types", rest @ ..] => (Scope::of(Collection::CompanyTypes), rest),
        ["company", "companies", id, "sites", rest @ ..] => {
            (Scope { owner: id.parse().ok()?, ..Scope::of(Collection::Sites) }, rest)
        }
        ["company", "contacts", rest @ ..] => (Scope::of(Collection::Contacts), rest),
        ["system", "locations", rest @ ..] => (Scope::of(Collection::Locations), rest),
        ["system", "departments", rest @ ..] => (Scope::of(Collection::Departments), rest),
        ["finance", "billingcycles", rest @ ..] => (Scope::of(Collection::BillingCycles), rest),
        ["finance", "billingterms", rest @ ..] => (Scope::of(Collection::BillingTerms), rest),
        ["finance", "currencies", rest @ ..] => (Scope::of(Collection::Currencies), rest),
        ["company", "companies", rest @ ..] => (Scope::of(Collection::Companies), rest),
        ["finance", "agreements", "types", rest @ ..] => (Scope::of(Collection::AgreementTypes), rest),
        ["finance", "agreements", id, "additions", rest @ ..] => {
            (Scope { owner: id.parse().ok()?, ..Scope::of(Collection::Additions) }, rest)
        }
        ["finance", "invoices", rest @ ..] => (Scope::of(Collection::Invoices), rest),
        ["finance", "agreements", rest @ ..] => (Scope::of(Collection::Agreements), rest),
        ["procurement", "catalog", rest @ ..] => (Scope::of(Collection::Catalog), rest),
        ["procurement", "categories", id, "subcategories", rest @ ..] => {
            (Scope { category: Some(id.parse().ok()?), ..Scope::of(Collection::Subcategories) }, rest)
        }
        ["procurement", "categories", rest @ ..] => (Scope::of(Collection::Categories), rest),
        ["procurement", "subcategories", rest @ ..] => (Scope::of(Collection::Subcategories), rest),
        ["procurement", "types", rest @ ..] => (Scope::of(Collection::ProductTypes), rest),
        ["procurement", "unitofmeasures", rest @ ..] => (Scope::of(Collection::UnitsOfMeasure), rest),
        ["procurement", "manufacturers", rest @ ..] => (Scope::of(Collection::Manufacturers), rest),
        _ => return None,
    };
    match rest {
        [] => Some(Resource::List(scope)),
        ["count"] => Some(Resource::Count(scope)),
        [id] => Some(Resource::One(scope, id.parse().ok()?)),
        _ => None,
    }
}

/// The path under the API's root with its ids replaced by `{id}`, under which calls are counted.
pub(super) fn template(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let inner = match segments.as_slice() {
        [_, apis, "3.0", inner @ ..] if apis.eq_ignore_ascii_case("apis") => inner,
        [login, info, _] if login.eq_ignore_ascii_case("login") => return format!("/login/{info}/{{id}}"),
        all => all,
    };
    let is_id = |segment: &str| segment.bytes().all(|byte| byte.is_ascii_digit());
    inner.iter().map(|segment| if is_id(segment) { "/{id}".to_owned() } else { format!("/{segment}") }).collect()
}
