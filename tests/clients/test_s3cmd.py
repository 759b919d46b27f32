"""s3cmd as Debian ships it, with a configuration of keys and address only.

It signs for the region `US` until it knows the bucket's, so creating and listing buckets needs `bucket_location = auto`
in its configuration, or `--region=auto`. It sends `x-amz-storage-class: STANDARD` with every upload. `r2` drops that on
PutObject and refuses it on CreateMultipartUpload, so files above 15 MiB need `--disable-multipart`. It repeats a
refused upload of a single part for 45 seconds before it gives up.
"""

import urllib.error
import urllib.request

import pytest

from payloads import FILES, MIB, binary, read_tree, write_tree


def test_mb_ls_rb(s3cmd, witness, free_name):
    s3cmd.succeeds("--region=auto", "mb", f"s3://{free_name}")
    assert f"s3://{free_name}" in s3cmd.succeeds("--region=auto", "ls").stdout
    s3cmd.succeeds("rb", f"s3://{free_name}")
    assert free_name not in witness.buckets()


def test_mb_and_ls_without_a_region_name_us_and_are_refused(s3cmd, witness, free_name):
    refused = ["InvalidRegionName", "The region name 'US' is not valid"]
    s3cmd.fails("mb", f"s3://{free_name}", saying=refused)
    s3cmd.fails("ls", saying=refused)
    assert free_name not in witness.buckets()


@pytest.mark.parametrize("name", FILES)
def test_put_and_get_keep_every_byte(s3cmd, bucket, home, name):
    (home / "up").write_bytes(FILES[name])
    s3cmd.succeeds("put", "up", f"s3://{bucket}/folder/{name}")
    s3cmd.succeeds("get", f"s3://{bucket}/folder/{name}", "down")
    assert (home / "down").read_bytes() == FILES[name]


def test_put_says_storage_class_standard_and_that_has_no_effect(s3cmd, witness, bucket, home):
    (home / "file").write_text("stored")
    sent = s3cmd.succeeds("--debug", "put", "file", f"s3://{bucket}/file").text
    assert "x-amz-storage-class:STANDARD" in sent
    assert witness.body(bucket, "file") == b"stored"


def test_ls_and_du(s3cmd, witness, bucket):
    for key in ["a.txt", "folder/b c+d"]:
        witness.put(bucket, key, b"12345")
    top = s3cmd.succeeds("ls", f"s3://{bucket}").stdout
    assert f"5  s3://{bucket}/a.txt" in top and f"DIR  s3://{bucket}/folder/" in top
    assert f"s3://{bucket}/folder/b c+d" in s3cmd.succeeds("ls", "--recursive", f"s3://{bucket}").stdout
    assert s3cmd.succeeds("du", f"s3://{bucket}").stdout.split()[:3] == ["10", "2", "objects"]


def test_sync_up_again_and_down(s3cmd, witness, bucket, home):
    tree = write_tree(home / "tree")
    s3cmd.succeeds("sync", "tree/", f"s3://{bucket}/site/")
    assert sorted(witness.keys(bucket)) == sorted(f"site/{name}" for name in tree)
    assert "upload:" not in s3cmd.succeeds("sync", "tree/", f"s3://{bucket}/site/").stdout
    s3cmd.succeeds("sync", f"s3://{bucket}/site/", "copy/")
    assert read_tree(home / "copy") == tree


def test_del_one_and_recursively(s3cmd, witness, bucket):
    for key in ["keep", "logs/1", "logs/2", "one"]:
        witness.put(bucket, key, b"x")
    s3cmd.succeeds("del", f"s3://{bucket}/one")
    s3cmd.succeeds("del", "--recursive", "--force", f"s3://{bucket}/logs/")
    assert witness.keys(bucket) == ["keep"]


def test_info_of_an_object(s3cmd, witness, bucket):
    witness.put(bucket, "k", b"12345")
    info = s3cmd.succeeds("info", f"s3://{bucket}/k").stdout
    assert "File size: 5" in info


