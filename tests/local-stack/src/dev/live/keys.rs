//! The keys: from the environment, else as they were saved, else asked for.

use secrecy::{ExposeSecret, SecretString};
use shared::client::credentials::{ConnectWiseCredentials, Credentials, SophosCredentials};

use super::environment::variable;
use super::{LiveError, prompt};

/// All that is needed to begin.
pub(super) struct Keys {
    pub(super) connectwise: ConnectWiseCredentials,
    pub(super) sophos: SophosCredentials,
    /// Asked for once, with the first ConnectWise.
    pub(super) time_zone: Option<String>,
}

/// One of them.
struct Key {
    variable: &'static str,
    question: &'static str,
    secret: bool,
    saved: Option<SecretString>,
}

impl Keys {
    /// Puts them together.
    pub(super) async fn find(saved: Credentials, needs_time_zone: bool) -> Result<Self, LiveError> {
        let (psa, sophos) = (saved.connectwise.as_ref(), saved.sophos.as_ref());
        let key = |variable, question, secret, saved| Key { variable, question, secret, saved };
        let shown = |text: &String| SecretString::from(text.clone());
        let mut keys = vec![
            key(
                "CONNECTWISE_SITE",
                "ConnectWise site, such as na.myconnectwise.net",
                false,
                psa.map(|p| shown(&p.site)),
            ),
            key("CONNECTWISE_COMPANY", "ConnectWise company id", false, psa.map(|p| shown(&p.company))),
            key("CONNECTWISE_PUBLIC_KEY", "ConnectWise public key", true, psa.map(|p| p.public_key.clone())),
            key("CONNECTWISE_PRIVATE_KEY", "ConnectWise private key", true, psa.map(|p| p.private_key.clone())),
            key("CONNECTWISE_CLIENT_ID", "ConnectWise client id", true, psa.map(|p| p.client_id.clone())),
            key("SOPHOS_CLIENT_ID", "Sophos client id", true, sophos.map(|s| s.client_id.clone())),
            key("SOPHOS_CLIENT_SECRET", "Sophos client secret", true, sophos.map(|s| s.client_secret.clone())),
        ];
        if needs_time_zone {
            keys.push(key("TIME_ZONE", "Time zone in which you bill, such as Europe/Rome", false, None));
        }
        let mut found = all(keys).await?.into_iter();
        let mut next = || found.next().unwrap_or_default();
        Ok(Self {
            connectwise: ConnectWiseCredentials {
                site: next().expose_secret().to_owned(),
                company: next().expose_secret().to_owned(),
                public_key: next(),
                private_key: next(),
                client_id: next(),
            },
            sophos: SophosCredentials { client_id: next(), client_secret: next() },
            time_zone: needs_time_zone.then(|| next().expose_secret().to_owned()),
        })
    }
}

/// Each key's value; what is missing is asked for where there is a terminal, and told all at once where there is none.
async fn all(keys: Vec<Key>) -> Result<Vec<SecretString>, LiveError> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for Key { variable: name, question, secret, saved } in keys {
        let known = variable(name).map(SecretString::from).or(saved);
        match known {
            Some(known) => found.push(known),
            None if !prompt::is_terminal() => missing.push(name),
            None if secret => found.push(prompt::ask_secret(question).await?.into()),
            None => found.push(prompt::ask(question).await?.into()),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    Err(LiveError::Said(format!(
        "{} not known, and there is no terminal to ask on. Set {} in the environment.",
        if missing.len() == 1 { "A key is" } else { "Some keys are" },
        missing.join(", ")
    )))
}

/// Whether ConnectWise's are the same.
pub(super) fn same_connectwise(one: &ConnectWiseCredentials, other: &ConnectWiseCredentials) -> bool {
    one.site == other.site
        && one.company == other.company
        && same(&one.public_key, &other.public_key)
        && same(&one.private_key, &other.private_key)
        && same(&one.client_id, &other.client_id)
}

/// Whether Sophos' are the same.
pub(super) fn same_sophos(one: &SophosCredentials, other: &SophosCredentials) -> bool {
    same(&one.client_id, &other.client_id) && same(&one.client_secret, &other.client_secret)
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}
