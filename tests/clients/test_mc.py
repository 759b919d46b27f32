"""`mc`, MinIO's client, with an alias and all else as it comes.

It sends nothing with its writes that r2 refuses; before a copy it asks for object locks, and takes a 501 for `none`.
"""

import json
import re
import urllib.request

import pytest

from payloads import FILES, MIB, binary, read_tree, write_tree

LARGE = binary(100 * MIB)


def described(mc, address):
    """`mc stat` of an object, read."""
    return json.loads(mc.succeeds("--json", "stat", address).stdout)


def test_mb_ls_rb(mc, witness, free_name):
    mc.succeeds("mb", f"r2/{free_name}")
    assert f"{free_name}/" in mc.succeeds("ls", "r2").stdout
    mc.succeeds("rb", f"r2/{free_name}")
    assert free_name not in witness.buckets()


def test_rb_refuses_a_full_bucket_and_force_empties_it(mc, witness, bucket):
    witness.put(bucket, "a/b", b"x")
    mc.fails("rb", f"r2/{bucket}", saying="is not empty")
    assert witness.keys(bucket) == ["a/b"]
    mc.succeeds("rb", "--force", f"r2/{bucket}")
    assert bucket not in witness.buckets()


def test_ls_of_a_missing_bucket_says_so(mc, free_name):
    mc.fails("ls", f"r2/{free_name}", saying="does not exist")


@pytest.mark.parametrize("name", FILES)
def test_cp_up_and_down_keeps_every_byte(mc, bucket, home, name):
    (home / "up").write_bytes(FILES[name])
    mc.succeeds("cp", "up", f"r2/{bucket}/a b/ż+{name}")
    mc.succeeds("cp", f"r2/{bucket}/a b/ż+{name}", "down")
    assert (home / "down").read_bytes() == FILES[name]


def test_cp_of_100_mib_goes_up_in_parts_and_is_copied_on_the_server(mc, witness, bucket, home):
    (home / "up").write_bytes(LARGE)
    mc.succeeds("cp", "up", f"r2/{bucket}/large")
    assert re.fullmatch(r'"[0-9a-f]{32}-\d+"', witness.head(bucket, "large")["ETag"])
    mc.succeeds("cp", f"r2/{bucket}/large", f"r2/{bucket}/copy")
    mc.succeeds("cp", f"r2/{bucket}/copy", "down")
    assert (home / "down").read_bytes() == LARGE


def test_put_and_get_of_100_mib_keep_every_byte(mc, bucket, home):
    (home / "up").write_bytes(LARGE)
    mc.succeeds("put", "up", f"r2/{bucket}/large")
    mc.succeeds("get", f"r2/{bucket}/large", "down")
    assert (home / "down").read_bytes() == LARGE


def test_cp_takes_metadata_and_a_copy_keeps_it(mc, witness, bucket, home):
    (home / "file").write_text("x")
    mc.succeeds("cp", "--attr", "colour=red;Cache-Control=max-age=60", "file", f"r2/{bucket}/from")
    mc.succeeds("cp", f"r2/{bucket}/from", f"r2/{bucket}/to")
    head = witness.head(bucket, "to")
    assert (head["CacheControl"], head["Metadata"]) == ("max-age=60", {"colour": "red"})
    assert described(mc, f"r2/{bucket}/to")["metadata"]["X-Amz-Meta-Colour"] == "red"


def test_mv_between_keys(mc, witness, bucket):
    witness.put(bucket, "from", b"moved")
    mc.succeeds("mv", f"r2/{bucket}/from", f"r2/{bucket}/to")
    assert witness.keys(bucket) == ["to"] and witness.body(bucket, "to") == b"moved"


def test_cat_head_and_pipe(mc, witness, bucket):
    mc.succeeds("pipe", f"r2/{bucket}/piped", stdin=b"one\ntwo\n")
    assert witness.body(bucket, "piped") == b"one\ntwo\n"
    assert mc.succeeds("cat", f"r2/{bucket}/piped").bytes == b"one\ntwo\n"
    assert mc.succeeds("cat", "--offset", 4, f"r2/{bucket}/piped").bytes == b"two\n"
    assert mc.succeeds("head", "-n", 1, f"r2/{bucket}/piped").stdout == "one\n"


