//! The conditions grammar under generated input: what is printed reads back the same, and nothing makes it panic.

use proptest::prelude::*;
use rust_decimal::Decimal;
use simulators::connectwise::conditions::{Condition, Literal, Operator, Path, Term, parse};

fn scalar() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<String>().prop_map(Literal::Text),
        r#"[a-z"'\\%*\[\]() ]{0,12}"#.prop_map(Literal::Text),
        (any::<i64>(), 0_u32..10).prop_map(|(digits, scale)| Literal::Number(Decimal::new(digits, scale))),
        any::<bool>().prop_map(Literal::Flag),
        (0_i64..4_102_444_800).prop_map(|s| Literal::Date(jiff::Timestamp::from_second(s).unwrap())),
        Just(Literal::Null),
    ]
}

fn term() -> impl Strategy<Value = Condition> {
    use Operator::{Contains, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Like, NotEqual};
    let single = [Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, Contains, Like];
    let comparison = prop_oneof![
        (prop::sample::select(single.to_vec()), scalar()),
        (Just(Operator::In), prop::collection::vec(scalar(), 1..4).prop_map(Literal::List)),
    ];
    let path = "[a-zA-Z_][a-zA-Z0-9_]{0,8}(/[a-z]{1,6})?";
    (path, any::<bool>(), comparison)
        .prop_map(|(path, not, (operator, literal))| Condition::Term(Term { path: Path(path), not, operator, literal }))
}

fn condition() -> impl Strategy<Value = Condition> {
    term().prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::All),
            prop::collection::vec(inner, 2..4).prop_map(Condition::Any),
        ]
    })
}

fn cases() -> ProptestConfig {
    // `PROPTEST_CASES` raises the number.
    #[expect(clippy::disallowed_methods, reason = "proptest itself reads this variable")]
    let asked = std::env::var("PROPTEST_CASES").is_ok();
    if asked { ProptestConfig::default() } else { ProptestConfig::with_cases(1_000) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn what_is_printed_reads_back_the_same(condition in condition()) {
        let printed = condition.to_string();
        prop_assert_eq!(parse(&printed), Ok(condition), "{}", printed);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let outcome = parse(&String::from_utf8_lossy(&bytes));
        prop_assert!(outcome.is_ok() || outcome.is_err());
    }

    #[test]
    fn words_of_the_grammar_in_random_order_never_panic(
        words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..40),
    ) {
        if let Ok(condition) = parse(&words.concat()) {
            prop_assert_eq!(parse(&condition.to_string()), Ok(condition));
        }
    }
}

const WORDS: [&str; 28] = [
    "(",
    ")",
    " and ",
    " or ",
    " not ",
    " in ",
    " like ",
    " contains ",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "name",
    "company/id",
    "\"",
    "'",
    "\\",
    "[",
    "]",
    "2016-08-20T18:04:26Z",
    "12",
    "-",
    ".",
    ",",
    "null",
    "True",
];

#[test]
fn parentheses_without_end_are_refused_not_followed() {
    let deep = "(".repeat(100_000);
    assert!(parse(&deep).unwrap_err().to_string().contains("nested deeper"));
}
