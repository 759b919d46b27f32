//! Panics of the engine over damaged pages become errors.
//!
//! redb reports much damage as an error, and some with a panic. Opening and checking are guarded, as they meet an index
//! that was not verified. What a panic in a running transaction leaves is unknown: the store stops with it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; a panic in it becomes its message. What `work` has touched must not be used after that.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| message(&*panic))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("the index does not read").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(guarded(|| 1), Ok(1));
        assert_eq!(guarded(|| panic!("torn")), Err::<(), _>("torn".to_owned()));
        assert_eq!(guarded(|| panic!("page {}", 7)), Err::<(), _>("page 7".to_owned()));
    }
}
