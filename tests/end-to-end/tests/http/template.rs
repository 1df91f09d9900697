//! The deployment template says what the code says: functions, their variables, the table's keys, the tick's event.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use end_to_end::rights::Rights;
use local_stack::gateway::{Access, Routes};
use shared::config::{
    AlertDelivery, Alerts, Connections, Console, LOCAL_ONLY, Mappings, PsaForms, SyncInvoke, SyncRuns, SyncSchedule,
    UsageSync,
};
use shared::table::{DUE_INDEX, DUE_SHARD, EXPIRY, NEXT_RUN_AT, PARTITION_KEY, SORT_KEY};
use yaml_serde::Value;

type Names = BTreeSet<String>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn template() -> Value {
    let text = fs::read_to_string(root().join("template.yaml")).unwrap();
    yaml_serde::from_str(&text).unwrap()
}

fn names<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Names {
    names.into_iter().map(Into::into).collect()
}

/// The keys of a mapping; none where there is no such mapping.
fn keys(mapping: &Value) -> Names {
    let mapping = mapping.as_mapping().into_iter().flatten();
    names(mapping.map(|(key, _)| key.as_str().unwrap()))
}

/// The functions of the template, by the folder that they are built from.
fn functions(template: &Value) -> BTreeMap<String, &Value> {
    let resources = template["Resources"].as_mapping().unwrap().values();
    let functions = resources.filter(|resource| resource["Type"] == "AWS::Serverless::Function");
    let by_folder = functions.map(|function| {
        let folder = function["Properties"]["CodeUri"].as_str().unwrap();
        (folder.strip_prefix("functions/").unwrap().to_owned(), function)
    });
    by_folder.collect()
}

/// How long a function may take: its own timeout, or the one of all functions.
fn timeout_s(template: &Value, function: &Value) -> u64 {
    let common = &template["Globals"]["Function"]["Timeout"];
    function["Properties"]["Timeout"].as_u64().or_else(|| common.as_u64()).unwrap()
}

/// The variables that a function's settings ask for, learnt by answering none of them.
fn asked_by<T, E>(read: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> Result<T, E>) -> Names {
    let asked = RefCell::new(Names::new());
    let outcome = read(&|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    assert!(outcome.is_err(), "every function needs a variable that has no default");
    asked.into_inner()
}

fn asked_by_function() -> BTreeMap<String, Names> {
    BTreeMap::from([
        ("alert-delivery".into(), asked_by(|lookup| AlertDelivery::from_lookup(lookup))),
        ("alerts".into(), asked_by(|lookup| Alerts::from_lookup(lookup))),
        ("connections".into(), asked_by(|lookup| Connections::from_lookup(lookup))),
        ("console".into(), asked_by(|lookup| Console::from_lookup(lookup))),
        ("mappings".into(), asked_by(|lookup| Mappings::from_lookup(lookup))),
        ("psa-products".into(), asked_by(|lookup| PsaForms::from_lookup(lookup))),
        ("psa-search".into(), asked_by(|lookup| PsaForms::from_lookup(lookup))),
        ("sync-invoke".into(), asked_by(|lookup| SyncInvoke::from_lookup(lookup))),
        ("sync-runs".into(), asked_by(|lookup| SyncRuns::from_lookup(lookup))),
        ("sync-schedule".into(), asked_by(|lookup| SyncSchedule::from_lookup(lookup))),
        ("usage-sync".into(), asked_by(|lookup| UsageSync::from_lookup(lookup))),
    ])
}

#[test]
fn every_folder_of_functions_is_deployed_and_nothing_else() {
    let folders = fs::read_dir(root().join("functions")).unwrap();
    let folders = names(folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()));
    let template = template();
    assert_eq!(functions(&template).into_keys().collect::<Names>(), folders);
    assert_eq!(asked_by_function().into_keys().collect::<Names>(), folders);
}

#[test]
fn every_function_is_given_the_variables_that_it_reads_and_no_other() {
    let template = template();
    let common = keys(&template["Globals"]["Function"]["Environment"]["Variables"]);
    let functions = functions(&template);
    for (folder, asked) in asked_by_function() {
        let own = keys(&functions[&folder]["Properties"]["Environment"]["Variables"]);
        let given: Names = own.union(&common).cloned().collect();
        let expected: Names = asked.difference(&names(LOCAL_ONLY)).cloned().collect();
        assert_eq!(given, expected, "{folder}");
    }
}

