//! Why a change of product mappings is refused, in the words of a billing person.

use shared::domain::id::ProductCode;
use shared::domain::mapping::change::ChangeFault;
use shared::http::Text;

/// What is wrong with a change, and what to do about it.
pub(super) fn change_fault(fault: &ChangeFault) -> Text {
    match fault {
        ChangeFault::Twice(code) => {
            Text::new(format!("{code} has two rows. Send one."), format!("{code} ha due righe. Inviarne una sola."))
        }
        ChangeFault::NotMapped(unmapped) => Text::new(
            unmapped.to_string(),
            format!("{} è senza mapping. Mapparlo prima: la sincronizzazione si attiva da sola.", unmapped.code()),
        ),
        ChangeFault::RuleWithoutMapping(code) => Text::new(
            format!("{code} is not mapped to a ConnectWise product; a combine rule is for mapped products only."),
            format!("{code} è senza mapping: una regola per il prodotto combinato vale solo per i prodotti mappati."),
        ),
        ChangeFault::RuleMissing { product, parts } => Text::new(
            format!(
                "{} go to ConnectWise product {product}. Choose whether to add them up or to take the largest.",
                list(parts)
            ),
            format!(
                "{} vanno sul prodotto ConnectWise {product}. Scegliere se sommarli o prendere il maggiore.",
                list(parts)
            ),
        ),
        ChangeFault::RulesDiffer { product, parts } => Text::new(
            format!(
                "{} go to ConnectWise product {product} by another rule. Send their rows too: all parts must agree.",
                list(parts)
            ),
            format!(
                "{} vanno sul prodotto ConnectWise {product} con un'altra regola. Inviare anche le loro righe: la regola \
                 deve essere la stessa per tutti.",
                list(parts)
            ),
        ),
    }
}

fn list(codes: &[ProductCode]) -> String {
    codes.iter().map(ProductCode::as_str).collect::<Vec<_>>().join(", ")
}
