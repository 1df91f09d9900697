//! Both services over https, and the program that is run against them.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use shared::clock::SystemClock;
use shared::domain::month::UsageMonth;
use shared::ports::Clock;
use simulators::connectwise::auth::{Credential, Role};
use simulators::connectwise::{ConnectWise, Settings, Write};
use simulators::simulator::serve::{Running, serve_tls};
use simulators::simulator::tls::Authority;
use simulators::sophos::{self, Sophos, Tenant, UsageRow};
use tempfile::TempDir;
use tokio::process::Command;
use uuid::Uuid;

/// What must never be seen, written or passed on in the clear.
pub(crate) const SECRETS: [&str; 5] = [
    "canary-public-0d3f",
    "canary-private-7b1c",
    "5ca1ab1e-0000-4000-8000-00000000c0de",
    "canary-sophos-id-93ae",
    "canary-sophos-secret-e2d4",
];
const COMPANY: &str = "acme";
const AUTHORITY: &str = "authority.pem";

/// The customers by name, each with an agreement and its usage of both products.
pub(crate) const HARROW: &str = "Harrow Glazing";
pub(crate) const KELL: &str = "Kell's Bakery";
/// What they use.
pub(crate) const INTERCEPT: &str = "CIXA-MSP";
pub(crate) const EMAIL: &str = "CEMA";

/// A partner with two customers, none of which anything is billed to yet.
pub(crate) struct Services {
    pub(crate) psa: ConnectWise,
    pub(crate) sophos: Sophos,
    pub(crate) partner: Uuid,
    /// Agreements of the customers, in their order.
    pub(crate) agreements: [u32; 2],
    /// The ConnectWise product for [`INTERCEPT`].
    pub(crate) product: u32,
    /// The present month: what a stranger gets who names none.
    pub(crate) month: UsageMonth,
    folder: TempDir,
    psa_server: Running,
    sophos_server: Running,
}

/// What came of a run of the program.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The one document on standard output.
    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same of a run that must end with this code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        assert!(self.out.contains(text) || self.err.contains(text), "{text}\n{}\n{}", self.out, self.err);
    }
}

impl Services {
    pub(crate) async fn open() -> Self {
        let psa = ConnectWise::new(Settings::default());
        psa.add_credential(Credential {
            company_id: COMPANY.to_owned(),
            public_key: SECRETS[0].to_owned(),
            private_key: SECRETS[1].to_owned(),
            member: "API".to_owned(),
            role: Role::administrator(),
        });
        let kind = psa.add_agreement_type("Managed services").unwrap();
        let agreement = |(identifier, name): (&str, &str)| {
            let company = psa.add_company(identifier, name).unwrap();
            psa.add_agreement(company, kind, &format!("{name} security"), json!({})).unwrap()
        };
        let agreements = [("HARROW", HARROW), ("KELL", KELL)].map(agreement);
        let category = psa.add_category("Security").unwrap();
        let subcategory = psa.add_subcategory(category, "Subscriptions").unwrap();
        let product_type = psa.add_product_type("Software").unwrap();
        let fields = json!({
            "subcategory": { "id": subcategory },
            "type": { "id": product_type },
            "price": 4.5,
            "cost": 1,
            "vendorSku": INTERCEPT,
        });
        let product = psa.add_catalog_item("Intercept_X", "Intercept X Advanced", fields).unwrap();

        let sophos = Sophos::new(sophos::Config::default());
        let partner = Uuid::from_u128(0x00d3_1ab2_df70_4054_8c06_bd7d_2bc8_de44);
        sophos.add_partner(partner, SECRETS[3], SECRETS[4]);
        let today = SystemClock.now().to_zoned(TimeZone::UTC).date();
        let month = UsageMonth::containing(today);
        for (n, name) in [HARROW, KELL].into_iter().enumerate() {
            sophos.add_tenant(partner, Tenant::new(tenant(n), name));
        }
        let authority = Authority::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        authority.write_certificate(&folder.path().join(AUTHORITY)).unwrap();
        let services = Self {
            psa_server: psa.start_tls(0, &authority).await.unwrap(),
            sophos_server: serve_tls(sophos.router(), 0, &authority).await.unwrap(),
            folder,
            psa,
            sophos,
            partner,
            agreements,
            product,
            month,
        };
        services.uses([7, 5]);
        services
    }

    /// The same with the first customer and one product mapped.
    pub(crate) async fn mapped() -> Self {
        let services = Self::open().await;
        services.run(&["preview"]).await.ends(0);
        services.map(HARROW).await;
        services.run(&["map-product", INTERCEPT, "--product", "Intercept_X"]).await.ends(0);
        services
    }

    /// Maps a customer to the company and the agreement that are named after it.
    pub(crate) async fn map(&self, customer: &str) {
        let agreement = format!("{customer} security");
        self.run(&["map-customer", customer, "--company", customer, "--agreement", &agreement]).await.ends(0);
    }

