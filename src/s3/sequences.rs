//! Inputs for tests of parsers: every text that can be made of a few tokens, so that a run is the same each time and no
//! short input is left out.

/// All texts of up to `length` of these tokens, the empty one first.
pub(crate) fn sequences(tokens: &[&str], length: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut longest = 0..1;
    for _ in 0..length {
        let end = all.len();
        let longer: Vec<String> =
            all[longest].iter().flat_map(|text| tokens.iter().map(move |token| format!("{text}{token}"))).collect();
        all.extend(longer);
        longest = end..all.len();
    }
    all
}
