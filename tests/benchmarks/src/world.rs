//! The process that is the world: both simulators and the table, with a large partner in them.

use std::io::Write as _;

use shared::clock::SystemClock;
use shared::domain::month::UsageMonth;
use shared::ids::UuidV7;
use shared::ports::Clock;
use shared::store::DynamoStore;
use tokio::io::{AsyncReadExt, stdin};

use super::ScaleError;
use super::args::Plain;
use local_stack::apart::Addresses;
use local_stack::demo::PlantError;
use local_stack::stack::StackError;
use simulators::connectwise::schema::Validation;
use simulators::connectwise::{ConnectWise, Settings};
use simulators::sophos::{self, Sophos};
use simulators::table::LocalTable;

/// Makes the world, prints where it answers, and serves it until standard input closes.
pub(super) async fn serve(plain: Plain) -> Result<(), ScaleError> {
    let demo = plain.demo();
    let now = SystemClock.now();
    let zone = demo.settings().map_err(PlantError::from).map_err(StackError::from)?.time_zone;
    let month = UsageMonth::containing(now.to_zoned(zone.zone().clone()).date());
    let psa = ConnectWise::new(Settings::default());
    // Times are measured here; what is answered is judged by the tests.
    psa.set_validation(Validation::Off);
    let planted = demo.fill_psa(&psa, month).map_err(StackError::from)?;
    let sophos = Sophos::new(sophos::Config::default());
    demo.fill_sophos(&sophos, month);
    let table = LocalTable::in_memory().await.map_err(StackError::from)?;
    let store = DynamoStore::new(table.client(), table.name().to_owned(), UuidV7);
    demo.fill_store(&store, &planted, month, now).await.map_err(StackError::from)?;
    let (psa_server, sophos_server) = (psa.start(0).await?, sophos::start(&sophos, 0).await?);
    let addresses = Addresses {
        connectwise: psa_server.url(),
        sophos: sophos_server.url(),
        table: table.url().to_owned(),
        table_name: table.name().to_owned(),
        partner: demo.partner(),
        month,
    };
    println!("{}", serde_json::to_string(&addresses)?);
    std::io::stdout().flush()?;
    // It also closes when the process that started this one dies.
    stdin().read_to_end(&mut Vec::new()).await?;
    Ok(())
}
