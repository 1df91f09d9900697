//! The option by which the served ConnectWise simulator takes one reading of a fact that no public source settles.
//!
//! Names and values are those of the settings' own fields and variants, so that a new one is an option at once.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use simulators::connectwise::{Settings, UnknownCompany, WrongKeys};

/// How the simulated server reads what the vendor's documents leave open.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Readings")]
pub struct Readings {
    /// Take one reading of an open fact; may be given several times. --help lists them, the default first.
    #[arg(long = "reading", value_name = "NAME=VALUE", value_parser = parse, long_help = list())]
    readings: Vec<Reading>,
}

#[derive(Clone, Debug)]
struct Reading {
    name: String,
    value: String,
}

/// What differs from server to server and concerns the way in.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
struct WayIn {
    unknown_company: UnknownCompany,
    wrong_keys: WrongKeys,
}

impl Readings {
    /// The settings with the readings that were asked for.
    pub fn settings(&self) -> Result<Settings, String> {
        let mut settings = Settings::default();
        for reading in &self.readings {
            set(&mut settings, reading)?;
        }
        Ok(settings)
    }
}

fn parse(text: &str) -> Result<Reading, String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as wrong-keys=not-found")?;
    let reading = Reading { name: name.to_owned(), value: value.to_owned() };
    set(&mut Settings::default(), &reading)?;
    Ok(reading)
}

fn set(settings: &mut Settings, reading: &Reading) -> Result<(), String> {
    let mut way_in = way_in(settings);
    let known = put(&mut way_in, reading)? || put(&mut settings.wire, reading)? || put(&mut settings.billing, reading)?;
    settings.unknown_company = way_in.unknown_company;
    settings.wrong_keys = way_in.wrong_keys;
    if known { Ok(()) } else { Err(format!("there is no reading {}; --help lists them", reading.name)) }
}

fn way_in(settings: &Settings) -> WayIn {
    WayIn { unknown_company: settings.unknown_company, wrong_keys: settings.wrong_keys }
}

/// Whether the group has this reading, which it then takes.
fn put<T: Serialize + DeserializeOwned>(group: &mut T, reading: &Reading) -> Result<bool, String> {
    let mut fields = fields(group)?;
    let Some(field) = fields.get_mut(&reading.name) else { return Ok(false) };
    *field = Value::String(reading.value.clone());
    *group = serde_json::from_value(Value::Object(fields)).map_err(|unknown| unknown.to_string())?;
    Ok(true)
}

fn fields(group: &impl Serialize) -> Result<Map<String, Value>, String> {
    serde_json::from_value(serde_json::to_value(group).map_err(|e| e.to_string())?).map_err(|e| e.to_string())
}

/// Every reading with its values.
fn list() -> String {
    let settings = Settings::default();
    let groups = [fields(&way_in(&settings)), fields(&settings.wire), fields(&settings.billing)];
    let line = |(name, default): (String, Value)| {
        let default = default.as_str().unwrap_or_default();
        let others = values(&name).into_iter().filter(|value| value != default);
        let all = std::iter::once(default.to_owned()).chain(others).collect::<Vec<_>>().join(", ");
        format!("\n  {name}={all}")
    };
    let lines: String = groups.into_iter().flatten().flatten().map(line).collect();
    format!("Take one reading of an open fact; may be given several times. The default comes first:{lines}")
}

/// The values of a reading, parsed from serde's error message (the quoted words).
fn values(name: &str) -> Vec<String> {
    let other = Reading { name: name.to_owned(), value: "?".to_owned() };
    let sentence = set(&mut Settings::default(), &other).err().unwrap_or_default();
    sentence.split('`').skip(1).step_by(2).filter(|word| *word != "?").map(str::to_owned).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use simulators::connectwise::settings::EndedInside;
    use simulators::connectwise::settings::wire::Capitals;

    #[test]
    fn every_reading_is_listed_with_at_least_two_values_that_are_taken() {
        let list = list();
        let lines: Vec<_> = list.lines().skip(1).collect();
        assert!(lines.len() > 15, "{list}");
        for line in lines {
            let (name, values) = line.trim().split_once('=').unwrap();
            assert!(values.contains(", "), "{line}");
            for value in values.split(", ") {
                parse(&format!("{name}={value}")).unwrap();
            }
        }
    }

    #[test]
    fn a_reading_changes_its_own_setting_alone() {
        let readings = ["unknown-company=not-found", "capitals=count", "ended-inside=nothing"]
            .map(|text| parse(text).unwrap())
            .to_vec();
        let settings = Readings { readings }.settings().unwrap();
        assert_eq!(settings.unknown_company, UnknownCompany::NotFound);
        assert_eq!(settings.wrong_keys, Settings::default().wrong_keys);
        assert_eq!(settings.wire.capitals, Capitals::Count);
        assert_eq!(settings.billing.ended_inside, EndedInside::Nothing);
        assert_eq!(settings.wire.quotes, Settings::default().wire.quotes);
    }
}
