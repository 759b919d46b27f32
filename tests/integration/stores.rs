//! Real stores of other products: they answer once they are started, and are gone when they are dropped.

use crate::support::stores::{Kind, RealStore, STORE_KEY_ID, STORE_REGION, STORE_SECRET};
use crate::support::{Connection, Request, Signing};

fn come_up_and_go(kind: Kind) {
    let store = RealStore::start(kind);
    let address = store.address;
    let (id, secret, region) = (STORE_KEY_ID.into(), STORE_SECRET.into(), STORE_REGION.into());
    let signing = Signing { id, secret, region, ..Signing::default() };
    let listed = Connection::open(address).send(Request::get("/").signed_by(address, &signing).0);
    assert!(listed.status == 200 && listed.text().contains("<ListAllMyBucketsResult"), "{}", listed.text());
    drop(store);
    assert!(Connection::try_open(address).is_err());
}

#[test]
#[ignore = "needs a built MinIO: run by tests/run"]
fn over_minio() {
    come_up_and_go(Kind::Minio);
}

#[test]
#[ignore = "needs a built versitygw: run by tests/run"]
fn over_versitygw() {
    come_up_and_go(Kind::Versitygw);
}
