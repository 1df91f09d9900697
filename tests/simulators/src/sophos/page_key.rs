//! The opaque key of a usage page: it encodes list and offset and is valid for that list only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::Date;
use uuid::Uuid;

/// The list that a key belongs to: a partner's month, of some customers or of all.
#[derive(Clone)]
pub(super) struct UsageList {
    pub(super) partner_id: Uuid,
    pub(super) month_start: Date,
    pub(super) accounts: Option<Vec<Uuid>>,
}

impl UsageList {
    /// The key of the month.
    pub(super) fn month(&self) -> (Uuid, Date) {
        (self.partner_id, self.month_start)
    }

    /// The key of the page that begins after the first `from` lines.
    pub(super) fn key(&self, from: usize) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}{from}", self.scope()))
    }

    /// How many lines come before the page of this key; `None` for a key of another list or of none.
    pub(super) fn parse_key(&self, key: &str) -> Option<usize> {
        let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(key).ok()?).ok()?;
        decoded.strip_prefix(&self.scope())?.parse().ok()
    }

    fn scope(&self) -> String {
        let accounts: Vec<String> = self.accounts.iter().flatten().map(|id| id.simple().to_string()).collect();
        format!("{}/{}/{}/", self.partner_id.simple(), self.month_start.strftime("%Y-%m"), accounts.join("+"))
    }
}
