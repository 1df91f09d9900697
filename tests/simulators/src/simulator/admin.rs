//! The routes by which a person or a script reads a simulator's counters and sets its faults.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::counters::Tally;
use super::faults::FaultPlan;
use super::gate::Gate;

pub(super) fn router(gate: Gate) -> Router {
    Router::new()
        .route("/_sim/counters", get(counters).delete(reset_counters))
        .route("/_sim/faults", get(faults).put(set_faults).delete(clear_faults))
        .with_state(gate)
}

async fn counters(State(gate): State<Gate>) -> Json<Tally> {
    Json(gate.counters().tally())
}

async fn reset_counters(State(gate): State<Gate>) -> StatusCode {
    gate.counters().reset();
    StatusCode::NO_CONTENT
}

async fn faults(State(gate): State<Gate>) -> Json<FaultPlan> {
    Json(gate.faults())
}

async fn set_faults(State(gate): State<Gate>, Json(plan): Json<FaultPlan>) -> Response {
    set(&gate, plan)
}

async fn clear_faults(State(gate): State<Gate>) -> Response {
    set(&gate, FaultPlan::default())
}

fn set(gate: &Gate, plan: FaultPlan) -> Response {
    match gate.set_faults(plan) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refused) => (StatusCode::BAD_REQUEST, refused.to_string()).into_response(),
    }
}
