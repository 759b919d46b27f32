import java.util.List;
import java.util.stream.Stream;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Listing: pages, prefixes, delimiters. */
final class Listing {
    private Listing() {}

    static void register(Checks checks) {
        checks.add("a listing with delimiter and prefix", Listing::delimiterAndPrefix);
        checks.add("pages of any size show the same", Listing::pagesOfAnySize);
    }

    private static void storeTree(String bucket) {
        List.of("a", "b/1", "b/2/x", "b/2/y", "b/3", "c", "d e/1").forEach(key -> Calls.put(bucket, key, ""));
    }

    /** The keys and then the prefixes of a page. */
    private static Stream<String> entries(ListObjectsV2Response page) {
        var prefixes = page.commonPrefixes().stream().map(CommonPrefix::prefix);
        return Stream.concat(page.contents().stream().map(S3Object::key), prefixes);
    }

    private static void delimiterAndPrefix(String bucket) {
        storeTree(bucket);
        var page = Calls.S3.listObjectsV2(request -> request.bucket(bucket).delimiter("/").prefix("b/"));
        Checks.same(entries(page).toList(), List.of("b/1", "b/3", "b/2/"));
        Checks.same(page.keyCount(), 3);
    }

    private static void pagesOfAnySize(String bucket) {
        storeTree(bucket);
        for (var size : List.of(1, 2, 3, 1000)) {
            var pages = Calls.S3.listObjectsV2Paginator(request -> request.bucket(bucket).delimiter("/").maxKeys(size));
            Checks.same(pages.stream().flatMap(Listing::entries).sorted().toList(), List.of("a", "b/", "c", "d e/"));
        }
    }
}