#[test]
fn the_settings_for_simulators_are_real_and_never_deployed() {
    let asked: Names = asked_by_function().into_values().flatten().collect();
    assert!(names(LOCAL_ONLY).is_subset(&asked), "{asked:?}");
    let text = fs::read_to_string(root().join("template.yaml")).unwrap();
    for name in LOCAL_ONLY {
        assert!(!text.contains(name), "{name}");
    }
}

#[test]
fn the_table_has_the_keys_the_index_and_the_expiry_of_the_code() {
    let template = template();
    let table = &template["Resources"]["Table"]["Properties"];
    let key_of = |schema: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let schema = schema.as_sequence().unwrap().iter();
        schema.map(|key| (text(&key["AttributeName"]), text(&key["KeyType"]))).collect()
    };
    let expected = |partition: &str, sort: &str| {
        vec![(partition.to_owned(), "HASH".to_owned()), (sort.to_owned(), "RANGE".to_owned())]
    };
    assert_eq!(key_of(&table["KeySchema"]), expected(PARTITION_KEY, SORT_KEY));
    let indexes = table["GlobalSecondaryIndexes"].as_sequence().unwrap();
    assert_eq!(indexes.len(), 1);
    assert_eq!(indexes[0]["IndexName"], DUE_INDEX);
    assert_eq!(key_of(&indexes[0]["KeySchema"]), expected(DUE_SHARD, NEXT_RUN_AT));
    assert_eq!(indexes[0]["Projection"]["ProjectionType"], "KEYS_ONLY");
    assert_eq!(table["TimeToLiveSpecification"]["AttributeName"], EXPIRY);
}

#[test]
fn the_schedules_event_is_the_one_that_the_tick_reads() {
    let template = template();
    let functions = functions(&template);
    let schedule = &functions["sync-schedule"]["Properties"]["Events"]["EveryFiveMinutes"]["Properties"];
    let input = schedule["Input"].as_str().unwrap();
    let filled_in = input.replace("<aws.scheduler.scheduled-time>", "2026-11-30T01:15:00Z");
    assert_ne!(filled_in, input, "the schedule's own time is in it");
    let tick: sync_schedule::Tick = serde_json::from_str(&filled_in).unwrap();
    assert_eq!(tick.time, "2026-11-30T01:15:00Z".parse().unwrap());
}

#[test]
fn a_second_stack_of_one_account_met_the_name_of_the_first_ones_schedule() {
    let template = template();
    let schedule = &functions(&template)["sync-schedule"]["Properties"]["Events"]["EveryFiveMinutes"];
    assert_eq!(schedule["Type"], "ScheduleV2");
    assert_eq!(schedule["Properties"]["OmitName"], true, "SAM writes a fixed name otherwise");
    assert!(schedule["Properties"]["Name"].is_null());
}

#[test]
fn lambda_ended_a_run_after_sixteen_messages_for_a_loop() {
    let template = template();
    for (folder, function) in functions(&template) {
        let expected = if folder == "usage-sync" { Value::from("Allow") } else { Value::Null };
        assert_eq!(function["Properties"]["RecursiveLoop"], expected, "{folder}");
    }
}

#[test]
fn all_who_call_a_psa_may_read_and_change_its_rates_and_do_nothing_else_there() {
    for role in ["UsageSyncRole", "PsaSearchRole", "PsaProductsRole"] {
        let rights = Rights::of(role);
        let of_no_partner: Vec<_> = rights.iter().filter(|(_, key)| !key.starts_with("P#")).collect();
        let expected = ["GetItem", "UpdateItem"].map(|action| (action.to_owned(), "H#*".to_owned()));
        assert_eq!(of_no_partner, expected.iter().collect::<Vec<_>>(), "{role}");
    }
}

