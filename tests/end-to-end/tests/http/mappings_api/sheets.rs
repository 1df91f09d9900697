//! Product mappings as CSV, out and in.

use axum::Router;
use local_stack::api::asking::{Answered, answer, request};
use serde_json::{Value, json};
use shared::ids::UuidV7;
use shared::ports::Ids;

use super::shop::Shop;
use super::{faults, reader, row, save, served, writer};

async fn import(app: &Router, query: &str, sheet: &str) -> Answered {
    import_by(app, &UuidV7.unique(), query, sheet).await
}

/// Imports with this key.
pub(super) async fn import_by(app: &Router, key: &str, query: &str, sheet: &str) -> Answered {
    let head = format!("POST /v1/product-mappings/import{query}");
    let mut asked = request(&head, &[("idempotency-key", key), ("content-type", "text/csv")], None);
    *asked.body_mut() = sheet.to_owned().into();
    asked.extensions_mut().insert(writer(1).context());
    answer(app, asked).await
}

async fn export(app: &Router, query: &str) -> Answered {
    let answered = reader(1).get(app, &format!("/v1/product-mappings.csv{query}")).await;
    assert_eq!((answered.status.as_u16(), answered.header("content-type")), (200, "text/csv; charset=utf-8"));
    answered
}

#[tokio::test]
async fn an_exported_sheet_imports_as_no_change_and_its_cells_are_not_run() {
    let app = served().await;
    // Both parts of ConnectWise product 7 say how they combine, as every save leaves them.
    let excluded = json!({"code": "EMAIL", "version": 1, "exclude": "=HYPERLINK(\"http://x\")"});
    let body = json!({"rows": [excluded, {"code": "SRVC", "version": 1, "combine": "addUp"}]});
    assert_eq!(save(&app, &writer(1), &body).await.status, 200);
    let sheet = export(&app, "").await.body.as_str().unwrap().to_owned();
    assert!(sheet.starts_with("code,description,state,") && sheet.contains("\"'=HYPERLINK("), "{sheet}");
    assert_eq!(sheet.lines().count(), 6);
    let imported = import(&app, "", &sheet).await;
    assert_eq!((imported.status.as_u16(), &imported.body["changed"]), (200, &json!(0)), "{:?}", imported.body);
    assert_eq!(row(&app, "EMAIL").await["reason"], "=HYPERLINK(\"http://x\")");
}

#[tokio::test]
async fn a_sheet_that_was_saved_with_semicolons_was_refused_line_by_line() {
    let app = served().await;
    for (separator, end) in [(';', "\r\n"), ('\t', "\n"), (',', "\r\n")] {
        let mut lines: Vec<String> = vec!["Notes,code,sync,reason".into(), ",CIXA,off,".into(), "mine,SRVC,on,".into()];
        lines.insert(2, ",,,".into());
        lines.extend([String::new(), ",,,".into()]);
        let sheet = format!("\u{feff}{}", lines.join(end)).replace(',', &separator.to_string());
        let imported = import(&app, "?validateOnly=true", &sheet).await;
        assert_eq!(imported.status, 200, "{separator:?}: {:#}", imported.body);
        assert_eq!(imported.body["changed"], 2, "{separator:?}: {:#}", imported.body);
    }
}

#[tokio::test]
async fn a_sheet_comes_in_pages() {
    let app = served().await;
    let first = export(&app, "?pageSize=4").await;
    let second = export(&app, &format!("?pageSize=4&pageFromKey={}", first.header("next-key"))).await;
    assert_eq!((second.body.as_str().unwrap().lines().count(), second.header("next-key")), (2, ""));
}

#[tokio::test]
async fn what_is_wrong_in_a_sheet_is_told_by_line_and_nothing_is_stored() {
    let app = served().await;
    let sheet = "code,state,sync,reason\nCIXA,maybe,,\nFW-1,excluded,,\nEMAIL,,perhaps,\nZ Z,,,\nSRVC,unmapped,,\n";
    let refused = import(&app, "?validateOnly=true", sheet).await;
    let (status, code, errors) = faults(&refused);
    let places: Vec<&str> = errors.iter().map(|(pointer, _)| pointer.as_str()).collect();
    let expected = ["/lines/2/state", "/lines/3/reason", "/lines/4/sync", "/lines/5/code"];
    assert_eq!((status, code.as_str(), places), (400, "invalidRequest", expected.to_vec()));
    let unknown = import(&app, "", "product,price\nCIXA,1\n").await;
    assert_eq!(faults(&unknown).2[0], ("/lines/1/code".to_owned(), "invalid".to_owned()));
    let wordy = import(&app, "", &format!("code,state,reason\nCIXA,excluded,{}\n", "x".repeat(501))).await;
    assert_eq!(faults(&wordy).2, [("/lines/2/reason".to_owned(), "invalid".to_owned())]);
    assert_eq!(row(&app, "SRVC").await["version"], 1);
    let stale = import(&app, "", "code,state,version\nCIXA,unmapped,1\nEMAIL,unmapped,0\n").await;
    assert_eq!((stale.status.as_u16(), &stale.body["present"]["rows"][0]["code"]), (412, &json!("EMAIL")));
}

