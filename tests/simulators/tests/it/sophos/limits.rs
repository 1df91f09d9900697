//! S6: 100 calls a minute with bursts to 300, where the simulator is served alone, and nowhere else unless asked.

use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use simulators::simulator::faults::FaultPlan;
use simulators::sophos::{CLIENT_ID, CLIENT_SECRET, LIMIT, Sophos};

use crate::sophos::served::{PARTNER, Served, json};

const TENANTS: &str = "/partner/v1/tenants?pageSize=1";

/// S6. The facts: 100 calls a minute are enforced, bursts go up to 300. Read as a bucket of 300 that 100 a minute refill.
#[tokio::test]
async fn served_alone_the_301st_call_of_a_burst_is_429_with_retry_after() {
    let served = Served::of(Sophos::standing_data()).await;
    let token = served.token_of(CLIENT_ID, CLIENT_SECRET).await;
    let whoami = served.get_as(&token, None, "/whoami/v1", StatusCode::OK).await;
    let partner = json(whoami).await["id"].as_str().unwrap().to_owned();
    // A slow machine may take a while for the burst; what comes in meanwhile, one call in 0.6 s, is let through too.
    let mut let_through = 0;
    let refused = loop {
        let request = served.client.get(served.url() + TENANTS).bearer_auth(&token);
        let answer = request.header("X-Partner-ID", &partner).send().await.unwrap();
        match answer.status() {
            StatusCode::OK => let_through += 1,
            _ => break answer,
        }
        assert!(let_through < 1000, "nothing was refused");
    };
    assert!(let_through >= 300, "{let_through}");
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[RETRY_AFTER], "1");
    assert_eq!(json(refused).await["error"], "TooManyRequests");
}

/// S6. In process there is no limit unless a test asks for it.
#[tokio::test]
async fn in_process_no_call_is_refused_unless_asked() {
    let served = Served::new().await;
    let token = served.token("first").await;
    for _ in 0..350 {
        served.get_as(&token, Some(PARTNER), TENANTS, StatusCode::OK).await;
    }
    let limited = FaultPlan { bucket: Some(LIMIT), ..FaultPlan::default() };
    served.sophos.gate().set_faults(limited).unwrap();
    for _ in 0..300 {
        served.get_as(&token, Some(PARTNER), TENANTS, StatusCode::OK).await;
    }
    let tally = served.sophos.gate().counters().tally();
    assert_eq!((tally.answered(200), tally.answered(429)), (651, 0));
}
