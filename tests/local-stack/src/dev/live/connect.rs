//! The connections: tested and saved through the API, with its verdicts and its advice.

use axum::http::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shared::client::address::PsaAddress;
use shared::client::credentials::{ConnectWiseCredentials, Credentials, SophosCredentials};
use shared::client::probe::Probe;
use shared::client::probe::report::ConnectWiseVerdict;
use shared::domain::id::PartnerId;
use shared::store::PsaDatabase;

use super::environment::{variable, who};
use super::keys::{Keys, same_connectwise, same_sophos};
use super::output::{Shown, text};
use super::{LiveCommand, LiveError};
use crate::stack::{Live, LiveApi, Refused};

const CONNECTWISE: &str = "/v1/connections/connectwise";
const SOPHOS: &str = "/v1/connections/sophos";

/// One partner at work.
pub(super) struct Session<'a> {
    pub(super) live: &'a Live,
    pub(super) api: LiveApi,
    pub(super) partner: PartnerId,
    pub(super) who: String,
}

impl<'a> Session<'a> {
    pub(super) fn new(live: &'a Live, partner: PartnerId) -> Result<Self, LiveError> {
        let who = who();
        Ok(Self { live, api: live.api(partner, &who)?, partner, who })
    }
}

/// Whether connections that are saved already are tested again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Thoroughly {
    /// Yes, and keys of another ConnectWise take the place of those that are saved.
    Replaced,
    /// Yes.
    Tested,
    /// Only those that are new.
    Trusted,
}

impl Thoroughly {
    /// What a command needs: a look at all begins with a test, one step of many does not.
    pub(super) const fn of(command: Option<&LiveCommand>) -> Self {
        match command {
            None => Self::Tested,
            Some(LiveCommand::Connect) => Self::Replaced,
            Some(_) => Self::Trusted,
        }
    }
}