#[test]
fn the_functions_at_a_form_read_credentials_and_write_answers_and_the_audit_alone() {
    let of_partners = |role: &str| -> BTreeSet<(String, String)> {
        Rights::of(role).iter().filter(|(_, key)| key.starts_with("P#")).cloned().collect()
    };
    let right = |action: &str, key: &str| (action.to_owned(), key.to_owned());
    let credentials = right("GetItem", "P#*#K");
    assert_eq!(of_partners("PsaSearchRole"), BTreeSet::from([credentials.clone()]));
    // An id in the place of its signs: the pattern fits no other partition of the partner.
    let home = format!("P#{}#", "????????-????-????-????-????????????");
    let answers = ["GetItem", "PutItem", "DeleteItem"].map(|action| right(action, "P#*#I"));
    let limits = ["GetItem", "PutItem"].map(|action| right(action, "P#*#L"));
    let others = [credentials, right("Query", "P#*#S"), right("PutItem", &home)];
    let expected: BTreeSet<(String, String)> = answers.into_iter().chain(limits).chain(others).collect();
    assert_eq!(of_partners("PsaProductsRole"), expected);
}

#[test]
fn those_who_save_secrets_seal_and_those_who_call_open_and_both_only_for_a_named_partner() {
    let template = template();
    let statements = template["Resources"]["SealKey"]["Properties"]["KeyPolicy"]["Statement"].as_sequence().unwrap();
    for (action, roles) in [
        ("kms:Encrypt", vec!["AlertsRole.Arn", "ConnectionsRole.Arn"]),
        (
            "kms:Decrypt",
            vec![
                "AlertDeliveryRole.Arn",
                "ConnectionsRole.Arn",
                "MappingsRole.Arn",
                "PsaProductsRole.Arn",
                "PsaSearchRole.Arn",
                "UsageSyncRole.Arn",
            ],
        ),
    ] {
        let of_action: Vec<&Value> = statements.iter().filter(|statement| statement["Action"] == action).collect();
        assert_eq!(of_action.len(), 1, "{action}");
        let principal = &of_action[0]["Principal"]["AWS"];
        let role = |value: &Value| value.as_str().unwrap().to_owned();
        let allowed =
            principal.as_sequence().map_or_else(|| vec![role(principal)], |all| all.iter().map(role).collect());
        assert_eq!(allowed, roles, "{action}");
        let condition = &of_action[0]["Condition"];
        assert_eq!(condition["Null"]["kms:EncryptionContext:partnerId"], "false", "{action}");
        assert_eq!(condition["ForAllValues:StringEquals"]["kms:EncryptionContextKeys"], "partnerId", "{action}");
    }
}

#[test]
fn a_message_that_fails_each_time_was_among_the_dead_letters_after_hours() {
    let template = template();
    for (folder, queue) in [("usage-sync", "SyncQueue"), ("alert-delivery", "AlertQueue")] {
        let function = functions(&template)[folder];
        let queue = &template["Resources"][queue]["Properties"];
        let visibility_s = queue["VisibilityTimeout"].as_u64().unwrap();
        // While it is worked on it must not be delivered again, and Lambda needs time to repeat a throttled call.
        assert!(visibility_s >= timeout_s(&template, function) + 60, "{folder}");
        let receives = queue["RedrivePolicy"]["maxReceiveCount"].as_u64().unwrap();
        assert!(receives > 1 && receives * visibility_s <= 20 * 60, "{folder}");
        let messages = &function["Properties"]["Events"]["Messages"]["Properties"];
        assert_eq!(messages["FunctionResponseTypes"][0], "ReportBatchItemFailures", "{folder}");
    }
}

#[test]
fn what_another_service_sent_and_failed_each_time_is_kept_where_somebody_finds_it() {
    let template = template();
    let invoked = &functions(&template)["sync-invoke"]["Properties"]["EventInvokeConfig"];
    let kept = &invoked["DestinationConfig"]["OnFailure"];
    assert_eq!((kept["Type"].as_str(), kept["Destination"].as_str()), (Some("SQS"), Some("SyncInvokeDeadLetters.Arn")));
    let queue = &template["Resources"]["SyncInvokeDeadLetters"]["Properties"];
    let longest_s = 14 * 24 * 60 * 60;
    assert_eq!(queue["MessageRetentionPeriod"].as_u64(), Some(longest_s));
    let policies = &template["Resources"]["SyncInvokeRole"]["Properties"]["Policies"];
    let statements = policies[0]["PolicyDocument"]["Statement"].as_sequence().unwrap();
    let allowed = |statement: &&Value| {
        statement["Action"] == "sqs:SendMessage" && statement["Resource"] == "SyncInvokeDeadLetters.Arn"
    };
    assert!(statements.iter().any(|statement| allowed(&statement)), "Lambda would have no right to put it there");
}

