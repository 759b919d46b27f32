//! aws-chunked bodies as clients frame them.

use r2shim::sigv4::ChunkChain;
use sha2::{Digest, Sha256};

/// Frames chunks, and the empty one behind them, without signatures.
pub fn frame(chunks: &[&str], trailer: &str) -> String {
    let chunks: String = chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
    format!("{chunks}0\r\n{trailer}\r\n")
}

/// The same, each chunk signed, and the trailer's lines where there are some.
pub fn frame_signed(chain: &mut ChunkChain, chunks: &[&str], trailer: Option<&str>) -> String {
    let mut body = String::new();
    for chunk in chunks.iter().chain(&[""]) {
        let signature = chain.sign_chunk(&Sha256::digest(chunk).into()).hex();
        body += &format!("{:x};chunk-signature={signature}\r\n{chunk}", chunk.len());
        body += if chunk.is_empty() { "" } else { "\r\n" };
    }
    if let Some(trailer) = trailer {
        let signature = chain.sign_trailer(&Sha256::digest(format!("{trailer}\n")).into()).hex();
        body += &format!("{trailer}\r\nx-amz-trailer-signature:{signature}\r\n");
    }
    body + "\r\n"
}
