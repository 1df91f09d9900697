//! What can go wrong on the wire, and plans of when it does.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Call;

/// Says of each call, in their order, what goes wrong with it.
pub type Plan = Box<dyn FnMut(&Call) -> Option<Fault> + Send>;

/// What goes wrong with one call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The connection is closed without an answer; the call never arrived.
    LoseCall,
    /// The connection is closed without an answer; the call has taken effect.
    LoseAnswer,
    /// As `LoseAnswer`, and the table has forgotten the transaction's token when it comes again: it keeps one for ten
    /// minutes.
    LoseAnswerAndToken,
    /// The table answers with an error; the call has no effect.
    Refuse(Refusal),
}

/// An error of DynamoDB's API.
#[derive(Clone, Debug)]
pub struct Refusal {
    status: StatusCode,
    body: Value,
}

impl Fault {
    /// An error by its code, such as `ValidationException`.
    pub fn refuse(status: StatusCode, code: &str, message: &str) -> Self {
        Self::Refuse(Refusal { status, body: json!({"__type": type_of(code), "message": message}) })
    }

    /// The table takes no more calls for the moment.
    pub fn throttled() -> Self {
        let message = "The level of configured provisioned throughput for the table was exceeded.";
        Self::refuse(StatusCode::BAD_REQUEST, "ProvisionedThroughputExceededException", message)
    }

    /// The table has a fault of its own.
    pub fn broken() -> Self {
        Self::refuse(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "Internal server error")
    }

    /// The caller lacks the right.
    pub fn denied() -> Self {
        Self::refuse(StatusCode::BAD_REQUEST, "AccessDeniedException", "not authorized to perform this operation")
    }

    /// A write of one entry meets a transaction on it.
    pub fn conflicting() -> Self {
        let message = "Transaction is ongoing for the item";
        Self::refuse(StatusCode::BAD_REQUEST, "TransactionConflictException", message)
    }

    /// A transaction is cancelled, for one reason each action: `None`, `TransactionConflict`, `ThrottlingError`, ….
    pub fn cancelled(reasons: &[&str]) -> Self {
        let message = format!("Transaction cancelled, please refer cancellation reasons [{}]", reasons.join(", "));
        let reasons: Vec<Value> = reasons.iter().map(|code| json!({"Code": code})).collect();
        Self::Refuse(Refusal {
            status: StatusCode::BAD_REQUEST,
            body: json!({
                "__type": type_of("TransactionCanceledException"),
                "Message": message,
                "CancellationReasons": reasons,
            }),
        })
    }
}

fn type_of(code: &str) -> String {
    format!("com.amazonaws.dynamodb.v20120810#{code}")
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
        (self.status, kind, self.body.to_string()).into_response()
    }
}

/// The first `n` calls of an operation meet the fault.
pub fn times(n: usize, operation: &'static str, fault: Fault) -> impl FnMut(&Call) -> Option<Fault> + Send {
    let mut left = n;
    move |call| {
        let meets = call.operation == operation && left > 0;
        left -= usize::from(meets);
        meets.then(|| fault.clone())
    }
}

/// The `n`-th call of an operation, from 1, meets the fault, and no other.
pub fn nth(n: usize, operation: &'static str, fault: Fault) -> impl FnMut(&Call) -> Option<Fault> + Send {
    let mut count = 0;
    move |call| {
        count += usize::from(call.operation == operation);
        (call.operation == operation && count == n).then(|| fault.clone())
    }
}

/// What the table sees of a caller that crashes at its first call of an operation: that call meets the fault, and no later
/// one arrives.
pub fn crash(operation: &'static str, fault: Fault) -> impl FnMut(&Call) -> Option<Fault> + Send {
    let mut crashed = false;
    move |call| {
        if crashed {
            return Some(Fault::LoseCall);
        }
        crashed = call.operation == operation;
        crashed.then(|| fault.clone())
    }
}
