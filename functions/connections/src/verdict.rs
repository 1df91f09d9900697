//! What a test found, as programs and people read it, and as a save is refused for it.

use jiff::Timestamp;
use serde::Serialize;
use shared::client::probe::report::{ConnectWiseVerdict, PsaRight, SophosRight, SophosVerdict};
use shared::http::{FieldError, Problem, ProblemCode, Text};
use shared::store::LastTest;
use utoipa::ToSchema;

/// What a test found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestReport {
    /// Whether the connection works.
    pub(crate) works: bool,
    /// What was found: `works`, `addressNotAllowed`, `wrongHost`, `unknownCompany`, `wrongClientId`, `wrongKeys`,
    /// `missingRights`, `takenByAnother`, `notAPartner`, `anotherPartner`, `answerUnusable` or `unavailable`.
    pub(crate) verdict: &'static str,
    /// The same in a sentence.
    pub(crate) detail: String,
    /// The rights that are missing, as the service names them.
    pub(crate) missing_rights: Vec<String>,
    /// The rights that only a write would show; a test writes nothing.
    pub(crate) untested_rights: Vec<String>,
    /// How many calls the test took.
    pub(crate) calls: u64,
    /// What to do beside it.
    pub(crate) advice: &'static str,
}

impl TestReport {
    /// What is remembered of it.
    pub(crate) fn at(&self, at: Timestamp) -> LastTest {
        LastTest { at, works: self.works, verdict: self.verdict.to_owned() }
    }
}

/// The verdict in a word, and the rights that are missing.
pub(crate) fn of_connectwise(verdict: &ConnectWiseVerdict) -> (&'static str, Vec<String>) {
    let word = match verdict {
        ConnectWiseVerdict::Works => "works",
        ConnectWiseVerdict::AddressNotAllowed(_) => "addressNotAllowed",
        ConnectWiseVerdict::WrongHost { .. } => "wrongHost",
        ConnectWiseVerdict::UnknownCompany => "unknownCompany",
        ConnectWiseVerdict::WrongClientId { .. } => "wrongClientId",
        ConnectWiseVerdict::WrongKeys => "wrongKeys",
        ConnectWiseVerdict::MissingRights(rights) => {
            return ("missingRights", rights.iter().map(PsaRight::to_string).collect());
        }
        ConnectWiseVerdict::Unavailable { .. } => "unavailable",
    };
    (word, Vec::new())
}

/// The same of Sophos.
pub(crate) fn of_sophos(verdict: &SophosVerdict) -> (&'static str, Vec<String>) {
    let word = match verdict {
        SophosVerdict::Works => "works",
        SophosVerdict::WrongKeys => "wrongKeys",
        SophosVerdict::NotAPartner { .. } => "notAPartner",
        SophosVerdict::AnotherPartner { .. } => "anotherPartner",
        SophosVerdict::MissingRights(rights) => {
            let name = |right: &SophosRight| match right {
                SophosRight::Customers => "customers".to_owned(),
                SophosRight::BillingUsage => "billing usage".to_owned(),
            };
            return ("missingRights", rights.iter().map(name).collect());
        }
        SophosVerdict::AnswerUnusable { .. } => "answerUnusable",
        SophosVerdict::Unavailable { .. } => "unavailable",
    };
    (word, Vec::new())
}

/// Whether somebody has guessed, and the test says that it is wrong: a company, a client id or keys.
pub(crate) const fn is_wrong_guess_of_connectwise(verdict: &ConnectWiseVerdict) -> bool {
    match verdict {
        ConnectWiseVerdict::UnknownCompany
        | ConnectWiseVerdict::WrongClientId { .. }
        | ConnectWiseVerdict::WrongKeys => true,
        ConnectWiseVerdict::Works
        | ConnectWiseVerdict::AddressNotAllowed(_)
        | ConnectWiseVerdict::WrongHost { .. }
        | ConnectWiseVerdict::MissingRights(_)
        | ConnectWiseVerdict::Unavailable { .. } => false,
    }
}

/// The same of Sophos. The credentials of another account are right, and not the caller's.
pub(crate) const fn is_wrong_guess_of_sophos(verdict: &SophosVerdict) -> bool {
    match verdict {
        SophosVerdict::WrongKeys | SophosVerdict::NotAPartner { .. } | SophosVerdict::AnotherPartner { .. } => true,
        SophosVerdict::Works
        | SophosVerdict::MissingRights(_)
        | SophosVerdict::AnswerUnusable { .. }
        | SophosVerdict::Unavailable { .. } => false,
    }
}

/// Why such a ConnectWise is not saved; none where it works.
pub(crate) fn refusal_of_connectwise(verdict: &ConnectWiseVerdict) -> Option<Problem> {
    let detail = Text::from(verdict);
    let (name, code) = match verdict {
        ConnectWiseVerdict::Works => return None,
        ConnectWiseVerdict::Unavailable { .. } => {
            return Some(Problem::new(ProblemCode::PsaUnreachable).detail(detail));
        }
        ConnectWiseVerdict::AddressNotAllowed(_) => ("/connection/site", ProblemCode::AddressNotAllowed),
        ConnectWiseVerdict::WrongHost { .. } => ("/connection/site", ProblemCode::Invalid),
        ConnectWiseVerdict::UnknownCompany => ("/connection/company", ProblemCode::Invalid),
        ConnectWiseVerdict::WrongClientId { .. } => ("/connection/clientId", ProblemCode::Invalid),
        ConnectWiseVerdict::WrongKeys => ("/connection/privateKey", ProblemCode::PsaKeysRefused),
        ConnectWiseVerdict::MissingRights(rights) => {
            return Some(missing(detail, ProblemCode::PsaRightMissing, rights.iter().map(PsaRight::to_string)));
        }
    };
    Some(refused(detail, name, code))
}

/// Why such credentials of Sophos are not saved; none where they work.
pub(crate) fn refusal_of_sophos(verdict: &SophosVerdict) -> Option<Problem> {
    let detail = Text::from(verdict);
    let (name, code) = match verdict {
        SophosVerdict::Works => return None,
        SophosVerdict::AnswerUnusable { .. } => {
            return Some(Problem::new(ProblemCode::SophosAnswerUnusable).detail(detail));
        }
        SophosVerdict::Unavailable { .. } => {
            return Some(Problem::new(ProblemCode::SophosUnreachable).detail(detail));
        }
        SophosVerdict::WrongKeys => ("/connection/clientSecret", ProblemCode::SophosKeysRefused),
        SophosVerdict::NotAPartner { .. } | SophosVerdict::AnotherPartner { .. } => {
            ("/connection/clientId", ProblemCode::SophosWrongAccount)
        }
        SophosVerdict::MissingRights(_) => {
            let (_, rights) = of_sophos(verdict);
            return Some(missing(detail, ProblemCode::SophosRightMissing, rights));
        }
    };
    Some(refused(detail, name, code))
}

fn refused(detail: Text, pointer: &str, code: ProblemCode) -> Problem {
    let error = FieldError::body(pointer, code, detail.clone());
    Problem::new(ProblemCode::ConnectionTestFailed).detail(detail).errors([error])
}

/// One error a right.
fn missing(detail: Text, code: ProblemCode, rights: impl IntoIterator<Item = String>) -> Problem {
    let errors = rights.into_iter().map(|right| FieldError::body("/connection", code, Text::same(right)));
    Problem::new(ProblemCode::ConnectionTestFailed).detail(detail).errors(errors)
}
