package main

import (
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Presigned addresses, used by plain HTTP.
var presignedChecks = []check{
	{"a presigned GET", presignedGet},
	{"a presigned PUT", presignedPut},
	{"a presigned PUT carries its metadata in signed headers or the query", presignedPutWithMetadata},
	{"a presigned PUT with an ACL is refused by name, or passes where all is open", presignedPutWithACL},
}

const oddKey = "a b/ż+c.txt"

var presigner = s3.NewPresignClient(client)

// plainHTTP makes the request that was presigned, with the headers that were signed; returns status and body.
func plainHTTP(presigned *v4.PresignedHTTPRequest, body string) (int, string) {
	request := must(http.NewRequest(presigned.Method, presigned.URL, strings.NewReader(body)))
	for name, values := range presigned.SignedHeader {
		if name != "Host" && name != "Content-Length" {
			request.Header[name] = values
		}
	}
	answer := must(http.DefaultClient.Do(request))
	defer answer.Body.Close()
	return answer.StatusCode, string(must(io.ReadAll(answer.Body)))
}

func presignedGet(bucket string) {
	put(bucket, oddKey, []byte("body"))
	asked := &s3.GetObjectInput{Bucket: &bucket, Key: aws.String(oddKey), ResponseContentType: aws.String("text/odd")}
	status, body := plainHTTP(must(presigner.PresignGetObject(ctx, asked)), "")
	same([]any{status, body}, []any{200, "body"})
}

func presignedPut(bucket string) {
	asked := &s3.PutObjectInput{Bucket: &bucket, Key: aws.String(oddKey)}
	status, body := plainHTTP(must(presigner.PresignPutObject(ctx, asked)), "from elsewhere")
	same([]any{status, body}, []any{200, ""})
	same(string(stored(bucket, oddKey)), "from elsewhere")
}

func presignedPutWithMetadata(bucket string) {
	metadata := map[string]string{"colour": "green"}
	asked := &s3.PutObjectInput{Bucket: &bucket, Key: aws.String(oddKey), Metadata: metadata}
	status, body := plainHTTP(must(presigner.PresignPutObject(ctx, asked)), "x")
	same([]any{status, body}, []any{200, ""})
	same(head(bucket, oddKey).Metadata, metadata)
}

func presignedPutWithACL(bucket string) {
	asked := &s3.PutObjectInput{Bucket: &bucket, Key: aws.String(oddKey), ACL: "public-read"}
	status, body := plainHTTP(must(presigner.PresignPutObject(ctx, asked)), "x")
	if policy == "r2" {
		same(status, 501)
		same(strings.Contains(body, "x-amz-acl"), true)
	} else {
		same([]any{status, body}, []any{200, ""})
	}
}