def test_ls_find_du_and_tree(mc, witness, bucket):
    for key in ["top.txt", "folder/a b+c", "folder/żółw"]:
        witness.put(bucket, key, b"12345")
    assert "folder/" in mc.succeeds("ls", f"r2/{bucket}").stdout
    assert "folder/a b+c" in mc.succeeds("ls", "--recursive", f"r2/{bucket}").stdout
    assert mc.succeeds("find", f"r2/{bucket}", "--name", "ż*").stdout == f"r2/{bucket}/folder/żółw\n"
    assert "3 objects" in mc.succeeds("du", f"r2/{bucket}").stdout
    assert "folder" in mc.succeeds("tree", f"r2/{bucket}").stdout


def test_mirror_up_again_and_down(mc, witness, bucket, home):
    tree = write_tree(home / "tree")
    witness.put(bucket, "site/not in the source", b"x")
    mc.succeeds("mirror", "--remove", "tree", f"r2/{bucket}/site")
    assert sorted(witness.keys(bucket)) == sorted(f"site/{name}" for name in tree)
    assert mc.succeeds("diff", "tree", f"r2/{bucket}/site").stdout == ""
    mc.succeeds("mirror", f"r2/{bucket}/site", "copy")
    assert read_tree(home / "copy") == tree


def test_rm_recursive_removes_what_is_below_and_no_more(mc, witness, bucket):
    for key in ["keep", "logs/1", "logs/2 & 3", "one"]:
        witness.put(bucket, key, b"x")
    mc.succeeds("rm", f"r2/{bucket}/one")
    mc.succeeds("rm", "--recursive", "--force", f"r2/{bucket}/logs/")
    assert witness.keys(bucket) == ["keep"]


def test_share_download_makes_an_address_that_plain_http_can_read(mc, witness, bucket):
    witness.put(bucket, "a b+c", b"shared")
    shared = json.loads(mc.succeeds("--json", "share", "download", f"r2/{bucket}/a b+c").stdout)
    with urllib.request.urlopen(shared["share"], timeout=30) as answer:
        assert answer.read() == b"shared"


REFUSED = [
    ("tag set {object} a=b", "PutObjectTagging not implemented"),
    ("anonymous set public {bucket}", "GetBucketPolicy not implemented"),
    ("version enable {bucket}", "PutBucketVersioning not implemented"),
    ("cp --tags a=b file {bucket}/file", "Header 'x-amz-tagging' with value 'a=b' not implemented"),
]


@pytest.mark.policy("r2")
@pytest.mark.parametrize(("command", "saying"), REFUSED)
def test_what_r2_lacks_is_refused_by_name(mc, witness, bucket, home, command, saying):
    (home / "file").write_text("never stored")
    witness.put(bucket, "k", b"x")
    words = command.format(bucket=f"r2/{bucket}", object=f"r2/{bucket}/k").split()
    mc.fails(*words, saying=saying)
    assert witness.keys(bucket) == ["k"]


@pytest.mark.policy("r2")
def test_cp_in_parts_with_a_storage_class_is_refused_by_name(mc, witness, bucket, home):
    (home / "large").write_bytes(LARGE)
    saying = "Header 'x-amz-storage-class' with value 'STANDARD' not implemented"
    mc.fails("cp", "--storage-class", "STANDARD", "large", f"r2/{bucket}/large", saying=saying)
    assert witness.keys(bucket) == []


@pytest.mark.policy("open")
def test_cp_in_parts_with_a_storage_class_passes_where_all_is_open(mc, witness, bucket, home):
    (home / "large").write_bytes(LARGE)
    mc.succeeds("cp", "--storage-class", "STANDARD", "large", f"r2/{bucket}/large")
    assert witness.head(bucket, "large")["ContentLength"] == len(LARGE)
