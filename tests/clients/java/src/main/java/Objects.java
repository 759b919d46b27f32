import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.time.Instant;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import software.amazon.awssdk.services.s3.model.DeletedObject;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectCannedACL;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;

/** Buckets, objects, keys, metadata, ranges, conditions. */
final class Objects {
    private static final List<String> KEYS = List.of(
        "a b", " a ", "a+b", "100%", "a%2Fb", "a//b", "/a", "a/", "żółw", "🐢/🐇", "it's \"quoted\"",
        "(a)[b]{c}*~!", "a/./b/../c", "../../etc/passwd", "a&b<c>d", "a?b=c#d", "a=b,c;d:e@f$g", "a\\b|c^d`e",
        "tab\tand line\nend", "k".repeat(1024));

    private Objects() {}

    static void register(Checks checks) {
        checks.add("a bucket comes and goes", bucket -> bucketComesAndGoes());
        checks.add("a small object keeps every byte", bucket -> keepsEveryByte(bucket, "Grüße\n".getBytes(UTF_8)));
        checks.add("an empty object keeps every byte", bucket -> keepsEveryByte(bucket, new byte[0]));
        checks.add("an object of 20 MiB keeps every byte",
            bucket -> keepsEveryByte(bucket, Checks.payload(20 * Checks.MIB)));
        checks.add("what is not there", Objects::whatIsNotThere);
        checks.add("metadata comes back as it was given", Objects::metadataComesBack);
        checks.add("odd keys are put, read, listed and deleted as they are", bucket -> oddKeys(checks, bucket));
        checks.add("ranges", Objects::ranges);
        checks.add("conditions on reads", Objects::conditionsOnReads);
        checks.add("conditions on writes", Objects::conditionsOnWrites);
        checks.add("delete many", Objects::deleteMany);
        checks.add("an ACL is refused by name, or passes where all is open", bucket -> refusedAcl(checks, bucket));
        checks.add("tags are refused by name, or pass where policy and store have them",
            bucket -> refusedTags(checks, bucket));
        checks.add("encryption is refused by name, or by a store without keys for it",
            bucket -> refusedEncryption(checks, bucket));
        checks.add("an operation R2 lacks is refused by name, or passes where policy and store have it",
            bucket -> refusedOperation(checks, bucket));
    }

    private static void bucketComesAndGoes() throws Exception {
        var name = Calls.newBucket();
        Calls.S3.waiter().waitUntilBucketExists(request -> request.bucket(name));
        var listed = Calls.S3.listBuckets().buckets().stream().anyMatch(each -> each.name().equals(name));
        Checks.same(listed, true);
        Calls.put(name, "k", "x");
        Checks.refused(409, "BucketNotEmpty", "", () -> Calls.S3.deleteBucket(request -> request.bucket(name)));
        Calls.S3.deleteObject(request -> request.bucket(name).key("k"));
        Calls.S3.deleteBucket(request -> request.bucket(name));
        Checks.refused(404, "NoSuchBucket", "", () -> Calls.text(name, "k"));
    }

