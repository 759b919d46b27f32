//! Regions: which names mean the one region there is.
//!
//! The names are the policy's; this is only how they are compared and what the refusal says.

use crate::s3::{Code, S3Error};

/// The region's name and what else it may be called (seed page, "Bucket region").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regions {
    /// What answers call it: `auto`.
    pub name: String,
    /// What requests may call it besides, the empty string among them.
    pub aliases: Vec<String>,
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
        if given == self.name || self.aliases.iter().any(|alias| alias == given) {
            return Ok(&self.name);
        }
        let is_hint = self.hints.iter().any(|hint| hint.eq_ignore_ascii_case(given));
        let text = if is_hint { &self.hint_refusal } else { &self.refusal };
        let cause = format!("the region is {:?}", given.chars().take(80).collect::<String>());
        Err(S3Error::new(Code::INVALID_REGION_NAME).message(text.replace("{value}", given)).cause(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions() -> Regions {
        Regions {
            name: "auto".into(),
            aliases: vec![String::new(), "us-east-1".into()],
            hints: vec!["weur".into()],
            hint_refusal: "'{value}' is a location hint.".into(),
            refusal: "The region name '{value}' is not valid.".into(),
        }
    }

    #[test]
    fn aliases_are_one_region() {
        for given in ["auto", "", "us-east-1"] {
            assert_eq!(regions().normalise(given), Ok("auto"), "{given:?}");
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
