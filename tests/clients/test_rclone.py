"""rclone as Debian 12 ships it (1.60), with its default settings for Cloudflare.

It sends `x-amz-acl: private` with every write, and no setting of 1.60 stops it: an empty `--s3-acl` becomes `private`
again, and a presigned upload carries the header as well. Under `r2` every write is therefore refused; reading works.
Version 1.61 and later leave the header out. Under `open` everything works.
"""

import re

import pytest

from payloads import FILES, MIB, binary, read_tree, write_tree

REFUSED = ["NotImplemented", "501", "Header 'x-amz-acl' with value 'private' not implemented"]


@pytest.fixture
def rclone_1_60(rclone):
    """rclone, where it is the version that sends the header unasked."""
    version = re.search(r"v(\d+)\.(\d+)", rclone.succeeds("version").stdout)
    if (int(version[1]), int(version[2])) > (1, 60):
        pytest.skip(f"rclone {version[0]} does not send x-amz-acl by itself")
    return rclone


# Under r2: writing is refused


@pytest.mark.policy("r2")
def test_mkdir_is_refused_by_name(rclone_1_60, witness, free_name):
    rclone_1_60.fails("mkdir", f"r2:{free_name}", saying=REFUSED)
    assert free_name not in witness.buckets()


WRITES = [[], ["--s3-no-check-bucket"], ["--s3-no-check-bucket", "--s3-acl", ""]]


@pytest.mark.policy("r2")
@pytest.mark.parametrize("settings", WRITES, ids=lambda settings: " ".join(settings) or "defaults")
def test_copy_is_refused_by_name_and_no_setting_helps(rclone_1_60, witness, bucket, home, settings):
    (home / "file").write_text("never stored")
    rclone_1_60.fails("copy", *settings, "file", f"r2:{bucket}", saying=REFUSED[2])
    assert witness.keys(bucket) == []


@pytest.mark.policy("r2")
def test_a_presigned_upload_does_not_help_either(rclone_1_60, witness, bucket, home):
    """The address carries the header, and 1.60 sends `Content-Length` twice with it."""
    (home / "file").write_text("never stored")
    presigned = ["--s3-no-check-bucket", "--s3-use-presigned-request"]
    rclone_1_60.fails("copy", *presigned, "file", f"r2:{bucket}", saying="Failed to copy")
    assert witness.keys(bucket) == []


@pytest.mark.policy("r2")
def test_a_refused_write_leaves_what_was_there(rclone_1_60, witness, bucket, home):
    witness.put(bucket, "file", b"before")
    (home / "file").write_text("after!")
    rclone_1_60.fails("copy", "--s3-no-check-bucket", "file", f"r2:{bucket}", saying=REFUSED)
    assert witness.body(bucket, "file") == b"before"


# Under both: reading and deleting


def test_ls_lsl_lsd_size_and_cat(rclone, witness, bucket):
    for key, body in [("top.txt", b"1234567"), ("folder/a b+c.txt", b"odd name"), ("folder/żółw", b"")]:
        witness.put(bucket, key, body)
    assert "        7 top.txt" in rclone.succeeds("ls", f"r2:{bucket}").stdout
    listing = rclone.succeeds("lsl", f"r2:{bucket}").stdout
    assert "folder/a b+c.txt" in listing and "folder/żółw" in listing
    assert listing.count("\n") == 3
    assert rclone.succeeds("lsd", f"r2:{bucket}").stdout.endswith(" folder\n")
    assert bucket in rclone.succeeds("lsd", "r2:").stdout
    assert "Total size: 15 B" in rclone.succeeds("size", f"r2:{bucket}").stdout
    assert rclone.succeeds("cat", f"r2:{bucket}/folder/a b+c.txt").bytes == b"odd name"


@pytest.mark.parametrize("name", FILES)
def test_copy_down_keeps_every_byte(rclone, witness, bucket, home, name):
    witness.put(bucket, name, FILES[name])
    rclone.succeeds("copy", f"r2:{bucket}/{name}", "down")
    assert (home / "down" / name).read_bytes() == FILES[name]


def test_sync_down_and_check(rclone, witness, bucket, home):
    tree = write_tree(home / "tree")
    for name, body in tree.items():
        witness.put(bucket, name, body)
    rclone.succeeds("sync", f"r2:{bucket}", "copy")
    assert read_tree(home / "copy") == tree
    rclone.succeeds("check", "copy", f"r2:{bucket}")


