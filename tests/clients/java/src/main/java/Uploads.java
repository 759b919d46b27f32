import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.StorageClass;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

/** Multipart uploads: by hand, and with the transfer manager, which reads large objects part by part as well. */
final class Uploads {
    private static final S3TransferManager TRANSFERS = S3TransferManager.create();

    private Uploads() {}

    static void register(Checks checks) {
        checks.add("the transfer manager, a file of 100 MiB up and down", Uploads::file);
        checks.add("the transfer manager, a stream of unknown length", Uploads::stream);
        checks.add("the transfer manager, a copy", Uploads::copy);
        checks.add("the transfer manager, a copy of 100 MiB is refused for its condition, or passes where all is open",
            bucket -> largeCopy(checks, bucket));
        checks.add("an upload with a storage class is refused by name, or passes where all is open",
            bucket -> storageClass(checks, bucket));
        checks.add("parts by hand, and read one by one", Uploads::parts);
        checks.add("parts that are wrong are refused", Uploads::wrongParts);
        checks.add("an upload that is aborted is gone", Uploads::aborted);
        checks.add("ListParts is refused by name, or lists where all is open", bucket -> listParts(checks, bucket));
        checks.add("an object put together from ranges of another", Uploads::partCopies);
    }

    private static void upload(String bucket, String key, byte[] body) throws Exception {
        var file = Files.createTempFile("up", "");
        Files.write(file, body);
        TRANSFERS.uploadFile(request -> request.source(file).putObjectRequest(put -> put.bucket(bucket).key(key)
            .contentType("video/mp4").metadata(Map.of("colour", "red")))).completionFuture().join();
        Files.delete(file);
    }

    private static byte[] download(String bucket, String key) throws Exception {
        var file = Path.of(System.getProperty("java.io.tmpdir"), Calls.freeName());
        TRANSFERS.downloadFile(request -> request.destination(file)
            .getObjectRequest(get -> get.bucket(bucket).key(key))).completionFuture().join();
        var body = Files.readAllBytes(file);
        Files.delete(file);
        return body;
    }

    private static void file(String bucket) throws Exception {
        var body = Checks.payload(100 * Checks.MIB);
        upload(bucket, "k", body);
        var head = Calls.head(bucket, "k");
        Checks.same(head.contentType() + head.metadata(), "video/mp4{colour=red}");
        Checks.demand(head.eTag().endsWith("-13\""), head.eTag() + " is not of 13 parts");
        Checks.sameBytes(download(bucket, "k"), body);
    }

    private static void stream(String bucket) {
        var body = Checks.payload(20 * Checks.MIB + 1);
        var threads = Executors.newSingleThreadExecutor();
        var source = AsyncRequestBody.fromInputStream(new java.io.ByteArrayInputStream(body), null, threads);
        TRANSFERS.upload(request -> request.requestBody(source).putObjectRequest(put -> put.bucket(bucket).key("k")))
            .completionFuture().join();
        threads.shutdown();
        Checks.sameBytes(Calls.bytes(bucket, "k"), body);
    }

    private static void copyWithTransfers(String bucket) {
        TRANSFERS.copy(request -> request.copyObjectRequest(copy -> copy.sourceBucket(bucket).sourceKey(Presigned.KEY)
            .destinationBucket(bucket).destinationKey("to"))).completionFuture().join();
    }

    private static void copy(String bucket) {
        Calls.put(bucket, Presigned.KEY, "body");
        copyWithTransfers(bucket);
        Checks.same(Calls.text(bucket, "to"), "body");
    }

    private static void largeCopy(Checks checks, String bucket) throws Exception {
        var body = Checks.payload(100 * Checks.MIB);
        upload(bucket, Presigned.KEY, body);
        checks.refusedByR2("Header 'x-amz-copy-source-if-match' with value", () -> copyWithTransfers(bucket));
        if (checks.open()) {
            Checks.sameBytes(Calls.bytes(bucket, "to"), body);
        }
    }

    private static void storageClass(Checks checks, String bucket) throws Exception {
        var body = AsyncRequestBody.fromBytes(Checks.payload(20 * Checks.MIB));
        checks.refusedByR2("Header 'x-amz-storage-class' with value 'STANDARD' not implemented",
            () -> TRANSFERS.upload(request -> request.requestBody(body).putObjectRequest(
                put -> put.bucket(bucket).key("k").storageClass(StorageClass.STANDARD))).completionFuture().join());
    }

