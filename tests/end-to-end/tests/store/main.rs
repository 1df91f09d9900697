//! The contract of the store, tested on both tables; that both tables answer alike; and what only DynamoDB's wire can
//! do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alert;
mod contract;
mod due;
mod edit;
mod hold;
mod idempotency;
mod known;
mod limit;
mod mapping;
mod owner;
mod quantity_override;
mod rate;
mod removal;
mod run;
mod settings;
mod setup;
mod table;
mod values;
mod wire;

/// Makes two tests of each named function: one on a table in memory, one on a DynamoDB table of its own.
macro_rules! on_both_tables {
    ($($name:ident),+ $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(shared::store::MemoryStore::default()).await;
            })+
        }

        mod on_dynamodb {
            $(#[tokio::test]
            async fn $name() {
                let table = simulators::table::LocalTable::in_memory().await.unwrap();
                super::$name(table.store()).await;
                table.stop().await.unwrap();
            })+
        }
    };
}
use on_both_tables;