def test_delete_and_rmdir(rclone, witness, bucket):
    for key in ["a", "folder/b"]:
        witness.put(bucket, key, b"x")
    rclone.succeeds("delete", f"r2:{bucket}/folder")
    assert witness.keys(bucket) == ["a"]
    rclone.fails("rmdir", f"r2:{bucket}", saying="BucketNotEmpty")
    rclone.succeeds("deletefile", f"r2:{bucket}/a")
    rclone.succeeds("rmdir", f"r2:{bucket}")
    assert bucket not in witness.buckets()


def test_purge_takes_a_bucket_without_versions_for_what_it_is(rclone, witness, bucket):
    """It asks for the versioning first, and takes a 501 for `unversioned`."""
    witness.put(bucket, "folder/a", b"x")
    rclone.succeeds("purge", f"r2:{bucket}")
    assert bucket not in witness.buckets()


# Under open: everything


@pytest.mark.policy("open")
def test_mkdir_makes_a_bucket(rclone, witness, free_name):
    rclone.succeeds("mkdir", f"r2:{free_name}")
    assert free_name in witness.buckets()


@pytest.mark.policy("open")
@pytest.mark.parametrize("name", FILES)
def test_copy_up_keeps_every_byte(rclone, witness, bucket, home, name):
    (home / name).write_bytes(FILES[name])
    rclone.succeeds("copy", name, f"r2:{bucket}/folder")
    assert witness.body(bucket, f"folder/{name}") == FILES[name]


@pytest.mark.policy("open")
def test_sync_up_check_and_sync_again(rclone, witness, bucket, home):
    tree = write_tree(home / "tree")
    witness.put(bucket, "not in the source", b"x")
    rclone.succeeds("sync", "tree", f"r2:{bucket}")
    assert sorted(witness.keys(bucket)) == sorted(tree)
    rclone.succeeds("check", "--download", "tree", f"r2:{bucket}")
    again = rclone.succeeds("sync", "-v", "tree", f"r2:{bucket}").text
    assert "Copied" not in again and "There was nothing to transfer" in again


@pytest.mark.policy("open")
def test_rcat_stores_a_stream(rclone, witness, bucket):
    rclone.succeeds("rcat", f"r2:{bucket}/stream", stdin=b"of unknown length")
    assert witness.body(bucket, "stream") == b"of unknown length"


SIZES = {"20 MiB": 20 * MIB, "100 MiB": 100 * MIB, "201 MiB": 201 * MIB}


@pytest.mark.policy("open")
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_copy_of_a_large_file_up_and_down_keeps_every_byte(rclone, bucket, home, size):
    """From 200 MiB on it goes up in parts."""
    (home / "large").write_bytes(binary(size))
    rclone.succeeds("copy", "large", f"r2:{bucket}")
    rclone.succeeds("copy", f"r2:{bucket}/large", "down")
    assert (home / "down" / "large").read_bytes() == binary(size)


@pytest.mark.policy("open")
def test_rcat_of_a_large_stream_goes_up_in_parts(rclone, witness, bucket):
    rclone.succeeds("rcat", f"r2:{bucket}/stream", stdin=binary(20 * MIB))
    assert witness.body(bucket, "stream") == binary(20 * MIB)
    assert re.search(r'-\d+"$', witness.head(bucket, "stream")["ETag"])


@pytest.mark.policy("open")
def test_copyto_moveto_and_sync_on_the_server(rclone, witness, bucket, free_name):
    for key in ["a b/ż+c", "d"]:
        witness.put(bucket, key, key.encode())
    witness.create_bucket(free_name)
    rclone.succeeds("sync", f"r2:{bucket}", f"r2:{free_name}")
    assert witness.keys(free_name) == ["a b/ż+c", "d"]
    rclone.succeeds("copyto", f"r2:{bucket}/a b/ż+c", f"r2:{bucket}/copy")
    rclone.succeeds("moveto", f"r2:{bucket}/d", f"r2:{bucket}/moved")
    assert witness.keys(bucket) == ["a b/ż+c", "copy", "moved"]
    assert witness.body(bucket, "copy") == "a b/ż+c".encode()
