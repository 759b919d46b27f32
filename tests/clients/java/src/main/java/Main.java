/** The AWS SDK for Java 2 with its default settings, doing what its users do. Usage: java Main POLICY STORE PREFIX */
final class Main {
    public static void main(String[] arguments) {
        var checks = new Checks(arguments[0], arguments[1]);
        Calls.prefix = arguments[2];
        Objects.register(checks);
        Listing.register(checks);
        Checksums.register(checks);
        Presigned.register(checks);
        Copies.register(checks);
        Uploads.register(checks);
        checks.run();
        // The transfer manager's threads would keep the process alive for a minute.
        System.exit(0);
    }
}
