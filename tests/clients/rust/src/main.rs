//! The AWS SDK for Rust with its default settings, doing what its users do. Usage: `s3-rust POLICY STORE PREFIX`.
//!
//! The SDK has no transfer manager yet: its users put parts together by hand.

mod checks;
mod copies;
mod objects;
mod presigned;
mod uploads;

use checks::Checks;

#[tokio::main]
async fn main() {
    let checks = Checks::new().await;
    objects::run(&checks).await;
    presigned::run(&checks).await;
    copies::run(&checks).await;
    uploads::run(&checks).await;
}