def test_info_of_a_bucket(s3cmd, server, bucket):
    """It asks for five sub-resources besides the location, and takes a 501 for `none`. Stores have an ACL to show."""
    owners = {"local": "r2shim", "minio": "CanonicalUser"}
    acl = f"{owners[server.store]}: FULL_CONTROL" if server.policy == "open" else "none"
    info = s3cmd.succeeds("info", f"s3://{bucket}").stdout
    assert "Location:  auto" in info and "Policy:    none" in info and f"ACL:       {acl}" in info


def test_signurl_makes_sigv2_addresses_and_they_are_refused(s3cmd, witness, bucket):
    """s3cmd 2.3 knows no other kind; presign with aws-cli or an SDK."""
    witness.put(bucket, "k", b"x")
    address = s3cmd.succeeds("signurl", f"s3://{bucket}/k", "+600").stdout.strip()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address, timeout=30)
    assert refused.value.code == 401
    assert b"SigV2 authorization is not supported. Please use SigV4 instead." in refused.value.read()


# What the r2 policy refuses


@pytest.mark.policy("r2")
@pytest.mark.parametrize(
    ("option", "saying"),
    [
        ("--acl-public", "Header 'x-amz-acl' with value 'public-read' not implemented"),
        pytest.param(
            "--storage-class=GLACIER",
            "Header 'x-amz-storage-class' with value 'GLACIER' not implemented",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "--server-side-encryption",
            "Header 'x-amz-server-side-encryption' with value 'AES256' not implemented",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_put_with_an_option_r2_lacks_is_refused_by_name(s3cmd, witness, bucket, home, option, saying):
    (home / "file").write_text("never stored")
    s3cmd.fails("put", option, "file", f"s3://{bucket}/file", saying=["501", saying])
    assert witness.keys(bucket) == []


@pytest.mark.policy("r2")
def test_put_above_15_mib_is_refused_for_its_storage_class(s3cmd, witness, bucket, home):
    (home / "large").write_bytes(binary(16 * MIB))
    refused = "Header 'x-amz-storage-class' with value 'STANDARD' not implemented"
    s3cmd.fails("put", "large", f"s3://{bucket}/large", saying=["501", refused])
    assert witness.keys(bucket) == []


def test_put_above_15_mib_passes_with_disable_multipart(s3cmd, witness, bucket, home):
    content = binary(16 * MIB)
    (home / "large").write_bytes(content)
    s3cmd.succeeds("put", "--disable-multipart", "large", f"s3://{bucket}/large")
    assert witness.body(bucket, "large") == content


@pytest.mark.policy("open")
def test_put_in_parts_passes_where_all_is_open(s3cmd, bucket, home):
    (home / "large").write_bytes(binary(100 * MIB))
    s3cmd.succeeds("put", "large", f"s3://{bucket}/large")
    s3cmd.succeeds("get", f"s3://{bucket}/large", "down")
    assert (home / "down").read_bytes() == binary(100 * MIB)


# Copies


def test_cp_and_mv_on_the_server(s3cmd, witness, bucket):
    witness.put(bucket, "a b/c+d", b"body")
    s3cmd.succeeds("cp", f"s3://{bucket}/a b/c+d", f"s3://{bucket}/copy")
    s3cmd.succeeds("mv", f"s3://{bucket}/a b/c+d", f"s3://{bucket}/moved")
    assert witness.keys(bucket) == ["copy", "moved"]
    assert witness.body(bucket, "copy") == witness.body(bucket, "moved") == b"body"


def test_modify_changes_the_metadata_in_place(s3cmd, witness, bucket):
    witness.put(bucket, "k", b"body")
    s3cmd.succeeds("modify", "--add-header=x-amz-meta-colour: red", f"s3://{bucket}/k")
    assert witness.head(bucket, "k")["Metadata"]["colour"] == "red"
    assert witness.body(bucket, "k") == b"body"
