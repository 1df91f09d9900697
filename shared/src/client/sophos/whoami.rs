//! The owner of the credentials, and the address of its API.

use serde::Deserialize;
use url::Url;

use super::refusal::Fault;
use crate::client::exchange::Answer;
use crate::domain::id::PartnerId;
use crate::error::SourceError;

/// The domain of Sophos' hosts. A token is never sent to another host, even if whoami names it.
const OWN_DOMAIN: &str = ".central.sophos.com";

/// Wire: an account.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    id: String,
    id_type: String,
    api_hosts: ApiHosts,
}

/// Wire: the addresses of an account's API.
#[derive(Deserialize)]
struct ApiHosts {
    global: Option<String>,
}

impl Account {
    pub(super) fn parse(answer: &Answer) -> Result<Self, Fault> {
        serde_json::from_slice(&answer.body)
            .map_err(|_| Fault::malformed("it does not say whose credentials these are"))
    }

    /// The kind of the account, in Sophos' word, and its id.
    pub(super) fn kind_and_id(&self) -> (&str, &str) {
        (&self.id_type, &self.id)
    }

    /// The address of the partner's API, if the account is that partner.
    ///
    /// `api_url` is the address of whoami, which may also be the API's.
    pub(super) fn api_of(self, partner: PartnerId, api_url: &Url) -> Result<Url, SourceError> {
        if self.id_type != "partner" {
            let found = format!("{} account", self.id_type);
            return Err(SourceError::NotAPartner { found });
        }
        if PartnerId::parse(&self.id) != Ok(partner) {
            let found = format!("partner with the id {}, not {partner}", self.id);
            return Err(SourceError::NotAPartner { found });
        }
        let global = self.api_hosts.global.unwrap_or_default();
        let url = Url::parse(&global).ok().filter(|url| is_own(url, api_url));
        url.ok_or_else(|| SourceError::Malformed { why: format!("{global:?} is not an address of its API") })
    }
}

fn is_own(url: &Url, api_url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let vendor = url.scheme() == "https" && url.port().is_none() && host.ends_with(OWN_DOMAIN);
    let bare = url.username().is_empty() && url.password().is_none();
    bare && (vendor || url.origin() == api_url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTNER: &str = "d31ab2df-7005-4c06-bd7d-2bc8de44be06";

    fn api(id: &str, id_type: &str, global: Option<&str>) -> Result<String, SourceError> {
        let account = Account {
            id: id.to_owned(),
            id_type: id_type.to_owned(),
            api_hosts: ApiHosts { global: global.map(str::to_owned) },
        };
        let asked = Url::parse("https://api.central.sophos.com").unwrap();
        account.api_of(PartnerId::parse(PARTNER).unwrap(), &asked).map(|url| url.to_string())
    }

    #[test]
    fn the_partners_api_is_where_sophos_says() {
        let url = api(PARTNER, "partner", Some("https://api-eu01.central.sophos.com"));
        assert_eq!(url.as_deref(), Ok("https://api-eu01.central.sophos.com/"));
    }

    #[test]
    fn another_kind_of_account_and_another_partner_are_refused_by_name() {
        let words = |found: Result<String, SourceError>| found.unwrap_err().to_string();
        assert_eq!(
            words(api(PARTNER, "tenant", None)),
            "these Sophos credentials belong to a tenant account, not to this partner"
        );
        let other = words(api("718b6047-2fbc-4f4b-a143-45ee42bf5d3b", "partner", None));
        assert!(other.contains("718b6047") && other.contains("d31ab2df"), "{other}");
    }

    #[test]
    fn the_token_is_never_sent_outside_of_sophos() {
        for global in [
            None,
            Some(""),
            Some("http://api.central.sophos.com"),
            Some("https://api.central.sophos.com.evil.example"),
            Some("https://evilcentral.sophos.com"),
            Some("https://x@api.central.sophos.com"),
            Some("https://169.254.169.254"),
            Some("https://api.central.sophos.com:8443"),
        ] {
            assert!(api(PARTNER, "partner", global).is_err(), "{global:?}");
        }
    }
}
