//! What a server's name on the Internet looks like, for the addresses that people type.

const MAX_NAME_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// Whether a text can be a server's name on the Internet: at least two labels of letters, digits and inner hyphens, none
/// longer than 63 bytes and all together at most 253, the last with a letter: else it would be an IP address. No dot
/// stands at the end. Names beyond ASCII are in the form that is looked up (`xn--…`).
#[must_use]
pub fn is_host_name(text: &str) -> bool {
    let ends_in_name = text.rsplit_once('.').is_some_and(|(_, last)| last.bytes().any(|b| b.is_ascii_alphabetic()));
    ends_in_name && text.len() <= MAX_NAME_BYTES && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_dot_and_labels_that_can_be_looked_up() {
        for name in ["example.com", "a.b-c.3com.example", "4.example", "xn--bcher-kva.example", "EXAMPLE.Com"] {
            assert!(is_host_name(name), "{name}");
        }
        for other in [
            "",
            ".",
            "example",
            "example.com.",
            ".example.com",
            "a..example.com",
            "-a.example.com",
            "a-.example.com",
            "a_b.example.com",
            "a b.example.com",
            "*.example.com",
            "bücher.example",
            "example.com:443",
            "127.0.0.1",
            "example.1",
        ] {
            assert!(!is_host_name(other), "{other:?}");
        }
    }

    #[test]
    fn a_label_has_at_most_63_bytes_and_a_name_253() {
        let label = "a".repeat(63);
        let of = |last: usize| format!("{label}.{label}.{label}.{}", "b".repeat(last));
        assert_eq!(of(61).len(), 253);
        assert!(is_host_name(&of(61)));
        assert!(!is_host_name(&of(62)));
        assert!(!is_host_name(&format!("a{label}.example")));
    }
}
