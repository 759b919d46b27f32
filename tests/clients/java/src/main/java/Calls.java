import java.util.List;
import java.util.function.Consumer;
import software.amazon.awssdk.core.ResponseBytes;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Object;

/** The calls that most checks make. */
final class Calls {
    /** The client as it comes: keys, endpoint and region are in the environment. */
    static final S3Client S3 = S3Client.create();

    private Calls() {}

    /** What the names of all buckets begin with; two digits follow. */
    static String prefix;

    private static int names = 0;

    /** The name of a bucket that is not there yet. */
    static String freeName() {
        names++;
        return "%s%02d".formatted(prefix, names);
    }

    static String newBucket() {
        var name = freeName();
        S3.createBucket(request -> request.bucket(name));
        return name;
    }

    static PutObjectResponse put(String bucket, String key, byte[] body, Consumer<PutObjectRequest.Builder> more) {
        var source = RequestBody.fromBytes(body);
        return S3.putObject(request -> request.bucket(bucket).key(key).applyMutation(more), source);
    }

    static PutObjectResponse put(String bucket, String key, String body) {
        return put(bucket, key, body.getBytes(java.nio.charset.StandardCharsets.UTF_8), request -> {});
    }

    static ResponseBytes<GetObjectResponse> get(String bucket, String key, Consumer<GetObjectRequest.Builder> more) {
        return S3.getObjectAsBytes(request -> request.bucket(bucket).key(key).applyMutation(more));
    }

    static String text(String bucket, String key) {
        return get(bucket, key, request -> {}).asUtf8String();
    }

    static byte[] bytes(String bucket, String key) {
        return get(bucket, key, request -> {}).asByteArray();
    }

    static HeadObjectResponse head(String bucket, String key) {
        return S3.headObject(request -> request.bucket(bucket).key(key).checksumMode(ChecksumMode.ENABLED));
    }

    /** Every key of a bucket, in the order of the listing. */
    static List<String> keys(String bucket) {
        var pages = S3.listObjectsV2Paginator(request -> request.bucket(bucket));
        return pages.contents().stream().map(S3Object::key).toList();
    }
}
