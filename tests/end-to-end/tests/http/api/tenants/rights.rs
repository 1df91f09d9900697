//! Each function does to the table what its role in the template may do, and nothing else.

use std::collections::BTreeMap;

use end_to_end::rights::Rights;
use local_stack::api::operation::Call;
use local_stack::api::routers::name_of;

use super::*;

/// Attempts on each operation, with the caller's own ids.
const ATTEMPTS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn every_function_behind_the_api_has_the_rights_for_what_it_does_to_the_table() {
    let world = World::new().await;
    let seed = seed();
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut lacking = BTreeMap::new();
    let mut touched = BTreeSet::new();
    let mut number = 0;
    for (folder, document) in local_stack::api::functions() {
        let rights = Rights::of(&format!("{}Role", name_of(folder)));
        for operation in local_stack::api::operation::operations(&local_stack::api::document_of([document])) {
            // A caller of its own: what one operation removes, the next one finds.
            number += 1;
            let caller = caller(number);
            fill(&world.table.store(), caller, OWN).await;
            let own = [partner(caller).to_string(), Uuid::from_u128(caller ^ (0xc << 64)).to_string()];
            let known = ["CIXA", "OWN-3A", "7700", "7702", "23866"].map(str::to_owned);
            let ids = own.into_iter().chain([run_of(caller).id.to_string()]).chain(known).collect();
            let pool = Pool { ids, keys: Vec::new(), tags: vec!["*".to_owned()] };
            let context = Asking::new(partner(caller), &SCOPES.join(" ")).context();
            for _ in 0..ATTEMPTS {
                let Call { head, headers, body } = pool.attempt(&operation, &mut random).call;
                let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let mut asked = request(&head, &headers, None);
                if let Some(body) = body {
                    *asked.body_mut() = body.into();
                }
                asked.extensions_mut().insert(context.clone());
                answer(world.router(&operation), asked).await;
                let calls = world.wire.calls();
                world.wire.forget();
                touched.extend(calls.iter().flat_map(|call| &call.keys).map(|key| (folder, key.action.clone())));
                let lacks = rights.lacking(&calls);
                if !lacks.is_empty() {
                    lacking.insert(operation.key(), lacks);
                }
            }
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
    for (folder, action) in
        [("mappings", "PutItem"), ("sync-runs", "PutItem"), ("connections", "DeleteItem"), ("alerts", "PutItem")]
    {
        assert!(touched.contains(&(folder, action.to_owned())), "{folder} did no {action}: {touched:?}");
    }
    world.end().await;
}
