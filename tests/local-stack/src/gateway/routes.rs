//! The routes of the API, and which of them a call takes.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::Method;

/// Who may take a route.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Access {
    /// Everybody, without a token.
    Open,
    /// Who has an accepted token with at least one of the scopes, or with any where none is named.
    Token { scopes: Vec<String> },
}

/// One route of one function.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// The function, by its logical id in the template.
    pub function: String,
    /// A method in capitals, or `ANY`.
    pub method: String,
    /// The path: `{name}` is a segment, `{name+}` at the end is all that follows.
    pub path: String,
    /// Who may take it.
    pub access: Access,
    /// When Lambda ends the function.
    pub function_timeout: Duration,
    /// When the gateway gives the function up, where the route says so.
    pub integration_timeout: Option<Duration>,
}

impl Route {
    /// The route's key, such as `GET /v1/mappings/{code}`: unique in an API.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// What the path's variables stand for in a decoded path; none if it is not this route's.
    fn variables(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let mut variables = BTreeMap::new();
        let mut rest = Some(path);
        for segment in self.path.split('/') {
            let left = rest?;
            let (own, after) = left.split_once('/').map_or((left, None), |(own, after)| (own, Some(after)));
            match Segment::of(segment) {
                Segment::Greedy(name) => {
                    variables.insert(name.to_owned(), left.to_owned());
                    return (!left.is_empty()).then_some(variables);
                }
                Segment::Variable(name) if !own.is_empty() => {
                    variables.insert(name.to_owned(), own.to_owned());
                }
                Segment::Literal(text) if text == own => {}
                Segment::Variable(_) | Segment::Literal(_) => return None,
            }
            rest = after;
        }
        rest.is_none().then_some(variables)
    }

    /// The smaller, the nearer a route is to the calls it takes: literal segments before variables before greedy ones.
    fn distance(&self) -> (Vec<u8>, bool) {
        let distances = self.path.split('/').map(|segment| match Segment::of(segment) {
            Segment::Literal(_) => 0,
            Segment::Variable(_) => 1,
            Segment::Greedy(_) => 2,
        });
        (distances.collect(), self.method == "ANY")
    }
}

enum Segment<'a> {
    Literal(&'a str),
    Variable(&'a str),
    Greedy(&'a str),
}

impl<'a> Segment<'a> {
    fn of(text: &'a str) -> Self {
        match text.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => name.strip_suffix('+').map_or(Self::Variable(name), Self::Greedy),
            None => Self::Literal(text),
        }
    }
}

/// All routes of an API; [`Routes::from_template`] reads them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Routes(pub(super) Vec<Route>);

impl Routes {
    /// Every route, in the template's order.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }

    /// The routes of these functions alone, for a test that serves no others.
    #[must_use]
    pub fn only(self, functions: &[&str]) -> Self {
        Self(self.0.into_iter().filter(|route| functions.contains(&route.function.as_str())).collect())
    }

    /// The route of a call and what its variables stand for: the nearest one of those that have the method and the path.
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<(&Route, BTreeMap<String, String>)> {
        let taken = self.0.iter().filter(|route| route.method == "ANY" || route.method == method.as_str());
        let taken = taken.filter_map(|route| Some((route, route.variables(path)?)));
        taken.max_by_key(|(route, _)| Reverse(route.distance()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn routes(keys: &[&str]) -> Routes {
        let routes = keys.iter().map(|key| {
            let (method, path) = key.split_once(' ').unwrap();
            Route {
                function: "Echo".into(),
                method: method.into(),
                path: path.into(),
                access: Access::Open,
                function_timeout: Duration::from_secs(3),
                integration_timeout: None,
            }
        });
        Routes(routes.collect())
    }

    fn taken(routes: &Routes, method: Method, path: &str) -> Option<(String, Vec<(String, String)>)> {
        let (route, variables) = routes.find(&method, path)?;
        Some((route.key(), variables.into_iter().collect()))
    }

    #[test]
    fn the_nearest_route_is_taken_whatever_the_order() {
        let mut keys =
            ["ANY /v1/{proxy+}", "GET /v1/{a}/x", "GET /v1/m/{b}", "GET /v1/m/x", "ANY /v1/m/x", "POST /v1/m/x"];
        for _ in 0..keys.len() {
            keys.rotate_left(1);
            let routes = routes(&keys);
            let key = |method, path| taken(&routes, method, path).map(|(key, _)| key);
            assert_eq!(key(Method::GET, "/v1/m/x").unwrap(), "GET /v1/m/x");
            assert_eq!(key(Method::POST, "/v1/m/x").unwrap(), "POST /v1/m/x");
            assert_eq!(key(Method::PUT, "/v1/m/x").unwrap(), "ANY /v1/m/x");
            assert_eq!(key(Method::GET, "/v1/m/y").unwrap(), "GET /v1/m/{b}");
            assert_eq!(key(Method::GET, "/v1/n/x").unwrap(), "GET /v1/{a}/x");
            assert_eq!(key(Method::PUT, "/v1/n/x").unwrap(), "ANY /v1/{proxy+}");
            assert_eq!(key(Method::GET, "/v2"), None);
        }
    }

    #[test]
    fn variables_take_one_segment_and_greedy_ones_the_rest() {
        let routes = routes(&["GET /v1/c/{id}/a/{n}", "GET /page/{proxy+}"]);
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(taken(&routes, Method::GET, "/v1/c/7 ü/a/x").unwrap().1, pairs(&[("id", "7 ü"), ("n", "x")]));
        assert_eq!(taken(&routes, Method::GET, "/page/js/a.js").unwrap().1, pairs(&[("proxy", "js/a.js")]));
        for path in ["/v1/c//a/x", "/v1/c/7/a", "/v1/c/7/a/x/", "/v1/c/7/a/", "/page/", "/page", "", "/"] {
            assert_eq!(taken(&routes, Method::GET, path), None, "{path}");
        }
        assert_eq!(taken(&routes, Method::HEAD, "/page/x"), None, "a route has its own method alone");
    }
}
