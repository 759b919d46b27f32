package main

import (
	"crypto/md5"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Buckets, objects, keys, metadata, ranges, conditions.
var objectChecks = []check{
	{"a bucket comes and goes", bucketComesAndGoes},
	{"a small object keeps every byte", func(bucket string) { keepsEveryByte(bucket, []byte("Grüße\n")) }},
	{"an empty object keeps every byte", func(bucket string) { keepsEveryByte(bucket, nil) }},
	{"an object of 20 MiB keeps every byte", func(bucket string) { keepsEveryByte(bucket, payload(20*mib)) }},
	{"what is not there", whatIsNotThere},
	{"metadata comes back as it was given", metadataComesBack},
	{"odd keys are put, read, listed and deleted as they are", oddKeys},
	{"ranges", ranges},
	{"conditions on reads", conditionsOnReads},
	{"conditions on writes", conditionsOnWrites},
	{"delete many", deleteMany},
	{"an ACL is refused by name, or passes where all is open", refusedACL},
	{"tags are refused by name, or pass where policy and store have them", refusedTags},
	{"encryption is refused by name, or by a store without keys for it", refusedEncryption},
	{"an operation R2 lacks is refused by name, or passes where policy and store have it", refusedOperation},
}

func bucketComesAndGoes(string) {
	name := freeName()
	must(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}))
	here := &s3.HeadBucketInput{Bucket: &name}
	if err := s3.NewBucketExistsWaiter(client).Wait(ctx, here, 10*time.Second); err != nil {
		fail("%v", err)
	}
	buckets := must(client.ListBuckets(ctx, nil)).Buckets
	same(slices.ContainsFunc(buckets, func(each types.Bucket) bool { return *each.Name == name }), true)
	put(name, "k", nil)
	_, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name})
	refused(err, 409, "BucketNotEmpty", "")
	must(client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &name, Key: aws.String("k")}))
	must(client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name}))
	_, err = client.HeadBucket(ctx, here)
	same(errors.As(err, new(*types.NotFound)), true)
}

func keepsEveryByte(bucket string, body []byte) {
	etag := *put(bucket, "k", body).ETag
	same(etag, fmt.Sprintf(`"%x"`, md5.Sum(body)))
	answer := must(get(bucket, "k"))
	same([]any{*answer.ContentLength, *answer.ETag}, []any{len(body), etag})
	sameBytes(content(answer), body)
}

func whatIsNotThere(bucket string) {
	_, err := get(bucket, "nothing")
	same(errors.As(err, new(*types.NoSuchKey)), true)
	_, err = client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("nothing")})
	same(errors.As(err, new(*types.NotFound)), true)
	_, err = get(freeName(), "k")
	refused(err, 404, "NoSuchBucket", "")
	must(client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: aws.String("nothing")}))
}

func metadataComesBack(bucket string) {
	must(putWith(bucket, "k", []byte("x"), func(input *s3.PutObjectInput) {
		input.CacheControl = aws.String("max-age=60")
		input.ContentDisposition = aws.String(`attachment; filename="a b.txt"`)
		input.ContentEncoding = aws.String("gzip")
		input.ContentLanguage = aws.String("de, en")
		input.ContentType = aws.String("text/plain; charset=utf-8")
		input.Expires = aws.Time(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
		input.Metadata = map[string]string{"colour": "red", "with-dash": "a  b", "empty": ""}
	}))
	answer := head(bucket, "k")
	same(*answer.CacheControl, "max-age=60")
	same(*answer.ContentDisposition, `attachment; filename="a b.txt"`)
	same(*answer.ContentEncoding, "gzip")
	same(*answer.ContentLanguage, "de, en")
	same(*answer.ContentType, "text/plain; charset=utf-8")
	same(*answer.ExpiresString, "Wed, 02 Jan 2030 03:04:05 GMT")
	same(answer.Metadata, map[string]string{"colour": "red", "with-dash": "a  b", "empty": ""})
}

var allKeys = []string{
	"a b", " a ", "a+b", "100%", "a%2Fb", "a//b", "/a", "a/", "a/./b/../c", "../../etc/passwd", "żółw", "🐢/🐇",
	`it's "quoted"`, "(a)[b]{c}*~!", "a&b<c>d", "a?b=c#d", "a=b,c;d:e@f$g", "a\\b|c^d`e", "tab\tand line\nend",
	strings.Repeat("k", 1024),
}

// keepable is whether the store keeps such a key. Keys are paths for MinIO, and segments names of folders.
func keepable(key string) bool {
	return store == "local" || !slices.ContainsFunc(strings.Split(strings.TrimSuffix(key, "/"), "/"), func(segment string) bool {
		return slices.Contains([]string{"", ".", ".."}, segment) || len(segment) > 255
	})
}

func oddKeys(bucket string) {
	var keys []string
	for _, key := range allKeys {
		if keepable(key) {
			keys = append(keys, key)
			continue
		}
		_, err := putWith(bucket, key, nil, func(*s3.PutObjectInput) {})
		refused(err, 400, "InvalidObjectName", "")
	}
	for _, key := range keys {
		put(bucket, key, []byte(key))
	}
	for _, key := range keys {
		same(string(stored(bucket, key)), key)
	}
	same(listed(bucket), slices.Sorted(slices.Values(keys)))
	for _, key := range keys {
		must(client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key}))
	}
	same(len(listed(bucket)), 0)
}

