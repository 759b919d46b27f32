import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.zip.CRC32;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/** Checksums: what the SDK sends by itself, and what it is asked to send. All of them come in signed trailers. */
final class Checksums {
    private static final byte[] BODY = "body".getBytes(UTF_8);

    private Checksums() {}

    static void register(Checks checks) {
        checks.add("the default checksum is CRC32, verified and returned", Checksums::defaultChecksum);
        checks.add("a stream of known length keeps every byte", Checksums::stream);
        checks.add("checksums asked for are verified and returned", Checksums::checksumsAskedFor);
        checks.add("a body that is not what its digest says is not stored", Checksums::wrongDigest);
    }

    private static void defaultChecksum(String bucket) {
        var crc32 = new CRC32();
        crc32.update(BODY);
        var sum = Base64.getEncoder().encodeToString(ByteBuffer.allocate(4).putInt((int) crc32.getValue()).array());
        Checks.same(Calls.put(bucket, "k", BODY, request -> {}).checksumCRC32(), sum);
        var head = Calls.head(bucket, "k");
        Checks.same(head.checksumCRC32() + " " + head.checksumTypeAsString(), sum + " FULL_OBJECT");
    }

    private static void stream(String bucket) {
        var body = Checks.payload(3 * Checks.MIB);
        var source = RequestBody.fromInputStream(new java.io.ByteArrayInputStream(body), body.length);
        Calls.S3.putObject(request -> request.bucket(bucket).key("k").contentEncoding("gzip"), source);
        Checks.sameBytes(Calls.bytes(bucket, "k"), body);
        Checks.same(Calls.head(bucket, "k").contentEncoding(), "gzip");
    }

    private static void checksumsAskedFor(String bucket) {
        Map<ChecksumAlgorithm, Function<HeadObjectResponse, String>> returned = Map.of(
            ChecksumAlgorithm.CRC32, HeadObjectResponse::checksumCRC32,
            ChecksumAlgorithm.CRC32_C, HeadObjectResponse::checksumCRC32C,
            ChecksumAlgorithm.SHA1, HeadObjectResponse::checksumSHA1,
            ChecksumAlgorithm.SHA256, HeadObjectResponse::checksumSHA256);
        returned.forEach((algorithm, field) -> {
            Calls.put(bucket, "k", BODY, request -> request.checksumAlgorithm(algorithm));
            Checks.demand(field.apply(Calls.head(bucket, "k")) != null, "no " + algorithm + " came back");
            Checks.same(Calls.text(bucket, "k"), "body");
        });
    }

    private static void wrongDigest(String bucket) throws Exception {
        var wrong = Base64.getEncoder().encodeToString(new byte[32]);
        Checks.refused(400, "BadDigest", "",
            () -> Calls.put(bucket, "k", BODY, request -> request.checksumSHA256(wrong)));
        Checks.same(Calls.keys(bucket), List.of());
    }
}
