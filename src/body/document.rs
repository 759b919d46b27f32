//! Collects a request document. XML bodies are small and bounded, so they are read completely before they are parsed.

use crate::s3::{Code, Limit, S3Error};

/// Gathers the bytes of a document up to a limit.
#[derive(Debug)]
pub struct DocumentCollector {
    bytes: Vec<u8>,
    limit: usize,
}

impl DocumentCollector {
    /// A collector that holds `limit` bytes at the most.
    pub fn new(limit: usize) -> DocumentCollector {
        DocumentCollector { bytes: Vec::new(), limit }
    }

    /// The next bytes; `MaxMessageLengthExceeded` as soon as there are more than the limit. Then the collected bytes
    /// are dropped.
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), S3Error> {
        if bytes.len() > self.limit - self.bytes.len() {
            self.bytes = Vec::new();
            self.limit = 0;
            let error = S3Error::new(Code::MAX_MESSAGE_LENGTH_EXCEEDED);
            return Err(S3Error { limit: Some(Limit::DocumentBytes), ..error });
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// The document.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_what_was_pushed() {
        let mut document = DocumentCollector::new(5);
        for piece in [&b"ab"[..], b"", b"cde"] {
            document.update(piece).unwrap();
        }
        assert_eq!(document.finish(), b"abcde");
    }

    #[test]
    fn one_byte_too_many_is_refused_and_so_is_what_follows() {
        let mut document = DocumentCollector::new(5);
        document.update(b"abcd").unwrap();
        assert_eq!(document.update(b"ef").unwrap_err().code, "MaxMessageLengthExceeded");
        assert!(document.update(b"g").is_err());
        assert!(document.finish().is_empty());
    }
}
