package main

import (
	"bytes"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// The calls that most checks make.

var names = 0

// freeName is the name of a bucket that is not there yet.
func freeName() string {
	names++
	return fmt.Sprintf("%s%02d", prefix, names)
}

func newBucket() string {
	name := freeName()
	must(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}))
	return name
}

// putWith stores an object; more changes the request.
func putWith(bucket, key string, body []byte, more func(*s3.PutObjectInput)) (*s3.PutObjectOutput, error) {
	input := &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(body)}
	more(input)
	return client.PutObject(ctx, input)
}

func put(bucket, key string, body []byte) *s3.PutObjectOutput {
	return must(putWith(bucket, key, body, func(*s3.PutObjectInput) {}))
}

// getWith reads an object; more changes the request.
func getWith(bucket, key string, more func(*s3.GetObjectInput)) (*s3.GetObjectOutput, error) {
	input := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
	more(input)
	return client.GetObject(ctx, input)
}

func get(bucket, key string) (*s3.GetObjectOutput, error) {
	return getWith(bucket, key, func(*s3.GetObjectInput) {})
}

// content is the body of an answer.
func content(answer *s3.GetObjectOutput) []byte {
	defer answer.Body.Close()
	return must(io.ReadAll(answer.Body))
}

// stored is the body of an object.
func stored(bucket, key string) []byte {
	return content(must(get(bucket, key)))
}

func head(bucket, key string) *s3.HeadObjectOutput {
	return must(client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key, ChecksumMode: "ENABLED"}))
}

// listed is every key of a bucket, in the order of the listing.
func listed(bucket string) []string {
	var keys []string
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket})
	for pages.HasMorePages() {
		for _, entry := range must(pages.NextPage(ctx)).Contents {
			keys = append(keys, aws.ToString(entry.Key))
		}
	}
	return keys
}
