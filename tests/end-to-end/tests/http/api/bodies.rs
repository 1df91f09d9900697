//! Bodies that are no object, or none that an operation takes: each operation refuses each of them, and none with 500.

use local_stack::api::asking::{Asking, answer};
use local_stack::api::operation::Operation;
use serde_json::{Value, json};

use crate::api::stack;

/// 26 bodies that are not what an operation takes, whichever it is; `sample` is one that fits.
fn shapes(sample: &Value) -> Vec<Vec<u8>> {
    let values: Value = sample.as_object().map(|fields| fields.values().cloned().collect()).unwrap_or_default();
    let mut unknown = sample.clone();
    unknown["\u{202e}nope"] = json!(1);
    let whole = sample.to_string();
    let texts = [
        "null".to_owned(),
        "true".to_owned(),
        "0".to_owned(),
        "-1.5".to_owned(),
        "1e999".to_owned(),
        r#""""#.to_owned(),
        json!(whole).to_string(),
        "[]".to_owned(),
        "[{}]".to_owned(),
        "[[]]".to_owned(),
        "[null]".to_owned(),
        "[1,2,3]".to_owned(),
        json!([sample]).to_string(),
        values.to_string(),
        unknown.to_string(),
        String::new(),
        " \r\n".to_owned(),
        "{".to_owned(),
        "}".to_owned(),
        r#"{"a"}"#.to_owned(),
        "{a:1}".to_owned(),
        format!("{whole}x"),
        format!("{whole}{whole}"),
        "[".repeat(500),
        format!("\u{feff}{whole}"),
    ];
    texts.into_iter().map(String::into_bytes).chain([b"{\"\xff\":1}".to_vec()]).collect()
}

#[tokio::test]
async fn an_array_never_passes_for_an_object_and_no_other_body_either() {
    let stack = stack().await;
    let admin = Asking::new(stack.demo.partner(), "psa/read psa/write psa/admin");
    let (mut asked, mut wrong) = (0, Vec::new());
    for ((_, router), (_, document)) in stack.local_api().unwrap().by_folder().iter().zip(local_stack::api::functions())
    {
        let operations = local_stack::api::operation::operations(&local_stack::api::document_of([document]));
        for (operation, sample) in operations.iter().filter_map(json_body) {
            let call = operation.call();
            let headers: Vec<_> = call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let shapes = shapes(sample);
            assert_eq!(shapes.len(), 26);
            for shape in shapes {
                let mut request = local_stack::api::asking::request(&call.head, &headers, None);
                *request.body_mut() = shape.clone().into();
                request.extensions_mut().insert(admin.context());
                let answered = answer(router, request).await;
                asked += 1;
                if (answered.status.as_u16(), answered.code()) != (400, "invalidRequest") {
                    let shape = String::from_utf8_lossy(&shape).chars().take(80).collect::<String>();
                    wrong.push(format!("{} {shape:?}: {} {}", call.head, answered.status, answered.body));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "of {asked} calls");
    assert!(asked >= 26 * 15, "{asked}");
    println!("{asked} bodies");
    stack.stop().await.unwrap();
}

fn json_body(operation: &Operation) -> Option<(&Operation, &Value)> {
    let (kind, sample) = operation.body.as_ref()?;
    kind.ends_with("json").then_some((operation, sample))
}