func ranges(bucket string) {
	put(bucket, "k", []byte("0123456789"))
	expected := map[string]string{"bytes=0-0": "0", "bytes=3-5": "345", "bytes=8-": "89", "bytes=-3": "789"}
	for asked, answered := range expected {
		answer := must(getWith(bucket, "k", func(input *s3.GetObjectInput) { input.Range = &asked }))
		same(string(content(answer)), answered)
	}
	_, err := getWith(bucket, "k", func(input *s3.GetObjectInput) { input.Range = aws.String("bytes=10-") })
	refused(err, 416, "InvalidRange", "")
}

func conditionsOnReads(bucket string) {
	etag := put(bucket, "k", []byte("x")).ETag
	must(getWith(bucket, "k", func(input *s3.GetObjectInput) { input.IfMatch = etag })).Body.Close()
	_, err := getWith(bucket, "k", func(input *s3.GetObjectInput) { input.IfMatch = aws.String(`"another"`) })
	refused(err, 412, "PreconditionFailed", "")
	_, err = getWith(bucket, "k", func(input *s3.GetObjectInput) { input.IfNoneMatch = etag })
	refused(err, 304, "NotModified", "")
}

func conditionsOnWrites(bucket string) {
	fresh := func(input *s3.PutObjectInput) { input.IfNoneMatch = aws.String("*") }
	first := must(putWith(bucket, "k", []byte("first"), fresh))
	_, err := putWith(bucket, "k", []byte("second"), fresh)
	refused(err, 412, "PreconditionFailed", "")
	another := func(input *s3.PutObjectInput) { input.IfMatch = aws.String(`"another"`) }
	_, err = putWith(bucket, "k", []byte("second"), another)
	refused(err, 412, "PreconditionFailed", "")
	same(string(stored(bucket, "k")), "first")
	must(putWith(bucket, "k", []byte("second"), func(input *s3.PutObjectInput) { input.IfMatch = first.ETag }))
	same(string(stored(bucket, "k")), "second")
}

func deleteMany(bucket string) {
	wanted := []string{"a", "b & c", "<d>", "e\nf", "żółw", "never was"}
	put(bucket, "kept", nil)
	var objects []types.ObjectIdentifier
	for _, key := range wanted {
		if key != "never was" {
			put(bucket, key, nil)
		}
		objects = append(objects, types.ObjectIdentifier{Key: aws.String(key)})
	}
	input := &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &types.Delete{Objects: objects}}
	answer := must(client.DeleteObjects(ctx, input))
	same([]int{len(answer.Deleted), len(answer.Errors)}, []int{len(wanted), 0})
	same(listed(bucket), []string{"kept"})
}

func refusedACL(bucket string) {
	_, err := putWith(bucket, "k", nil, func(input *s3.PutObjectInput) { input.ACL = "public-read" })
	refusedByR2(err, "Header 'x-amz-acl' with value 'public-read' not implemented")
}

func refusedTags(bucket string) {
	_, err := putWith(bucket, "k", nil, func(input *s3.PutObjectInput) { input.Tagging = aws.String("a=b") })
	refusedHeader(err, "x-amz-tagging", "a=b", "PutObject")
}

func refusedEncryption(bucket string) {
	_, err := putWith(bucket, "k", nil, func(input *s3.PutObjectInput) { input.ServerSideEncryption = "AES256" })
	if lacks() {
		refusedHeader(err, "x-amz-server-side-encryption", "AES256", "PutObject")
	} else {
		refused(err, 501, "NotImplemented", "")
	}
}

func refusedOperation(bucket string) {
	put(bucket, "k", nil)
	_, err := client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &bucket, Key: aws.String("k")})
	if lacks() {
		refused(err, 501, "NotImplemented", "GetObjectTagging not implemented")
	} else {
		must(0, err)
	}
}