#[tokio::test]
async fn a_long_sheet_is_looked_at_as_a_whole_and_applied_in_chunks_that_can_be_resumed() {
    let shop = Shop::open().await;
    let id = shop.product("SEC-1", "One", &json!({}));
    let mut sheet = "code,state,psaProductId,combine,reason\n".to_owned();
    for n in 0..100 {
        sheet.push_str(&format!("X{n:03},excluded,,,\"not sold,\nyet\"\n"));
    }
    sheet.push_str(&format!("Y1,mapped,{id},addUp,\nY2,mapped,{id},addUp,\n"));
    let shown = import(&shop.app, "?validateOnly=true", &sheet).await;
    assert_eq!((&shown.body["applied"], &shown.body["changed"]), (&json!(false), &json!(102)), "{:?}", shown.body);
    let (mut from, mut chunks, mut changed) = (None::<u64>, 0, 0);
    loop {
        let query = from.map_or_else(String::new, |line| format!("?fromLine={line}"));
        let applied = import(&shop.app, &query, &sheet).await;
        assert_eq!(applied.status, 200, "{:?}", applied.body);
        chunks += 1;
        changed += applied.body["changed"].as_u64().unwrap();
        from = applied.body["nextLine"].as_u64();
        if from.is_none() {
            break;
        }
    }
    assert_eq!((chunks, changed), (3, 102));
    assert_eq!(row(&shop.app, "Y2").await["combine"], "addUp");
    let again = import(&shop.app, "?validateOnly=true", &sheet).await;
    assert_eq!((&again.body["changed"], &again.body["nextLine"]), (&json!(0), &Value::Null));
    shop.close().await;
}

#[tokio::test]
async fn a_sheet_with_versions_may_be_imported_again_from_its_start_and_its_chunks_are_not_in_each_others_way() {
    let shop = Shop::open().await;
    let id = shop.product("SEC-1", "One", &json!({}));
    let body = json!({"rows": [{"code": "Z", "version": 0, "mapTo": id}]});
    assert_eq!(save(&shop.app, &writer(1), &body).await.status, 200);
    // The first line gives the rule of the last one, which is in the second chunk.
    let mut sheet = format!("code,state,psaProductId,combine,sync,reason,version\nA,mapped,{id},addUp,on,,0\n");
    sheet.extend((0..50).map(|n| format!("X{n:03},excluded,,,off,not sold,0\n")));
    sheet.push_str(&format!("Z,mapped,{id},,on,,1\n"));
    for expected in [[46, 6], [0, 0]] {
        for (query, changed) in ["", "?fromLine=47"].into_iter().zip(expected) {
            let done = import(&shop.app, query, &sheet).await;
            assert_eq!((done.status.as_u16(), &done.body["changed"]), (200, &json!(changed)), "{:#}", done.body);
        }
    }
    assert_eq!(
        (&row(&shop.app, "Z").await["combine"], &row(&shop.app, "Z").await["version"]),
        (&json!("addUp"), &json!(2))
    );
    // What somebody else changed to something else is refused as ever.
    let other = json!({"rows": [{"code": "X000", "version": 1, "exclude": "sold elsewhere"}]});
    assert_eq!(save(&shop.app, &writer(1), &other).await.status, 200);
    assert_eq!(import(&shop.app, "", &sheet).await.code(), "versionMismatch");
    shop.close().await;
}

#[tokio::test]
async fn the_lines_of_a_sheet_with_windows_line_ends_are_counted_as_a_sheet_counts_them() {
    let app = served().await;
    for end in ["\n", "\r\n"] {
        let sheet = ["code,sync", "CIXA,on", "EMAIL,perhaps", ""].join(end);
        let refused = import(&app, "?validateOnly=true", &sheet).await;
        let errors = refused.body["errors"].as_array().cloned().unwrap_or_default();
        assert!(errors.iter().any(|error| error["pointer"] == "/lines/3/sync"), "{end:?}: {:?}", refused.body);
    }
}
