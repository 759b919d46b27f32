//! Presigned addresses, used by plain HTTP.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};

use crate::checks::{Checks, Failed, ODD_KEY, Outcome, causes, same, same_bytes};

pub async fn run(checks: &Checks) {
    checks.check("a presigned GET", async |bucket| get(checks, bucket).await).await;
    checks.check("a presigned PUT with metadata", async |bucket| put(checks, bucket).await).await;
}

fn minute() -> Result<PresigningConfig, Failed> {
    PresigningConfig::expires_in(Duration::from_secs(60)).map_err(causes)
}

/// Makes the request that was presigned, with the headers that were signed; returns status and body.
fn plain_http(presigned: &PresignedRequest, body: &str) -> Result<(String, String), Failed> {
    let (address, target) =
        presigned.uri().strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or("address")?;
    let signed: String = presigned.headers().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let (method, length) = (presigned.method(), body.len());
    let head = format!("{method} /{target} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {length}\r\n{signed}\r\n");
    let mut connection = TcpStream::connect(address).map_err(causes)?;
    connection.write_all(format!("{head}{body}").as_bytes()).map_err(causes)?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).map_err(causes)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no head")?;
    Ok((head.split(' ').nth(1).unwrap_or_default().to_owned(), body.to_owned()))
}

async fn get(checks: &Checks, bucket: &str) -> Outcome {
    checks.put(bucket, ODD_KEY, b"body").await?;
    let presigned =
        checks.client.get_object().bucket(bucket).key(ODD_KEY).presigned(minute()?).await.map_err(causes)?;
    same(plain_http(&presigned, "")?, ("200".to_owned(), "body".to_owned()))
}

async fn put(checks: &Checks, bucket: &str) -> Outcome {
    let request = checks.client.put_object().bucket(bucket).key(ODD_KEY).metadata("colour", "green");
    let presigned = request.presigned(minute()?).await.map_err(causes)?;
    same(plain_http(&presigned, "from elsewhere")?, ("200".to_owned(), String::new()))?;
    same_bytes(&checks.get(bucket, ODD_KEY).await?, b"from elsewhere")?;
    let head = checks.client.head_object().bucket(bucket).key(ODD_KEY).send().await.map_err(causes)?;
    same(head.metadata.and_then(|metadata| metadata.get("colour").cloned()), Some("green".to_owned()))
}
