//! Creates the table as the deployment template does: the same keys, index and expiry, by the store's own names.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext};
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveSpecification,
};
use shared::table::{DUE_INDEX, DUE_SHARD, EXPIRY, NEXT_RUN_AT, PARTITION_KEY, SORT_KEY};

use super::TableError;

pub(super) async fn create_if_missing(client: &Client, name: &str) -> Result<(), TableError> {
    let create = definition(client, name).map_err(failed)?;
    match create.send().await {
        Ok(_) => expire(client, name).await,
        Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_in_use_exception()) => Ok(()),
        Err(error) => Err(failed(DisplayErrorContext(error))),
    }
}

fn definition(client: &Client, name: &str) -> Result<CreateTableFluentBuilder, BuildError> {
    let mut create = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key(PARTITION_KEY, KeyType::Hash)?)
        .key_schema(key(SORT_KEY, KeyType::Range)?)
        .global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name(DUE_INDEX)
                .key_schema(key(DUE_SHARD, KeyType::Hash)?)
                .key_schema(key(NEXT_RUN_AT, KeyType::Range)?)
                .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
                .build()?,
        );
    for attribute in [PARTITION_KEY, SORT_KEY, DUE_SHARD, NEXT_RUN_AT] {
        let definition = AttributeDefinition::builder().attribute_name(attribute);
        create = create.attribute_definitions(definition.attribute_type(ScalarAttributeType::S).build()?);
    }
    Ok(create)
}

fn key(attribute: &str, kind: KeyType) -> Result<KeySchemaElement, BuildError> {
    KeySchemaElement::builder().attribute_name(attribute).key_type(kind).build()
}

async fn expire(client: &Client, name: &str) -> Result<(), TableError> {
    let expiry = TimeToLiveSpecification::builder().attribute_name(EXPIRY).enabled(true);
    let expiry = expiry.build().map_err(failed)?;
    let call = client.update_time_to_live().table_name(name).time_to_live_specification(expiry);
    call.send().await.map_err(|error| failed(DisplayErrorContext(error)))?;
    Ok(())
}

fn failed(why: impl std::fmt::Display) -> TableError {
    TableError::Create(why.to_string())
}
