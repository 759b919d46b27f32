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
    /// What to say to any other name, with `{value}` for it.
    pub refusal: String,
}

impl Regions {
    /// The region's one name for whatever a credential's scope or a LocationConstraint calls it; anything that is
    /// neither the name nor an alias is `InvalidRegionName`.
    pub fn normalise(&self, given: &str) -> Result<&str, S3Error> {
        if given == self.name || self.aliases.iter().any(|alias| alias == given) {
            Ok(&self.name)
        } else {
            let cause = format!("the region is {:?}", given.chars().take(80).collect::<String>());
            Err(S3Error::new(Code::INVALID_REGION_NAME).message(self.refusal.replace("{value}", given)).cause(cause))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions() -> Regions {
        Regions {
            name: "auto".into(),
            aliases: vec![String::new(), "us-east-1".into()],
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
}