    /// From now on the customers use so many of the first product, and one of the second.
    pub(crate) fn uses(&self, units: [i64; 2]) {
        let used = |(n, units): (usize, i64)| {
            let product_description = "Intercept X Advanced - MSP Monthly".to_owned();
            let intercept = UsageRow { product_description, ..UsageRow::new(tenant(n), INTERCEPT, units) };
            [intercept, UsageRow::new(tenant(n), EMAIL, 1)]
        };
        let rows: Vec<UsageRow> = units.into_iter().enumerate().flat_map(used).collect();
        self.sophos.set_usage(self.partner, self.month.first_day(), &rows);
    }

    /// A line of the first customer's usage.
    pub(crate) fn used(&self, code: &str, units: i64) -> UsageRow {
        UsageRow::new(tenant(0), code, units)
    }

    /// Where the program keeps what it keeps.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("live")
    }

    /// A file beside it.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// All that a stranger sets.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let [public_key, private_key, client_id, sophos_id, sophos_secret] = SECRETS.map(str::to_owned);
        vec![
            ("CONNECTWISE_SITE", self.psa_server.url()),
            ("CONNECTWISE_COMPANY", COMPANY.to_owned()),
            ("CONNECTWISE_PUBLIC_KEY", public_key),
            ("CONNECTWISE_PRIVATE_KEY", private_key),
            ("CONNECTWISE_CLIENT_ID", client_id),
            ("SOPHOS_CLIENT_ID", sophos_id),
            ("SOPHOS_CLIENT_SECRET", sophos_secret),
            ("TIME_ZONE", "UTC".to_owned()),
        ]
        .into_iter()
        .chain(self.places())
        .collect()
    }

    /// Of these only where the simulators are and whom to trust.
    pub(crate) fn places(&self) -> Vec<(&'static str, String)> {
        vec![
            ("SSL_CERT_FILE", self.folder.path().join(AUTHORITY).display().to_string()),
            ("PSA_ALLOW_LOOPBACK", "true".to_owned()),
            ("SOPHOS_SIGN_IN_URL", self.sophos_server.url()),
            ("SOPHOS_API_URL", self.sophos_server.url()),
        ]
    }

    /// Where ConnectWise is.
    pub(crate) fn site(&self) -> String {
        self.psa_server.url()
    }

    /// The program with its environment and `--live` with these words, not started yet.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.command_with(words, self.environment())
    }

    /// The same with exactly this environment.
    pub(crate) fn command_with(&self, words: &[&str], environment: Vec<(&str, String)>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dev"));
        command.env_clear().envs(environment).arg("--live").args(words).arg("--data").arg(self.data());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// What comes of these words.
    pub(crate) async fn run(&self, words: &[&str]) -> Ran {
        ran(self.command(words)).await
    }

    /// The same with some variables set otherwise, or where nothing is set, without them.
    pub(crate) async fn run_but(&self, words: &[&str], other: &[(&str, &str)]) -> Ran {
        let mut environment = self.environment();
        environment.retain(|(name, _)| !other.iter().any(|(other, _)| other == name));
        let mut environment: Vec<(&str, String)> = environment;
        let set = other.iter().filter(|(_, value)| !value.is_empty());
        environment.extend(set.map(|(name, value)| (*name, (*value).to_owned())));
        ran(self.command_with(words, environment)).await
    }

    /// What the API member wrote in ConnectWise.
    pub(crate) fn writes(&self) -> Vec<Write> {
        self.psa.writes().into_iter().filter(|write| write.verb == "POST" || write.verb == "PATCH").collect()
    }

    /// What an agreement bills: product and quantity of each of its additions.
    pub(crate) fn billed(&self, agreement: u32) -> Vec<(u64, f64)> {
        let additions = self.psa.additions(agreement).into_iter();
        additions.map(|row| (row["product"]["id"].as_u64().unwrap(), row["quantity"].as_f64().unwrap())).collect()
    }
}

/// What comes of a run of the program. Of no run may a secret be seen, nor an escape where there is no terminal.
pub(crate) async fn ran(mut command: Command) -> Ran {
    let child = command.spawn().unwrap();
    let words = child.id().and_then(|id| std::fs::read(format!("/proc/{id}/cmdline")).ok()).unwrap_or_default();
    let output = child.wait_with_output().await.unwrap();
    let code = output.status.code().unwrap_or(-1);
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    for (place, text) in [("output", &out), ("error", &err), ("arguments", &String::from_utf8(words).unwrap())] {
        assert!(!text.contains('\u{1b}'), "an escape in {place}: {text}");
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in {place}: {text}");
        }
    }
    Ran { code, out, err }
}

/// Every file below a folder, with its bytes.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            files.push((path, bytes));
        }
    }
    files
}

fn tenant(n: usize) -> Uuid {
    Uuid::from_u128(0x0071_8b60_472f_bc4f_4b1a_4345_ee42_bf00 + n as u128)
}
