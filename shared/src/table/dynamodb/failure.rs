//! The errors of DynamoDB calls, classified by what to do next.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::CancellationReason;

use super::value::{SdkEntry, from_sdk};
use crate::error::StoreError;
use crate::table::Entry;

/// Error codes after which the same call may succeed later.
const TRANSIENT_CODES: [&str; 8] = [
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottlingException",
];

/// Reasons of a cancelled transaction after which the same transaction may succeed later.
const TRANSIENT_REASONS: [&str; 3] = ["ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"];

/// How a write failed.
pub(super) enum Failure {
    /// As [`Written::Unmet`](crate::table::Written::Unmet).
    Unmet(Vec<Option<Entry>>),
    /// A transaction on the same entries is in progress: retry after some milliseconds.
    Contended(String),
    Store(StoreError),
}

/// The error of a read, or of a write without conditions.
pub(super) fn of_call<E>(error: SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let is_transient = match &error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(context) => {
            context.raw().status().is_server_error()
                || context.err().code().is_some_and(|code| TRANSIENT_CODES.contains(&code))
        }
        SdkError::ConstructionFailure(_) => false,
        _ => false,
    };
    let why = error
        .as_service_error()
        .map_or_else(|| DisplayErrorContext(&error).to_string(), |service| describe(service.code(), service.message()));
    if is_transient { StoreError::Unavailable { why } } else { StoreError::Refused { why } }
}

fn describe(code: Option<&str>, message: Option<&str>) -> String {
    let code = code.unwrap_or("an error without a code");
    message.map_or_else(|| code.to_owned(), |message| format!("{code}: {message}"))
}

pub(super) fn of_put(error: SdkError<PutItemError>) -> Failure {
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(unmet)) => unmet_by(unmet.item().cloned()),
        Some(PutItemError::TransactionConflictException(conflict)) => contended(conflict.message()),
        _ => Failure::Store(of_call(error)),
    }
}

pub(super) fn of_update(error: SdkError<UpdateItemError>) -> Failure {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(unmet)) => unmet_by(unmet.item().cloned()),
        Some(UpdateItemError::TransactionConflictException(conflict)) => contended(conflict.message()),
        _ => Failure::Store(of_call(error)),
    }
}

pub(super) fn of_delete(error: SdkError<DeleteItemError>) -> Failure {
    match error.as_service_error() {
        Some(DeleteItemError::ConditionalCheckFailedException(unmet)) => unmet_by(unmet.item().cloned()),
        Some(DeleteItemError::TransactionConflictException(conflict)) => contended(conflict.message()),
        _ => Failure::Store(of_call(error)),
    }
}

pub(super) fn of_transaction(error: SdkError<TransactWriteItemsError>) -> Failure {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            of_reasons(cancelled.cancellation_reasons())
        }
        Some(TransactWriteItemsError::TransactionInProgressException(under_way)) => contended(under_way.message()),
        _ => Failure::Store(of_call(error)),
    }
}

/// Unmet conditions take precedence: they stay unmet however often the transaction is sent.
fn of_reasons(reasons: &[CancellationReason]) -> Failure {
    let is_unmet = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
    if reasons.iter().any(is_unmet) {
        let old = |reason: &CancellationReason| is_unmet(reason).then(|| reason.item().cloned().unwrap_or_default());
        return unmet(reasons.iter().map(old));
    }
    let given: Vec<&CancellationReason> = reasons.iter().filter(|r| r.code().is_some_and(|c| c != "None")).collect();
    let why = given.iter().map(|reason| describe(reason.code(), reason.message()));
    let why = format!("the transaction was cancelled: {}", why.collect::<Vec<_>>().join("; "));
    let is_transient =
        |reason: &&CancellationReason| reason.code().is_some_and(|code| TRANSIENT_REASONS.contains(&code));
    if !given.is_empty() && given.iter().all(is_transient) {
        Failure::Contended(why)
    } else {
        Failure::Store(StoreError::Refused { why })
    }
}

fn unmet_by(old: Option<SdkEntry>) -> Failure {
    unmet(std::iter::once(Some(old.unwrap_or_default())))
}

fn unmet(old: impl Iterator<Item = Option<SdkEntry>>) -> Failure {
    let old: Result<Vec<Option<Entry>>, StoreError> = old.map(|old| old.map(from_sdk).transpose()).collect();
    old.map_or_else(Failure::Store, Failure::Unmet)
}

fn contended(message: Option<&str>) -> Failure {
    Failure::Contended(describe(Some("a transaction on the same entry is under way"), message))
}
