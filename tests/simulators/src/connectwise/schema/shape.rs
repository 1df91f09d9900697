//! What a JSON value must look like: the schemas of an OpenAPI document, read once and checked often.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// The schemas of a document by name.
#[derive(Debug)]
pub(super) struct Shapes(BTreeMap<String, Shape>);

/// One schema.
#[derive(Debug)]
pub(super) enum Shape {
    /// The vendor's generator writes an object without fields for "any JSON": a patch's value, a custom field's.
    Anything,
    /// Another schema of the document.
    Named(String),
    /// An object with these fields and no others.
    Object(BTreeMap<String, Shape>),
    /// An object with any names and values of one shape.
    Map(Box<Shape>),
    List(Box<Shape>),
    Scalar(Scalar),
}

#[derive(Debug)]
pub(super) struct Scalar {
    kind: Kind,
    nullable: bool,
    /// The words of an enumeration; empty if it is none.
    words: Vec<String>,
    /// The greatest length in characters.
    longest: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Boolean,
    /// 32 bits.
    Integer,
    /// 64 bits.
    LongInteger,
    Number,
    Text,
    /// `yyyy-MM-ddTHH:mm:ssZ` and nothing else.
    DateTime,
    Uuid,
}

/// Where in a body a value is; written out only where something is wrong.
#[derive(Clone, Copy)]
pub(super) enum At<'a> {
    Body,
    Field(&'a At<'a>, &'a str),
    Member(&'a At<'a>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => out.write_str("body"),
            Self::Field(outer, name) => write!(out, "{outer}.{name}"),
            Self::Member(outer, index) => write!(out, "{outer}[{index}]"),
        }
    }
}

impl Shapes {
    pub(super) fn parse(schemas: &Value) -> Result<Self, String> {
        let named = schemas.as_object().into_iter().flatten();
        named.map(|(name, schema)| Ok((name.clone(), Shape::parse(schema)?))).collect::<Result<_, _>>().map(Self)
    }

    /// Adds each difference between `value` and `shape` to `wrong`.
    pub(super) fn check(&self, shape: &Shape, value: &Value, at: At<'_>, wrong: &mut Vec<String>) {
        match shape {
            Shape::Anything => {}
            Shape::Named(name) => match self.0.get(name) {
                Some(named) => self.check(named, value, at, wrong),
                None => wrong.push(format!("{at}: the document has no schema {name}")),
            },
            Shape::Object(fields) => {
                for (name, member) in members(value, at, wrong) {
                    match fields.get(name) {
                        // Error bodies say `"errors": null`, against their own schema.
                        Some(Shape::List(_)) if member.is_null() && name == "errors" => {}
                        Some(inner) => self.check(inner, member, At::Field(&at, name), wrong),
                        None => wrong.push(format!("{at}.{name}: the vendor has no such field")),
                    }
                }
            }
            Shape::Map(inner) => {
                for (name, member) in members(value, at, wrong) {
                    self.check(inner, member, At::Field(&at, name), wrong);
                }
            }
            Shape::List(inner) => match value.as_array() {
                Some(list) => {
                    for (index, member) in list.iter().enumerate() {
                        self.check(inner, member, At::Member(&at, index), wrong);
                    }
                }
                None => wrong.push(format!("{at}: {value} is not an array")),
            },
            Shape::Scalar(scalar) => wrong.extend(scalar.error(value).map(|error| format!("{at}: {error}"))),
        }
    }
}

fn members<'v>(
    value: &'v Value,
    at: At<'_>,
    wrong: &mut Vec<String>,
) -> impl Iterator<Item = (&'v String, &'v Value)> + use<'v> {
    if !value.is_object() {
        wrong.push(format!("{at}: {value} is not an object"));
    }
    value.as_object().into_iter().flatten()
}

impl Shape {
    pub(super) fn parse(schema: &Value) -> Result<Self, String> {
        if let Some(reference) = schema["$ref"].as_str() {
            return Ok(Self::Named(reference.rsplit('/').next().unwrap_or_default().to_owned()));
        }
        match schema["type"].as_str() {
            None => Ok(Self::Anything),
            Some("array") => Ok(Self::List(Box::new(Self::parse(&schema["items"])?))),
            Some("object") => match (schema["properties"].as_object(), schema.get("additionalProperties")) {
                (Some(fields), _) => {
                    let fields = fields.iter().map(|(name, field)| Ok((name.clone(), Self::parse(field)?)));
                    fields.collect::<Result<_, String>>().map(Self::Object)
                }
                (None, Some(inner)) if inner["type"] != "object" => Ok(Self::Map(Box::new(Self::parse(inner)?))),
                (None, _) => Ok(Self::Anything),
            },
            Some(kind) => Scalar::parse(kind, schema).map(Self::Scalar),
        }
    }
}

impl Scalar {
    fn parse(kind: &str, schema: &Value) -> Result<Self, String> {
        let kind = match (kind, schema["format"].as_str()) {
            ("boolean", _) => Kind::Boolean,
            ("integer", Some("int64")) => Kind::LongInteger,
            ("integer", _) => Kind::Integer,
            ("number", _) => Kind::Number,
            ("string", Some("date-time")) => Kind::DateTime,
            ("string", Some("uuid")) => Kind::Uuid,
            ("string", _) => Kind::Text,
            _ => return Err(format!("{kind:?} is not a type of OpenAPI 3.0")),
        };
        let words = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Ok(Self {
            kind,
            nullable: schema["nullable"] == true,
            words: words.map(str::to_owned).collect(),
            longest: longest(schema),
        })
    }

    fn error(&self, value: &Value) -> Option<String> {
        if value.is_null() {
            return (!self.nullable).then(|| "null is not allowed".to_owned());
        }
        let text = value.as_str();
        let fits = match self.kind {
            Kind::Boolean => value.is_boolean(),
            Kind::Integer => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            Kind::LongInteger => value.is_i64(),
            Kind::Number => value.is_number(),
            Kind::Text => text.is_some(),
            Kind::DateTime => text.is_some_and(is_date_time),
            Kind::Uuid => text.is_some_and(|text| uuid::Uuid::try_parse(text).is_ok()),
        };
        if !fits {
            return Some(format!("{value} is not of the type {:?}", self.kind));
        }
        let text = text?;
        if !self.words.is_empty() && !self.words.iter().any(|word| word == text) {
            return Some(format!("{value} is not a word of the enumeration"));
        }
        let length = text.chars().count();
        self.longest
            .filter(|longest| length > *longest)
            .map(|longest| format!("{length} characters, at most {longest}"))
    }
}

/// The greatest length of a text: a number of its own, or in the vendor's own document a phrase of the description.
fn longest(schema: &Value) -> Option<usize> {
    let number = [&schema["maxLength"], &schema["x-maxLength"]].into_iter().find_map(Value::as_u64);
    let phrase =
        || schema["description"].as_str()?.split_once("Max length: ")?.1.split(';').next()?.trim().parse().ok();
    number.or_else(phrase).and_then(|longest| usize::try_from(longest).ok())
}

fn is_date_time(text: &str) -> bool {
    let form = text.len() == 20 && text.as_bytes().get(10) == Some(&b'T') && text.ends_with('Z');
    form && text.parse::<jiff::Timestamp>().is_ok()
}
