//! "Did you mean": the known name that is nearest to a mistyped one.

/// The known name that differs from `name` by a few letters, ignoring case; `None` if no name is near.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let name = name.to_ascii_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&name, &known.to_ascii_lowercase());
    let near = known.iter().copied().map(|known| (distance(known), known));
    near.filter(|(distance, known)| *distance <= 1 + known.len() / 5).min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_name() {
        let known = ["x-amz-acl", "x-amz-server-side-encryption", "listen", "policy"];
        for (slip, meant) in [
            ("x-amz-alc", Some("x-amz-acl")),
            ("X-Amz-Acl", Some("x-amz-acl")),
            ("x-amz-server-side-encription", Some("x-amz-server-side-encryption")),
            ("lsiten", Some("listen")),
            ("Policy", Some("policy")),
            ("entirely-else", None),
            ("", None),
        ] {
            assert_eq!(nearest(slip, &known), meant, "{slip}");
        }
    }
}
