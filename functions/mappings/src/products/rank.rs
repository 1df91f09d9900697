//! Which ConnectWise product a Sophos product may be: proposals in an order, none of them ever applied by itself.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::id::PsaProductId;
use shared::domain::search::fold;

/// Words that half a catalogue has: they tell nothing.
const EMPTY_WORDS: [&str; 10] = ["and", "for", "the", "per", "with", "sophos", "central", "msp", "flex", "monthly"];
/// How many of a description's words are looked up.
const WORDS_ASKED: usize = 3;

/// Why a product is proposed, the best reason first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// Its identifier says it.
    Identifier,
    /// Its vendor's or manufacturer's number is the code.
    Sku,
    /// Its key in another system is the code.
    CrossReference,
    /// Its names have words in common.
    Name,
}

/// A ConnectWise product that may be the one.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) id: PsaProductId,
    pub(super) identifier: String,
    pub(super) description: String,
    /// The number of its vendor or manufacturer is the code.
    pub(super) by_sku: bool,
    /// Its key in another system is the code.
    pub(super) by_xref: bool,
}

/// A proposal.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    pub(super) candidate: Candidate,
    pub(super) reason: Reason,
    /// How many of the words of the Sophos product's description it has, in percent.
    pub(super) words_percent: usize,
}

/// The best `limit` candidates for a Sophos product, each once.
pub(super) fn ranked(
    code: &str,
    description: &str,
    candidates: impl IntoIterator<Item = Candidate>,
    limit: usize,
) -> Vec<Proposal> {
    let wanted = words(description);
    let propose = |candidate: Candidate| {
        let found = words(&format!("{} {}", candidate.identifier, candidate.description));
        let words_percent = (wanted.intersection(&found).count() * 100).checked_div(wanted.len()).unwrap_or(0);
        let identifier = plain(&candidate.identifier);
        let named = identifier == plain(code) || (!wanted.is_empty() && words(&candidate.identifier) == wanted);
        let reason = if named {
            Reason::Identifier
        } else if candidate.by_sku {
            Reason::Sku
        } else if candidate.by_xref {
            Reason::CrossReference
        } else if words_percent > 0 {
            Reason::Name
        } else {
            return None;
        };
        Some(Proposal { candidate, reason, words_percent })
    };
    // A product that was found in two ways is one: by its key counts more.
    let mut best: BTreeMap<PsaProductId, Proposal> = BTreeMap::new();
    for proposal in candidates.into_iter().filter_map(propose) {
        let known = best.get(&proposal.candidate.id);
        if known.is_none_or(|known| proposal.reason < known.reason) {
            best.insert(proposal.candidate.id, proposal);
        }
    }
    let mut proposals: Vec<Proposal> = best.into_values().collect();
    proposals.sort_by(|a, b| {
        let worse =
            |p: &Proposal| (p.reason, usize::MAX - p.words_percent, p.candidate.description.len(), p.candidate.id);
        worse(a).cmp(&worse(b))
    });
    proposals.truncate(limit);
    proposals
}

/// The texts by which candidates are looked for: the code without its edition, and the words that tell most.
pub(super) fn texts(code: &str, description: &str) -> Vec<String> {
    let stem = code.strip_suffix("-MSP").unwrap_or(code).to_owned();
    let mut telling: Vec<String> = words(description).into_iter().filter(|word| word.chars().count() > 2).collect();
    telling.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    let mut texts = vec![stem];
    texts.extend(telling.into_iter().take(WORDS_ASKED));
    texts.dedup();
    texts
}

fn words(text: &str) -> BTreeSet<String> {
    let folded = fold(text);
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.filter(|word| !EMPTY_WORDS.contains(word)).map(str::to_owned).collect()
}

fn plain(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: i64, identifier: &str, description: &str) -> Candidate {
        let id = PsaProductId::try_from(id).unwrap();
        let (identifier, description) = (identifier.to_owned(), description.to_owned());
        Candidate { id, identifier, description, by_sku: false, by_xref: false }
    }

    fn order(proposals: &[Proposal]) -> Vec<(u32, Reason)> {
        proposals.iter().map(|proposal| (proposal.candidate.id.get(), proposal.reason)).collect()
    }

    #[test]
    fn identifier_comes_before_sku_before_cross_reference_before_name_and_nothing_else_is_proposed() {
        let candidates = [
            candidate(1, "X", "Intercept X"),
            candidate(2, "Y", "Intercept X Advanced"),
            Candidate { by_xref: true, ..candidate(3, "Z", "Other") },
            Candidate { by_sku: true, ..candidate(4, "W", "Other") },
            candidate(5, "Sophos_Intercept_X_Advanced", "Ours"),
            candidate(6, "CIXA-MSP", "Mine"),
            candidate(7, "Chair", "Furniture"),
            Candidate { by_sku: true, ..candidate(2, "Y", "Intercept X Advanced") },
        ];
        let ranked = ranked("CIXA-MSP", "Central Intercept X Advanced", candidates, 10);
        let expected = [
            (6, Reason::Identifier),
            (5, Reason::Identifier),
            (2, Reason::Sku),
            (4, Reason::Sku),
            (3, Reason::CrossReference),
            (1, Reason::Name),
        ];
        let mut sorted = order(&ranked);
        sorted[..2].sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        assert_eq!(sorted, expected);
    }

    #[test]
    fn what_is_looked_up_is_the_code_and_the_longest_words() {
        let texts = texts("CIXA-MSP", "Sophos Central Intercept X Advanced with EDR");
        assert_eq!(texts, ["CIXA", "intercept", "advanced", "edr"]);
    }
}
