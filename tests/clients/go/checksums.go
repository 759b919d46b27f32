package main

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Checksums: what the SDK sends by itself, and what it is asked to send.
var checksumChecks = []check{
	{"the default checksum is CRC32, verified and returned", defaultChecksum},
	{"checksums asked for are verified and returned", checksumsAskedFor},
	{"a body that is not what its digest says is not stored", wrongDigest},
}

func defaultChecksum(bucket string) {
	sum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte("body"))))
	same(aws.ToString(put(bucket, "k", []byte("body")).ChecksumCRC32), sum)
	answer := head(bucket, "k")
	same([]any{aws.ToString(answer.ChecksumCRC32), answer.ChecksumType}, []any{sum, "FULL_OBJECT"})
}

func checksumsAskedFor(bucket string) {
	returned := map[types.ChecksumAlgorithm]func(*s3.HeadObjectOutput) *string{
		"CRC32":     func(answer *s3.HeadObjectOutput) *string { return answer.ChecksumCRC32 },
		"CRC32C":    func(answer *s3.HeadObjectOutput) *string { return answer.ChecksumCRC32C },
		"CRC64NVME": func(answer *s3.HeadObjectOutput) *string { return answer.ChecksumCRC64NVME },
		"SHA1":      func(answer *s3.HeadObjectOutput) *string { return answer.ChecksumSHA1 },
		"SHA256":    func(answer *s3.HeadObjectOutput) *string { return answer.ChecksumSHA256 },
	}
	for algorithm, field := range returned {
		must(putWith(bucket, "k", []byte("body"), func(input *s3.PutObjectInput) { input.ChecksumAlgorithm = algorithm }))
		if aws.ToString(field(head(bucket, "k"))) == "" {
			fail("no %s came back", algorithm)
		}
		same(string(stored(bucket, "k")), "body")
	}
}

func wrongDigest(bucket string) {
	wrong := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", 32)))
	_, err := putWith(bucket, "k", []byte("body"), func(input *s3.PutObjectInput) { input.ChecksumSHA256 = &wrong })
	refused(err, 400, "BadDigest", "")
	same(len(listed(bucket)), 0)
}
