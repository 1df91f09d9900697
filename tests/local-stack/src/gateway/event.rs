//! A call as a payload of format 2.0, the event that a function is invoked with.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::authorizer::Granted;
use super::routes::Route;

/// The account and the API that local events name.
const ACCOUNT: &str = "000000000000";
const API: &str = "local";
/// Every caller is on this machine.
const SOURCE: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// A call that was matched and admitted.
pub(super) struct Arrived<'a> {
    pub(super) id: &'a str,
    pub(super) at: Timestamp,
    pub(super) parts: &'a Parts,
    /// The decoded path.
    pub(super) path: &'a str,
    pub(super) body: &'a [u8],
    pub(super) route: &'a Route,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) granted: Option<Granted>,
}

impl Arrived<'_> {
    /// The event. What is empty is left out, as the service does; `scopes` alone is null then.
    pub(super) fn event(&self) -> Value {
        let query = self.parts.uri.query().unwrap_or_default();
        let mut event = Map::new();
        let mut set = |name: &str, value: Value| event.insert(name.to_owned(), value);
        set("version", json!("2.0"));
        set("routeKey", json!(self.route.key()));
        set("rawPath", json!(self.path));
        set("rawQueryString", json!(query));
        let cookies = cookies(&self.parts.headers);
        if !cookies.is_empty() {
            set("cookies", json!(cookies));
        }
        set("headers", json!(self.headers()));
        let parameters = joined(form_urlencoded::parse(query.as_bytes()).into_owned());
        if !parameters.is_empty() {
            set("queryStringParameters", json!(parameters));
        }
        set("requestContext", self.context());
        if !self.variables.is_empty() {
            set("pathParameters", json!(self.variables));
        }
        let text = arrives_as_text(&self.parts.headers).then(|| std::str::from_utf8(self.body).ok()).flatten();
        if !self.body.is_empty() {
            set("body", text.map_or_else(|| json!(BASE64.encode(self.body)), |text| json!(text)));
        }
        set("isBase64Encoded", json!(!self.body.is_empty() && text.is_none()));
        Value::Object(event)
    }

    fn context(&self) -> Value {
        let host = header(&self.parts.headers, &HOST);
        let domain = host.rsplit_once(':').map_or(host.as_str(), |(domain, _)| domain);
        let mut context = json!({
            "accountId": ACCOUNT,
            "apiId": API,
            "domainName": domain,
            "domainPrefix": domain.split('.').next().unwrap_or_default(),
            "http": {
                "method": self.parts.method.as_str(),
                "path": self.path,
                "protocol": format!("{:?}", self.parts.version),
                "sourceIp": SOURCE,
                "userAgent": header(&self.parts.headers, &USER_AGENT),
            },
            "requestId": self.id,
            "routeKey": self.route.key(),
            "stage": "$default",
            "time": self.at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": self.at.as_millisecond(),
        });
        if let (Some(granted), Some(context)) = (&self.granted, context.as_object_mut()) {
            let jwt = json!({ "claims": granted.claims, "scopes": granted.scopes });
            context.insert("authorizer".into(), json!({ "jwt": jwt }));
        }
        context
    }

    /// Lower-case names, repeated ones joined with commas, and what the gateway adds; cookies have their own place.
    fn headers(&self) -> BTreeMap<String, String> {
        let given = self.parts.headers.iter().filter(|(name, _)| **name != COOKIE);
        let mut headers =
            joined(given.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into())));
        let port = headers.get("host").and_then(|host| host.rsplit_once(':')).map_or("80", |(_, port)| port).to_owned();
        let forwarded = headers.remove("x-forwarded-for").map_or_else(String::new, |before| format!("{before}, "));
        headers.insert("x-forwarded-for".into(), format!("{forwarded}{SOURCE}"));
        headers.insert("x-forwarded-port".into(), port);
        // Deployed it is https; here the links that a function makes must lead back here.
        headers.insert("x-forwarded-proto".into(), "http".into());
        headers.insert("x-amzn-trace-id".into(), trace_id(self.id, self.at));
        headers
    }
}

/// The trace of a call, in the form of X-Ray's header.
pub(super) fn trace_id(id: &str, at: Timestamp) -> String {
    let digits: String = id.chars().filter(char::is_ascii_hexdigit).rev().take(24).collect();
    format!("Root=1-{:08x}-{digits:0>24}", at.as_second())
}

/// How many bytes the request line and the values of the headers have.
pub(super) fn head_bytes(parts: &Parts) -> usize {
    let target = parts.uri.path_and_query().map_or(1, |target| target.as_str().len());
    let line = parts.method.as_str().len() + target + " HTTP/1.1 ".len();
    parts.headers.values().fold(line, |sum, value| sum + value.len())
}

/// A path with its escapes resolved once; what is no UTF-8 then is replaced.
pub(super) fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { rest.get(3..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Only these types arrive as text; everything else is base64: forms, other JSON types, and a body without a type too.
fn arrives_as_text(headers: &HeaderMap) -> bool {
    let given = header(headers, &CONTENT_TYPE).to_ascii_lowercase();
    let kind = given.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/") || ["application/json", "application/xml", "application/javascript"].contains(&kind)
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(COOKIE).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
    let cookies = lines.flat_map(|line| line.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>());
    cookies.filter(|cookie| !cookie.is_empty()).collect()
}

fn header(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).map_or_else(String::new, |value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// One text a name; those of a repeated name are joined with commas, in their order.
fn joined(pairs: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::<String, String>::new();
    for (name, value) in pairs {
        all.entry(name).and_modify(|before| *before = format!("{before},{value}")).or_insert(value);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_once_and_broken_ones_stay() {
        for (given, expected) in [
            ("/v1/a%20b", "/v1/a b"),
            ("/v1/a%2Fb", "/v1/a/b"),
            ("/v1/a%252Fb", "/v1/a%2Fb"),
            ("/v1/%C3%A9%e2%82%ac", "/v1/é€"),
            ("/v1/100%", "/v1/100%"),
            ("/v1/%zz%4", "/v1/%zz%4"),
            ("/v1/%ff", "/v1/\u{fffd}"),
        ] {
            assert_eq!(decoded(given), expected, "{given}");
        }
    }

    #[test]
    fn a_trace_has_eight_and_twenty_four_digits() {
        let at = Timestamp::from_second(0x5e6a_8a5e).unwrap();
        assert_eq!(trace_id("not much", at), format!("Root=1-5e6a8a5e-{:0>24}", "c"));
    }
}