    private static String begin(String bucket, String key) {
        return Calls.S3.createMultipartUpload(request -> request.bucket(bucket).key(key)).uploadId();
    }

    private static CompletedPart part(String bucket, String key, String id, int number, byte[] body) {
        var answer = Calls.S3.uploadPart(request -> request.bucket(bucket).key(key).uploadId(id).partNumber(number),
            RequestBody.fromBytes(body));
        return CompletedPart.builder().partNumber(number).eTag(answer.eTag()).checksumCRC32(answer.checksumCRC32())
            .build();
    }

    private static void complete(String bucket, String key, String id, List<CompletedPart> parts) {
        Calls.S3.completeMultipartUpload(request -> request.bucket(bucket).key(key).uploadId(id)
            .multipartUpload(upload -> upload.parts(parts)));
    }

    private static void parts(String bucket) {
        var body = Checks.payload(6 * Checks.MIB);
        var id = begin(bucket, Presigned.KEY);
        var second = part(bucket, Presigned.KEY, id, 2, Arrays.copyOfRange(body, 5 * Checks.MIB, body.length));
        var first = part(bucket, Presigned.KEY, id, 1, Arrays.copyOf(body, 5 * Checks.MIB));
        complete(bucket, Presigned.KEY, id, List.of(first, second));
        Checks.sameBytes(Calls.bytes(bucket, Presigned.KEY), body);
        var last = Calls.get(bucket, Presigned.KEY, request -> request.partNumber(2));
        Checks.same(last.response().partsCount(), 2);
        Checks.sameBytes(last.asByteArray(), Arrays.copyOfRange(body, 5 * Checks.MIB, body.length));
    }

    private static void wrongParts(String bucket) throws Exception {
        var id = begin(bucket, "k");
        var first = part(bucket, "k", id, 1, Checks.payload(9));
        var second = part(bucket, "k", id, 2, Checks.payload(1));
        var forged = first.toBuilder().eTag("\"00000000000000000000000000000000\"").build();
        Checks.refused(400, "EntityTooSmall", "", () -> complete(bucket, "k", id, List.of(first, second)));
        Checks.refused(400, "InvalidPartOrder", "", () -> complete(bucket, "k", id, List.of(second, first)));
        Checks.refused(400, "InvalidPart", "", () -> complete(bucket, "k", id, List.of(forged)));
        Checks.same(Calls.keys(bucket), List.of());
    }

    private static void aborted(String bucket) throws Exception {
        var id = begin(bucket, "k");
        part(bucket, "k", id, 1, Checks.payload(1));
        var uploads = Calls.S3.listMultipartUploads(request -> request.bucket(bucket)).uploads();
        var listed = uploads.stream().map(upload -> upload.key() + " " + upload.uploadId()).toList();
        Checks.same(listed, List.of("k " + id));
        Calls.S3.abortMultipartUpload(request -> request.bucket(bucket).key("k").uploadId(id));
        Checks.refused(404, "NoSuchUpload", "", () -> part(bucket, "k", id, 2, Checks.payload(1)));
        Checks.same(Calls.S3.listMultipartUploads(request -> request.bucket(bucket)).uploads(), List.of());
    }

    private static void listParts(Checks checks, String bucket) throws Exception {
        var id = begin(bucket, "k");
        part(bucket, "k", id, 1, Checks.payload(1));
        checks.refusedByR2("ListParts not implemented", () -> {
            var parts = Calls.S3.listParts(request -> request.bucket(bucket).key("k").uploadId(id)).parts();
            Checks.same(parts.stream().map(each -> each.partNumber() + ": " + each.size()).toList(), List.of("1: 1"));
        });
    }

    private static void partCopies(String bucket) {
        var body = Checks.payload(7 * Checks.MIB);
        Calls.put(bucket, "from", body, request -> {});
        var id = begin(bucket, "to");
        var spans = List.of("bytes=0-5242879", "bytes=5242880-7340031");
        var parts = new ArrayList<CompletedPart>();
        for (var span : spans) {
            var number = parts.size() + 1;
            var result = Calls.S3.uploadPartCopy(request -> request.sourceBucket(bucket).sourceKey("from")
                .copySourceRange(span).destinationBucket(bucket).destinationKey("to").uploadId(id)
                .partNumber(number)).copyPartResult();
            parts.add(CompletedPart.builder().partNumber(number).eTag(result.eTag()).build());
        }
        complete(bucket, "to", id, parts);
        Checks.sameBytes(Calls.bytes(bucket, "to"), body);
    }
}
