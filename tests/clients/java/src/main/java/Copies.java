import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CopyObjectRequest;
import software.amazon.awssdk.services.s3.model.CopyObjectResponse;
import software.amazon.awssdk.services.s3.model.MetadataDirective;

/** CopyObject. */
final class Copies {
    private Copies() {}

    static void register(Checks checks) {
        checks.add("a copy has the body and the metadata of its source", Copies::plain);
        checks.add("a copy with metadata of its own", Copies::withMetadata);
        checks.add("a copy onto itself needs a change", Copies::ontoItself);
        checks.add("conditions on the source of a copy", Copies::conditions);
        checks.add("a copy that asks for a checksum is refused by name, or passes where policy and store have it",
            bucket -> withChecksum(checks, bucket));
        checks.add("a copy of what is not there",
            bucket -> Checks.refused(404, "NoSuchKey", "", () -> copy(bucket, "to", request -> {})));
    }

    /** Stores what the checks copy; returns its ETag. */
    private static String source(String bucket) {
        return Calls.put(bucket, Presigned.KEY, "body".getBytes(UTF_8),
            request -> request.contentType("text/css").metadata(Map.of("colour", "red"))).eTag();
    }

    private static CopyObjectResponse copy(String bucket, String key, Consumer<CopyObjectRequest.Builder> more) {
        return Calls.S3.copyObject(request -> request.sourceBucket(bucket).sourceKey(Presigned.KEY)
            .destinationBucket(bucket).destinationKey(key).applyMutation(more));
    }

    private static void plain(String bucket) {
        var etag = source(bucket);
        Checks.same(copy(bucket, "to", request -> {}).copyObjectResult().eTag(), etag);
        Checks.same(Calls.text(bucket, "to"), "body");
        var head = Calls.head(bucket, "to");
        Checks.same(head.contentType() + head.metadata(), "text/css{colour=red}");
    }

    private static void withMetadata(String bucket) {
        source(bucket);
        copy(bucket, "to", request -> request.metadataDirective(MetadataDirective.REPLACE).contentType("text/html")
            .metadata(Map.of("size", "small")));
        var head = Calls.head(bucket, "to");
        Checks.same(head.contentType() + head.metadata(), "text/html{size=small}");
    }

    private static void ontoItself(String bucket) throws Exception {
        source(bucket);
        Checks.refused(400, "InvalidRequest", "", () -> copy(bucket, Presigned.KEY, request -> {}));
        copy(bucket, Presigned.KEY, request -> request.metadataDirective(MetadataDirective.REPLACE));
        Checks.same(Calls.head(bucket, Presigned.KEY).metadata(), Map.of());
    }

    private static void conditions(String bucket) throws Exception {
        var etag = source(bucket);
        copy(bucket, "to", request -> request.copySourceIfMatch(etag));
        Checks.refused(412, "PreconditionFailed", "",
            () -> copy(bucket, "other", request -> request.copySourceIfNoneMatch(etag)));
        Checks.same(Calls.keys(bucket), List.of(Presigned.KEY, "to"));
    }

    private static void withChecksum(Checks checks, String bucket) throws Exception {
        source(bucket);
        checks.refusedHeader("x-amz-checksum-algorithm", "SHA256", "CopyObject",
            () -> copy(bucket, "to", request -> request.checksumAlgorithm(ChecksumAlgorithm.SHA256)));
    }
}
