//! Regions: which names mean the only region.
//!
//! The policy has the names. This compares them and makes the refusal.

use crate::s3::{Code, S3Error};

/// The region's name and what else it may be called (seed page, "Bucket region").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regions {
    /// Its name in answers: `auto`.
    pub name: String,
    /// Other names for it in requests, including the empty string.
    pub aliases: Vec<String>,
    /// Location hints that are names of the region, too, whatever the case of their letters. A new bucket keeps the one
    /// that its maker gives.
    pub locations: Vec<String>,
    /// Location hints, names of places that R2 also takes where a region stands: refused in words of their own,
    /// whatever the case of their letters.
    pub hints: Vec<String>,
    /// What to say to a location hint, with `{value}` for it.
    pub hint_refusal: String,
    /// What to say to any other name, with `{value}` for it.
    pub refusal: String,
}

impl Regions {
    /// The region's one name for whatever a credential's scope or a LocationConstraint calls it; anything that is
    /// neither the name nor an alias is `InvalidRegionName`.
    pub fn normalise(&self, given: &str) -> Result<&str, S3Error> {
        if given == self.name || self.aliases.iter().any(|alias| alias == given) || self.location(given).is_some() {
            return Ok(&self.name);
        }
        let is_hint = self.hints.iter().any(|hint| hint.eq_ignore_ascii_case(given));
        let text = if is_hint { &self.hint_refusal } else { &self.refusal };
        let cause = format!("the region is {:?}", given.chars().take(80).collect::<String>());
        Err(S3Error::new(Code::INVALID_REGION_NAME).message(text.replace("{value}", given)).cause(cause))
    }

    /// The location that a LocationConstraint means, in upper case, as answers write it; `None` if it is none.
    pub fn location(&self, given: &str) -> Option<String> {
        let is_location = self.locations.iter().any(|location| location.eq_ignore_ascii_case(given));
        is_location.then(|| given.to_ascii_uppercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions() -> Regions {
        Regions {
            name: "auto".into(),
            aliases: vec![String::new(), "us-east-1".into()],
            locations: vec!["apac".into()],
            hints: vec!["weur".into()],
            hint_refusal: "'{value}' is a location hint.".into(),
            refusal: "The region name '{value}' is not valid.".into(),
        }
    }

    #[test]
    fn aliases_are_one_region() {
        for given in ["auto", "", "us-east-1", "apac", "APAC"] {
            assert_eq!(regions().normalise(given), Ok("auto"), "{given:?}");
        }
    }

    #[test]
    fn a_location_is_written_in_upper_case() {
        for (given, location) in
            [("apac", Some("APAC")), ("ApAc", Some("APAC")), ("auto", None), ("weur", None), ("", None)]
        {
            assert_eq!(regions().location(given).as_deref(), location, "{given:?}");
        }
    }

    #[test]
    fn other_regions_are_refused_by_name() {
        for given in ["eu-west-1", "AUTO", " ", "us-east-1 "] {
            let error = regions().normalise(given).unwrap_err();
            assert_eq!(error.code, "InvalidRegionName");
            assert_eq!(error.message, format!("The region name '{given}' is not valid."));
        }
    }

    #[test]
    fn location_hints_are_refused_in_their_own_words() {
        for given in ["weur", "WEUR"] {
            let error = regions().normalise(given).unwrap_err();
            assert_eq!(error.code, "InvalidRegionName");
            assert_eq!(error.message, format!("'{given}' is a location hint."));
        }
    }
}
