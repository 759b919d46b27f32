package main

import (
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// CopyObject.
var copyChecks = []check{
	{"a copy has the body and the metadata of its source", plainCopy},
	{"a copy with metadata of its own", copyWithMetadata},
	{"a copy onto itself needs a change", copyOntoItself},
	{"conditions on the source of a copy", copyConditions},
	{"a copy that asks for a checksum is refused by name, or passes where policy and store have it", copyWithChecksum},
	{"a copy of what is not there", copyOfNothing},
}

// source stores the object that the checks copy.
func source(bucket string) *s3.PutObjectOutput {
	return must(putWith(bucket, oddKey, []byte("body"), func(input *s3.PutObjectInput) {
		input.ContentType = aws.String("text/css")
		input.Metadata = map[string]string{"colour": "red"}
	}))
}

func copyTo(bucket, key string, more func(*s3.CopyObjectInput)) (*s3.CopyObjectOutput, error) {
	from := url.PathEscape(bucket + "/" + oddKey)
	input := &s3.CopyObjectInput{Bucket: &bucket, Key: &key, CopySource: &from}
	more(input)
	return client.CopyObject(ctx, input)
}

func asItIs(*s3.CopyObjectInput) {}

func plainCopy(bucket string) {
	etag := source(bucket).ETag
	same(*must(copyTo(bucket, "to", asItIs)).CopyObjectResult.ETag, *etag)
	answer := must(get(bucket, "to"))
	same(string(content(answer)), "body")
	same([]any{*answer.ContentType, answer.Metadata}, []any{"text/css", map[string]string{"colour": "red"}})
}

func copyWithMetadata(bucket string) {
	source(bucket)
	must(copyTo(bucket, "to", func(input *s3.CopyObjectInput) {
		input.MetadataDirective = "REPLACE"
		input.ContentType = aws.String("text/html")
		input.Metadata = map[string]string{"size": "small"}
	}))
	answer := head(bucket, "to")
	same([]any{*answer.ContentType, answer.Metadata}, []any{"text/html", map[string]string{"size": "small"}})
}

func copyOntoItself(bucket string) {
	source(bucket)
	_, err := copyTo(bucket, oddKey, asItIs)
	refused(err, 400, "InvalidRequest", "")
	must(copyTo(bucket, oddKey, func(input *s3.CopyObjectInput) { input.MetadataDirective = "REPLACE" }))
	same(len(head(bucket, oddKey).Metadata), 0)
}

func copyConditions(bucket string) {
	etag := source(bucket).ETag
	must(copyTo(bucket, "to", func(input *s3.CopyObjectInput) { input.CopySourceIfMatch = etag }))
	_, err := copyTo(bucket, "other", func(input *s3.CopyObjectInput) { input.CopySourceIfNoneMatch = etag })
	refused(err, 412, "PreconditionFailed", "")
	same(listed(bucket), []string{oddKey, "to"})
}

func copyWithChecksum(bucket string) {
	source(bucket)
	_, err := copyTo(bucket, "to", func(input *s3.CopyObjectInput) { input.ChecksumAlgorithm = "SHA256" })
	refusedHeader(err, "x-amz-checksum-algorithm", "SHA256", "CopyObject")
}

func copyOfNothing(bucket string) {
	_, err := copyTo(bucket, "to", asItIs)
	refused(err, 404, "NoSuchKey", "")
}