#[test]
fn the_api_is_closed_unless_a_route_says_otherwise_and_asks_for_known_scopes() {
    let template = template();
    let auth = &template["Resources"]["HttpApi"]["Properties"]["Auth"];
    let default = auth["DefaultAuthorizer"].as_str().unwrap();
    let jwt = &auth["Authorizers"][default]["JwtConfiguration"];
    assert_eq!(jwt["issuer"].as_str().unwrap(), "JwtIssuer");
    assert_eq!(jwt["audience"][0].as_str().unwrap(), "JwtAudience");
    for parameter in ["JwtIssuer", "JwtAudience"] {
        let parameter = &template["Parameters"][parameter];
        assert!(parameter["Type"] == "String" && parameter["Default"].is_null(), "nobody's tokens are good by default");
    }
    for route in routes().iter() {
        let Access::Token { scopes } = &route.access else { continue };
        assert!(!scopes.is_empty(), "{}: a token of any kind would do", route.key());
        let known = ["psa/read", "psa/write", "psa/admin"];
        assert!(scopes.iter().all(|scope| known.contains(&scope.as_str())), "{}: {scopes:?}", route.key());
    }
}

#[test]
fn nothing_but_the_files_of_the_page_is_open_to_everybody() {
    let open: Vec<_> =
        routes().iter().filter(|route| route.access == Access::Open).map(|r| (r.function.clone(), r.key())).collect();
    let expected = ["GET /console", "GET /console/", "GET /console/{proxy+}"];
    assert_eq!(open, expected.map(|key| ("Console".to_owned(), key.to_owned())));
    assert_eq!(Rights::of("ConsoleRole").iter().count(), 0, "and who serves them may read nothing of the table");
}

#[test]
fn every_function_of_the_api_ends_before_the_gateway_gives_it_up() {
    let longest = local_stack::gateway::Limits::default().integration_timeout;
    for route in routes().iter() {
        let wait_budget = route.integration_timeout.unwrap_or(longest);
        assert!(route.function_timeout <= wait_budget, "{}: its caller would be told nothing", route.key());
    }
}

fn routes() -> Routes {
    Routes::from_template(&fs::read_to_string(root().join("template.yaml")).unwrap()).unwrap()
}

/// What a function serves: method, path and scopes of each operation.
type Operations = BTreeSet<(String, String, Names)>;

fn documented(document: &serde_json::Value) -> Operations {
    let mut operations = Operations::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let scopes = operation["security"][0]["token"].as_array().unwrap().iter();
            let scopes = names(scopes.map(|scope| scope.as_str().unwrap()));
            operations.insert((method.to_uppercase(), path.clone(), scopes));
        }
    }
    operations
}

fn deployed(function: &Value) -> Operations {
    let events = function["Properties"]["Events"].as_mapping().into_iter().flat_map(|events| events.values());
    let routes = events.filter(|event| event["Type"] == "HttpApi");
    // The page's files: they are no operation of the API.
    let routes = routes.filter(|event| event["Properties"]["Auth"]["Authorizer"] != "NONE").map(|event| {
        let route = &event["Properties"];
        let text = |name: &str| route[name].as_str().unwrap().to_owned();
        let scopes = route["Auth"]["AuthorizationScopes"].as_sequence().unwrap().iter();
        (text("Method"), text("Path"), names(scopes.map(|scope| scope.as_str().unwrap())))
    });
    routes.collect()
}

#[test]
fn every_operation_is_deployed_with_the_scope_that_its_document_asks_for() {
    let template = template();
    let functions = functions(&template);
    let documents = local_stack::api::functions();
    for (folder, document) in &documents {
        let document = local_stack::api::document_of([document.clone()]);
        assert_eq!(deployed(functions[*folder]), documented(&document), "{folder}");
    }
    let with_routes = functions.iter().filter(|(_, function)| !deployed(function).is_empty());
    let with_routes: Vec<&str> = with_routes.map(|(folder, _)| folder.as_str()).collect();
    assert_eq!(with_routes, documents.iter().map(|(folder, _)| *folder).collect::<Vec<_>>());
}

#[test]
fn a_function_ends_before_its_idempotency_keys_are_taken_over() {
    let template = template();
    let functions = functions(&template);
    for (folder, _) in local_stack::api::functions() {
        assert!(timeout_s(&template, functions[folder]) < u64::from(shared::http::TAKE_OVER_S), "{folder}");
    }
}
