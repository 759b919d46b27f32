//! How much of the server one key may use. [`crate::server::quota`] counts and enforces it.

/// The limits of a key. `None` means the default; 0 is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyLimits {
    /// Requests in flight at the same time.
    pub requests: Option<u64>,
    /// Requests a second, on average; as many may come at once.
    pub request_rate: Option<u64>,
    /// Bytes of bodies a second that clients may send.
    pub bytes_in: Option<u64>,
    /// Bytes of bodies a second that clients get.
    pub bytes_out: Option<u64>,
    /// Copies at the same time.
    pub copies: Option<u64>,
    /// Open uploads.
    pub uploads: Option<u64>,
    /// How much of the disk's free room may be reserved for writes under way, in percent.
    pub space: Option<u64>,
}

impl KeyLimits {
    /// The defaults. Rates have no limit, because it depends on the machine. The others stop a key from using
    /// everything that all keys share: a key gets half of the requests, copies and room, and a tenth of the 100,000
    /// open uploads of a store.
    pub const DEFAULT: KeyLimits = KeyLimits {
        requests: Some(2_048),
        request_rate: Some(0),
        bytes_in: Some(0),
        bytes_out: Some(0),
        copies: Some(32),
        uploads: Some(10_000),
        space: Some(50),
    };

    /// These limits, and those of `others` for the missing ones.
    #[must_use]
    pub fn or(self, others: KeyLimits) -> KeyLimits {
        KeyLimits {
            requests: self.requests.or(others.requests),
            request_rate: self.request_rate.or(others.request_rate),
            bytes_in: self.bytes_in.or(others.bytes_in),
            bytes_out: self.bytes_out.or(others.bytes_out),
            copies: self.copies.or(others.copies),
            uploads: self.uploads.or(others.uploads),
            space: self.space.or(others.space),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_key_says_comes_first() {
        let of_key = KeyLimits { requests: Some(1), uploads: Some(0), ..KeyLimits::default() };
        let of_all = KeyLimits { requests: Some(2), copies: Some(3), ..KeyLimits::default() };
        let expected = KeyLimits { requests: Some(1), uploads: Some(0), copies: Some(3), ..KeyLimits::default() };
        assert_eq!(of_key.or(of_all), expected);
    }
}
