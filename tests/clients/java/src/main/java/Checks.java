import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** The list of checks, how they are run, and what they demand. */
final class Checks {
    static final int MIB = 1 << 20;

    /** What users do; gets the name of an empty bucket. */
    interface Body {
        void run(String bucket) throws Exception;
    }

    /** A call, for its refusal. */
    interface Call {
        void run() throws Exception;
    }

    private final String policy;
    private final String store;
    private final Map<String, Body> bodies = new LinkedHashMap<>();

    /** The policy is the one the server runs under, `r2` or `open`; the store what is behind it, `local` or `minio`. */
    Checks(String policy, String store) {
        this.policy = policy;
        this.store = store;
    }

    void add(String name, Body body) {
        bodies.put(name, body);
    }

    /** Runs all checks one after the other; prints `ok NAME` or `not ok NAME: why` for each. */
    void run() {
        bodies.forEach((name, body) -> {
            try {
                body.run(Calls.newBucket());
                System.out.println("ok " + name);
            } catch (Exception | AssertionError error) {
                System.out.println("not ok " + name + ": " + describe(error));
            }
        });
    }

    /** An error on one line, with the place in the checks where it happened. */
    private static String describe(Throwable error) {
        var ours = Arrays.stream(error.getStackTrace())
            .filter(frame -> !frame.getClassName().contains(".") && !frame.getClassName().startsWith("Checks"))
            .findFirst();
        return (ours.map(Object::toString).orElse("") + " " + error).replaceAll("\\s+", " ");
    }

    boolean open() {
        return policy.equals("open");
    }

    boolean local() {
        return store.equals("local");
    }

    /** Whether neither policy nor store lets through what R2 lacks. MinIO has it where all is open. */
    boolean lacks() {
        return !open() || local();
    }

    static void demand(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    static void same(Object actual, Object expected) {
        demand(java.util.Objects.equals(actual, expected), "'" + actual + "', not '" + expected + "'");
    }

    /** Demands that two bodies are the same, without printing megabytes where they are not. */
    static void sameBytes(byte[] actual, byte[] expected) {
        var otherwise = actual.length + " bytes that are not the " + expected.length + " stored";
        demand(Arrays.equals(actual, expected), otherwise);
    }

    /** Demands that the server refuses a call with this status, code and words. */
    static void refused(int status, String code, String words, Call call) throws Exception {
        try {
            call.run();
        } catch (Exception error) {
            var answer = serviceError(error);
            same(answer.statusCode() + " " + answer.awsErrorDetails().errorCode(), status + " " + code);
            demand(answer.awsErrorDetails().errorMessage().contains(words), answer + " does not say " + words);
            return;
        }
        throw new AssertionError("the call should have been refused");
    }

    /** The server's answer in an error; futures wrap it. */
    private static S3Exception serviceError(Throwable error) {
        for (var cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof S3Exception answer) {
                return answer;
            }
        }
        throw new AssertionError("not refused by the server", error);
    }

    /**
     * Demands that a header is refused by name: by `r2` because R2 lacks it, where all is open because the local store
     * does. In front of MinIO it passes there.
     */
    void refusedHeader(String header, String value, String operation, Call call) throws Exception {
        var lacking = header + " on " + operation + " not implemented by the local store";
        var words = open() ? lacking : "Header '" + header + "' with value '" + value + "' not implemented";
        if (lacks()) {
            refused(501, "NotImplemented", words, call);
        } else {
            call.run();
        }
    }

    /** Demands that `r2` refuses a call with a 501 in these words, and that it passes where all is open. */
    void refusedByR2(String words, Call call) throws Exception {
        if (open()) {
            call.run();
        } else {
            refused(501, "NotImplemented", words, call);
        }
    }

    /** Bytes that do not compress; always the same. */
    static byte[] payload(int size) {
        var content = new byte[size];
        new Random(size).nextBytes(content);
        return content;
    }
}
