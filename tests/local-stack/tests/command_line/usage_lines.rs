//! Usage lines that say more than one thing, from the command line: seen, asked about, and answered.

use simulators::sophos::UsageRow;

use crate::services::{HARROW, INTERCEPT, Services};

fn days(row: UsageRow, first: &str, last: &str) -> UsageRow {
    row.with("billingStartDate", format!("\"{first}\"")).with("billingEndDate", format!("\"{last}\""))
}

/// October's 5 are billed; in November these lines of the first product come.
async fn billed_5(lines: impl FnOnce(&Services) -> Vec<UsageRow>) -> Services {
    let services = Services::mapped().await;
    services.uses([5, 5]);
    services.run(&["--apply", "--yes"]).await.ends(0);
    let lines = lines(&services);
    services.sophos.set_usage(services.partner, services.month.first_day(), &lines);
    services
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_line_twice_is_seen_asked_about_and_counted_once() {
    let services = billed_5(|services| vec![services.used(INTERCEPT, 5); 2]).await;
    let (harrow, product) = (services.agreements[0], services.product.to_string());
    let applied = services.run(&["--apply", "--yes"]).await.ends(1);
    applied.says("Sophos sent one usage line of 5 twice");
    assert_eq!(services.billed(harrow), [(u64::from(services.product), 5.0)]);
    services.run(&["usage-lines", HARROW]).await.ends(0).says("OrderID-100000001");
    let holds = services.run(&["holds"]).await.ends(1);
    holds.says("count-once: go on billing 5");
    holds.says("add-up: change 5 → 10");

    let why = ["--why", "Sophos says so"];
    let unread = services.run(&[["release", HARROW, &product].as_slice(), &why].concat()).await.ends(2);
    unread.says("Say how the usage lines are read, with --reading");
    let reading = ["--reading", "count-once"];
    services.run(&[["release", HARROW, &product].as_slice(), &why, &reading].concat()).await.ends(0).says("Released");
    services.run(&["--apply", "--yes"]).await.ends(0).says("Nothing was written to ConnectWise.");
    services.run(&["holds"]).await.ends(0);
    assert_eq!(services.billed(harrow), [(u64::from(services.product), 5.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_renewed_in_mid_month_is_seen_with_its_days_and_not_added_up() {
    let services = billed_5(|services| {
        let order = |number: &str| UsageRow { order_number: number.into(), ..services.used(INTERCEPT, 5) };
        let day = |day: i8| services.month.first_day().with().day(day).build().unwrap().to_string();
        let last = services.month.last_day().to_string();
        vec![days(order("O-1"), &day(1), &day(14)), days(order("O-2"), &day(15), &last)]
    })
    .await;
    let applied = services.run(&["--apply", "--yes"]).await.ends(1);
    applied.says("its usage lines are for days that follow one");
    assert_eq!(services.billed(services.agreements[0]), [(u64::from(services.product), 5.0)]);
    let shown = services.run(&["usage-lines", HARROW, "--product", INTERCEPT]).await.ends(0);
    shown.says(&format!("{}-14", services.month));
    shown.says("O-2");
}