    private static void keepsEveryByte(String bucket, byte[] body) throws Exception {
        var etag = Calls.put(bucket, "k", body, request -> {}).eTag();
        Checks.same(etag, '"' + HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(body)) + '"');
        var answer = Calls.get(bucket, "k", request -> {});
        Checks.sameBytes(answer.asByteArray(), body);
        Checks.same(answer.response().eTag(), etag);
        Checks.same(answer.response().contentEncoding(), null);
    }

    private static void whatIsNotThere(String bucket) throws Exception {
        try {
            Calls.text(bucket, "nothing");
            throw new AssertionError("read what is not there");
        } catch (NoSuchKeyException expected) {
            Checks.same(expected.statusCode(), 404);
        }
        Checks.refused(404, "NoSuchBucket", "", () -> Calls.text(Calls.freeName(), "k"));
        Calls.S3.deleteObject(request -> request.bucket(bucket).key("nothing"));
    }

    private static void metadataComesBack(String bucket) {
        var metadata = Map.of("colour", "red", "with-dash", "a  b");
        var body = "x".getBytes(UTF_8);
        Calls.put(bucket, "k", body, request -> request.cacheControl("max-age=60")
            .contentDisposition("attachment; filename=\"a b.txt\"").contentEncoding("gzip").contentLanguage("de, en")
            .contentType("text/css; charset=utf-8").expires(Instant.parse("2030-01-02T03:04:05Z")).metadata(metadata));
        var head = Calls.head(bucket, "k");
        Checks.same(head.cacheControl(), "max-age=60");
        Checks.same(head.contentDisposition(), "attachment; filename=\"a b.txt\"");
        Checks.same(head.contentEncoding(), "gzip");
        Checks.same(head.contentLanguage(), "de, en");
        Checks.same(head.contentType(), "text/css; charset=utf-8");
        Checks.same(head.expiresString(), "Wed, 02 Jan 2030 03:04:05 GMT");
        Checks.same(head.metadata(), metadata);
    }

    /** Whether the store keeps such a key. Keys are paths for MinIO, and segments names of folders. */
    private static boolean keeps(Checks checks, String key) {
        var segments = List.of(key.replaceFirst("/$", "").split("/", -1));
        return checks.local() || segments.stream()
            .noneMatch(segment -> List.of("", ".", "..").contains(segment) || segment.length() > 255);
    }

    private static void oddKeys(Checks checks, String bucket) throws Exception {
        var kept = KEYS.stream().filter(key -> keeps(checks, key)).toList();
        kept.forEach(key -> Calls.put(bucket, key, key));
        kept.forEach(key -> Checks.same(Calls.text(bucket, key), key));
        var byBytes = Comparator.comparing((String key) -> HexFormat.of().formatHex(key.getBytes(UTF_8)));
        Checks.same(Calls.keys(bucket), kept.stream().sorted(byBytes).toList());
        kept.forEach(key -> Calls.S3.deleteObject(request -> request.bucket(bucket).key(key)));
        Checks.same(Calls.keys(bucket), List.of());
        for (var key : KEYS.stream().filter(key -> !keeps(checks, key)).toList()) {
            Checks.refused(400, "InvalidObjectName", "", () -> Calls.put(bucket, key, ""));
        }
    }

    private static void ranges(String bucket) throws Exception {
        Calls.put(bucket, "k", "0123456789");
        Map.of("bytes=0-0", "0", "bytes=3-5", "345", "bytes=8-", "89", "bytes=-3", "789").forEach((asked, answered) ->
            Checks.same(Calls.get(bucket, "k", request -> request.range(asked)).asUtf8String(), answered));
        Checks.refused(416, "InvalidRange", "", () -> Calls.get(bucket, "k", request -> request.range("bytes=10-")));
    }

    private static void conditionsOnReads(String bucket) throws Exception {
        var etag = Calls.put(bucket, "k", "x").eTag();
        Checks.same(Calls.get(bucket, "k", request -> request.ifMatch(etag)).asUtf8String(), "x");
        Checks.refused(412, "PreconditionFailed", "",
            () -> Calls.get(bucket, "k", request -> request.ifMatch("\"another\"")));
        try {
            Calls.get(bucket, "k", request -> request.ifNoneMatch(etag));
            throw new AssertionError("read what has not changed");
        } catch (S3Exception unchanged) {
            Checks.same(unchanged.statusCode(), 304);
        }
    }

    private static void conditionsOnWrites(String bucket) throws Exception {
        var first = "first".getBytes(UTF_8);
        var second = "second".getBytes(UTF_8);
        var etag = Calls.put(bucket, "k", first, request -> request.ifNoneMatch("*")).eTag();
        Checks.refused(412, "PreconditionFailed", "",
            () -> Calls.put(bucket, "k", second, request -> request.ifNoneMatch("*")));
        Checks.refused(412, "PreconditionFailed", "",
            () -> Calls.put(bucket, "k", second, request -> request.ifMatch("\"another\"")));
        Checks.same(Calls.text(bucket, "k"), "first");
        Calls.put(bucket, "k", second, request -> request.ifMatch(etag));
        Checks.same(Calls.text(bucket, "k"), "second");
    }

    private static void deleteMany(String bucket) {
        var there = List.of("a", "b & c", "<d>", "e\nf", "żółw");
        Stream.concat(there.stream(), Stream.of("kept")).forEach(key -> Calls.put(bucket, key, "x"));
        var wanted = Stream.concat(there.stream(), Stream.of("never was")).toList();
        var objects = wanted.stream().map(key -> ObjectIdentifier.builder().key(key).build()).toList();
        var answer = Calls.S3.deleteObjects(request -> request.bucket(bucket).delete(list -> list.objects(objects)));
        Checks.same(answer.deleted().stream().map(DeletedObject::key).toList(), wanted);
        Checks.same(Calls.keys(bucket), List.of("kept"));
    }

    private static void refusedAcl(Checks checks, String bucket) throws Exception {
        var none = new byte[0];
        checks.refusedByR2("Header 'x-amz-acl' with value 'public-read' not implemented",
            () -> Calls.put(bucket, "k", none, request -> request.acl(ObjectCannedACL.PUBLIC_READ)));
    }

    private static void refusedTags(Checks checks, String bucket) throws Exception {
        var none = new byte[0];
        checks.refusedHeader("x-amz-tagging", "a=b", "PutObject",
            () -> Calls.put(bucket, "k", none, request -> request.tagging("a=b")));
    }

    private static void refusedEncryption(Checks checks, String bucket) throws Exception {
        Checks.Call encrypted = () -> Calls.put(bucket, "k", new byte[0],
            request -> request.serverSideEncryption(ServerSideEncryption.AES256));
        if (checks.lacks()) {
            checks.refusedHeader("x-amz-server-side-encryption", "AES256", "PutObject", encrypted);
        } else {
            Checks.refused(501, "NotImplemented", "", encrypted);
        }
    }

    private static void refusedOperation(Checks checks, String bucket) throws Exception {
        Calls.put(bucket, "k", "x");
        Checks.Call tags = () -> Calls.S3.getObjectTagging(request -> request.bucket(bucket).key("k"));
        if (checks.lacks()) {
            Checks.refused(501, "NotImplemented", "GetObjectTagging not implemented", tags);
        } else {
            tags.run();
        }
    }
}