/// Finds the keys, and tests and saves those that are not saved yet.
pub(super) async fn connect<'a>(live: &'a mut Live, thoroughly: Thoroughly) -> Result<(Session<'a>, Shown), LiveError> {
    let (saved, settings) = match live.partner() {
        Some(partner) => (live.credentials(partner).await?, live.settings(partner).await?),
        None => (Credentials::default(), None),
    };
    if let (Some(settings), Some(told)) = (&settings, variable("TIME_ZONE")) {
        let is = settings.time_zone.name();
        if is != told {
            eprintln!("The partner's time zone is {is}; TIME_ZONE ({told}) counts for a first connection only.");
        }
    }
    let keys = Keys::find(saved.clone(), settings.is_none()).await?;
    if let Some(saved) = &saved.connectwise
        && thoroughly != Thoroughly::Replaced
        && database(live, saved) != database(live, &keys.connectwise)
    {
        return Err(LiveError::Said(format!(
            "These keys are of company {} at {}, and this folder is connected to {} at {}, where its mappings lead. Give \
             --data another folder; cargo dev -- --live connect replaces the connection and keeps the mappings.",
            keys.connectwise.company, keys.connectwise.site, saved.company, saved.site
        )));
    }
    let partner = match live.partner() {
        Some(partner) => partner,
        None => find_partner(live, &keys).await?,
    };
    if live.partner().is_none() {
        live.belongs_to(partner)?;
    }
    let session = Session::new(live, partner)?;
    let sophos_is_saved = saved.sophos.as_ref().is_some_and(|saved| same_sophos(saved, &keys.sophos));
    let psa_is_saved = saved.connectwise.as_ref().is_some_and(|saved| same_connectwise(saved, &keys.connectwise));
    let trusted = thoroughly == Thoroughly::Trusted;
    if trusted && sophos_is_saved && psa_is_saved {
        return Ok((session, Shown::new(Value::Null, "")));
    }
    eprintln!("Testing the connections.");
    let sophos = tried(&session, SOPHOS, sophos_is_saved, &sophos_body(&keys.sophos)).await;
    let connectwise = tried(&session, CONNECTWISE, psa_is_saved, &connectwise_body(&keys)).await;
    let told = [told(&session, "ConnectWise", &connectwise).await, told(&session, "Sophos", &sophos).await];
    let (connectwise, sophos) = match (connectwise, sophos) {
        (Ok(connectwise), Ok(sophos)) => (connectwise, sophos),
        (connectwise, sophos) => {
            let document = |tried: Result<Value, Refused>| tried.unwrap_or_else(|refused| refused.problem);
            let document = json!({ "connectwise": document(connectwise), "sophos": document(sophos) });
            return Err(LiveError::NotConnected { told: told.join("\n"), document });
        }
    };
    let rights = connectwise["untestedRights"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
    let advice = text(&connectwise["advice"]);
    let mut lines = Vec::from(told);
    if !rights.is_empty() {
        lines.push(format!("Only a write shows whether the API member's role has: {}.", rights.join("; ")));
    }
    lines.push(advice);
    let document = json!({ "connectwise": connectwise, "sophos": sophos });
    Ok((session, Shown::new(document, lines.join("\n"))))
}

/// The partner whose Sophos credentials these are. If the credentials belong to no partner, ConnectWise is tested too,
/// so that all errors are reported at once.
async fn find_partner(live: &Live, keys: &Keys) -> Result<PartnerId, LiveError> {
    eprintln!("Asking Sophos whose credentials these are.");
    let probe = Probe::new(live.options().clone().interactive());
    let sophos = match probe.find_partner(&keys.sophos).await {
        Ok(partner) => return Ok(partner),
        Err(verdict) => verdict,
    };
    let connectwise = probe.test_connectwise(&keys.connectwise).await.verdict;
    let works = connectwise == ConnectWiseVerdict::Works;
    let verdict = |works, detail: String| json!({ "works": works, "detail": detail });
    let document =
        json!({ "connectwise": verdict(works, connectwise.to_string()), "sophos": verdict(false, sophos.to_string()) });
    let told = format!(
        "ConnectWise {}: {connectwise}.\nSophos does not work: {sophos}.\n  Make API credentials in Sophos Central Partner, \
         and give them as SOPHOS_CLIENT_ID and SOPHOS_CLIENT_SECRET.{}",
        if works { "works" } else { "does not work" },
        untrusted(&sophos.to_string())
    );
    Err(LiveError::NotConnected { told, document })
}

/// Tests what is saved, or saves what is new, which tests it.
async fn tried(session: &Session<'_>, path: &str, is_saved: bool, body: &Value) -> Result<Value, Refused> {
    if is_saved {
        let report = session.api.send(Method::POST, &format!("{path}/test"), Some(&json!({})), None).await?.body;
        if report["works"] == json!(true) {
            return Ok(report);
        }
        let (detail, code) = (&report["detail"], &report["verdict"]);
        let advice = "Set the right key in the environment, and say it again.";
        return Err(Refused { problem: json!({ "code": code, "detail": detail, "advice": advice, "report": report }) });
    }
    let saved = session.api.send(Method::PUT, path, Some(body), Some("*")).await?;
    Ok(saved.body["report"].clone())
}

/// What came of a service's test: a verdict, and where it does not work, what to mend.
async fn told(session: &Session<'_>, service: &str, tried: &Result<Value, Refused>) -> String {
    let refused = match tried {
        Ok(report) => return format!("{service} works: {}.", text(&report["detail"])),
        Err(refused) => refused,
    };
    let what = refused.what().trim_end_matches('.');
    let mut lines = vec![format!("{service} does not work: {what}.{}", untrusted(what))];
    let catalogue = session.api.list("/v1/problems", &[]).await.unwrap_or_default();
    let errors = refused.problem["errors"].as_array().cloned().unwrap_or_default();
    for error in &errors {
        let entry = catalogue.iter().find(|entry| entry["code"] == error["code"]);
        let (detail, advice) = (text(&error["detail"]), entry.map(|entry| text(&entry["advice"])).unwrap_or_default());
        let detail = if detail.trim_end_matches('.') == what { String::new() } else { detail };
        let mut line = [detail, advice].join(" ").trim().to_owned();
        if let Some(name) = error["pointer"].as_str().and_then(|pointer| variable_of(service, pointer)) {
            line += &format!(" It is {name} in the environment.");
        }
        if error["code"] == json!("addressNotAllowed") {
            line += " A server of your own is allowed by --psa-host.";
        }
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if what.contains("another Sophos partner") {
        lines.push("Each partner has a folder of its own: give another one by --data.".to_owned());
    }
    if errors.is_empty() {
        lines.push(refused.advice().to_owned());
    }
    lines.join("\n  ")
}

/// What to do where a certificate is not trusted: most often it is of a company's own authority.
fn untrusted(why: &str) -> &'static str {
    if why.contains("UnknownIssuer") {
        " This machine does not trust the authority of its certificate; SSL_CERT_FILE names a file of those to trust."
    } else {
        ""
    }
}

/// The variable of a field of the API.
fn variable_of(service: &str, pointer: &str) -> Option<&'static str> {
    Some(match (service, pointer) {
        (_, "/timeZone") => "TIME_ZONE",
        (_, "/connection/site") => "CONNECTWISE_SITE",
        (_, "/connection/company") => "CONNECTWISE_COMPANY",
        (_, "/connection/publicKey") => "CONNECTWISE_PUBLIC_KEY",
        (_, "/connection/privateKey") => "CONNECTWISE_PRIVATE_KEY",
        ("Sophos", "/connection/clientId") => "SOPHOS_CLIENT_ID",
        (_, "/connection/clientId") => "CONNECTWISE_CLIENT_ID",
        (_, "/connection/clientSecret") => "SOPHOS_CLIENT_SECRET",
        _ => return None,
    })
}

/// The ConnectWise database of the credentials; ids are only valid in one database.
fn database(live: &Live, credentials: &ConnectWiseCredentials) -> Option<PsaDatabase> {
    let address = PsaAddress::parse(&credentials.site, &live.options().connectwise.addresses).ok()?;
    Some(PsaDatabase::new(&address.host(), &credentials.company))
}

fn connectwise_body(Keys { connectwise, time_zone, .. }: &Keys) -> Value {
    let ConnectWiseCredentials { site, company, public_key, private_key, client_id } = connectwise;
    let connection = json!({
        "site": site,
        "company": company,
        "publicKey": public_key.expose_secret(),
        "privateKey": private_key.expose_secret(),
        "clientId": client_id.expose_secret(),
    });
    match time_zone {
        Some(zone) => json!({ "connection": connection, "timeZone": zone }),
        None => json!({ "connection": connection }),
    }
}

fn sophos_body(SophosCredentials { client_id, client_secret }: &SophosCredentials) -> Value {
    json!({ "connection": { "clientId": client_id.expose_secret(), "clientSecret": client_secret.expose_secret() } })
}
