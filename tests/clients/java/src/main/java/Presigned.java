import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import software.amazon.awssdk.awscore.presigner.PresignedRequest;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.ObjectCannedACL;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** Presigned addresses, used by plain HTTP. */
final class Presigned {
    static final String KEY = "a b/ż+c.txt";

    private static final S3Presigner PRESIGNER = S3Presigner.create();
    private static final HttpClient PLAIN = HttpClient.newHttpClient();
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private Presigned() {}

    static void register(Checks checks) {
        checks.add("a presigned GET", Presigned::presignedGet);
        checks.add("a presigned PUT", Presigned::presignedPut);
        checks.add("a presigned PUT with signed metadata", Presigned::presignedPutWithMetadata);
        checks.add("a presigned PUT with an ACL is refused by name, or passes where all is open",
            bucket -> presignedPutWithAcl(checks, bucket));
    }

    /** Makes the request that was presigned, with the headers that were signed. */
    private static HttpResponse<String> plainHttp(PresignedRequest presigned, String body) throws Exception {
        var request = HttpRequest.newBuilder(presigned.url().toURI())
            .method(presigned.httpRequest().method().name(), BodyPublishers.ofString(body));
        presigned.signedHeaders().forEach((name, values) -> {
            if (!name.equalsIgnoreCase("host")) {
                request.header(name, values.get(0));
            }
        });
        return PLAIN.send(request.build(), BodyHandlers.ofString());
    }

    private static PresignedRequest put(PutObjectRequest asked) {
        return PRESIGNER.presignPutObject(request -> request.signatureDuration(MINUTE).putObjectRequest(asked));
    }

    private static void presignedGet(String bucket) throws Exception {
        Calls.put(bucket, KEY, "body");
        var asked = GetObjectRequest.builder().bucket(bucket).key(KEY).responseContentType("text/odd").build();
        var presigned = PRESIGNER.presignGetObject(
            request -> request.signatureDuration(MINUTE).getObjectRequest(asked));
        var answer = plainHttp(presigned, "");
        Checks.same(answer.statusCode() + " " + answer.body(), "200 body");
        Checks.same(answer.headers().firstValue("content-type").orElse(""), "text/odd");
    }

    private static void presignedPut(String bucket) throws Exception {
        var answer = plainHttp(put(PutObjectRequest.builder().bucket(bucket).key(KEY).build()), "from elsewhere");
        Checks.same(answer.statusCode() + answer.body(), "200");
        Checks.same(Calls.text(bucket, KEY), "from elsewhere");
    }

    private static void presignedPutWithMetadata(String bucket) throws Exception {
        var asked = PutObjectRequest.builder().bucket(bucket).key(KEY).metadata(Map.of("colour", "green")).build();
        var answer = plainHttp(put(asked), "x");
        Checks.same(answer.statusCode() + answer.body(), "200");
        Checks.same(Calls.head(bucket, KEY).metadata(), Map.of("colour", "green"));
    }

    private static void presignedPutWithAcl(Checks checks, String bucket) throws Exception {
        var asked = PutObjectRequest.builder().bucket(bucket).key(KEY).acl(ObjectCannedACL.PUBLIC_READ).build();
        var answer = plainHttp(put(asked), "x");
        Checks.same(answer.statusCode(), checks.open() ? 200 : 501);
        Checks.same(answer.body().contains("x-amz-acl"), !checks.open());
    }
}
