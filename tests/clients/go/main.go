// The AWS SDK for Go v2 with its default settings, doing what its users do. Usage: s3-go POLICY STORE PREFIX
package main

func main() {
	run(objectChecks, listingChecks, checksumChecks, presignedChecks, copyChecks, uploadChecks)
}
