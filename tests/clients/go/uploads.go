package main

import (
	"bytes"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Multipart uploads: by hand, with the manager, and with the transfer manager that follows it.
var uploadChecks = []check{
	{"Uploader and Downloader of 100 MiB", managed},
	{"Uploader of a stream of unknown length", managedStream},
	{"Uploader of little and of nothing", managedLittle},
	{"the transfer manager, 100 MiB up and down", transferred},
	{"an upload with a storage class is refused by name, or passes where all is open", storageClass},
	{"parts by hand, and read one by one", partsByHand},
	{"parts that are wrong are refused", wrongParts},
	{"an upload that is aborted is gone", aborted},
	{"ListParts is refused by name, or lists where all is open", listParts},
	{"an object put together from ranges of another", partCopies},
}

func upload(input *s3.PutObjectInput) (*manager.UploadOutput, error) {
	return manager.NewUploader(client).Upload(ctx, input)
}

func managed(bucket string) {
	body := payload(100 * mib)
	metadata := map[string]string{"colour": "red"}
	must(upload(&s3.PutObjectInput{
		Bucket: &bucket, Key: aws.String("k"), Body: bytes.NewReader(body),
		Metadata: metadata, ContentType: aws.String("video/mp4"),
	}))
	answer := head(bucket, "k")
	same([]any{*answer.ContentType, answer.Metadata}, []any{"video/mp4", metadata})
	same(strings.HasSuffix(*answer.ETag, `-20"`), true)
	down := manager.NewWriteAtBuffer(nil)
	must(manager.NewDownloader(client).Download(ctx, down, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("k")}))
	sameBytes(down.Bytes(), body)
}

func managedStream(bucket string) {
	body := payload(12*mib + 1)
	must(upload(&s3.PutObjectInput{Bucket: &bucket, Key: aws.String("k"), Body: stream(body)}))
	same(strings.HasSuffix(*head(bucket, "k").ETag, `-3"`), true)
	sameBytes(stored(bucket, "k"), body)
}

func managedLittle(bucket string) {
	for _, body := range []string{"little", ""} {
		must(upload(&s3.PutObjectInput{Bucket: &bucket, Key: aws.String("k"), Body: stream([]byte(body))}))
		same(string(stored(bucket, "k")), body)
	}
}

func transferred(bucket string) {
	body := payload(100 * mib)
	transfers := transfermanager.New(client)
	up := &transfermanager.UploadObjectInput{Bucket: &bucket, Key: aws.String("k"), Body: bytes.NewReader(body)}
	must(transfers.UploadObject(ctx, up))
	down := manager.NewWriteAtBuffer(nil)
	asked := &transfermanager.DownloadObjectInput{Bucket: &bucket, Key: aws.String("k"), WriterAt: down}
	must(transfers.DownloadObject(ctx, asked))
	sameBytes(down.Bytes(), body)
}

func storageClass(bucket string) {
	_, err := upload(&s3.PutObjectInput{
		Bucket: &bucket, Key: aws.String("k"), Body: bytes.NewReader(payload(6 * mib)), StorageClass: "STANDARD",
	})
	refusedByR2(err, "Header 'x-amz-storage-class' with value 'STANDARD' not implemented")
}

// begin starts an upload and returns its id.
func begin(bucket, key string) *string {
	return must(client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: &key})).UploadId
}

func partWith(bucket, key string, id *string, number int32, body []byte) (types.CompletedPart, error) {
	answer, err := client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &bucket, Key: &key, UploadId: id, PartNumber: &number, Body: bytes.NewReader(body),
	})
	if err != nil {
		return types.CompletedPart{}, err
	}
	return types.CompletedPart{PartNumber: &number, ETag: answer.ETag, ChecksumCRC32: answer.ChecksumCRC32}, nil
}

func complete(bucket, key string, id *string, parts ...types.CompletedPart) error {
	_, err := client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &bucket, Key: &key, UploadId: id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	return err
}

func partsByHand(bucket string) {
	body := payload(6 * mib)
	id := begin(bucket, oddKey)
	second := must(partWith(bucket, oddKey, id, 2, body[5*mib:]))
	first := must(partWith(bucket, oddKey, id, 1, body[:5*mib]))
	must(0, complete(bucket, oddKey, id, first, second))
	sameBytes(stored(bucket, oddKey), body)
	last := must(getWith(bucket, oddKey, func(input *s3.GetObjectInput) { input.PartNumber = aws.Int32(2) }))
	same([]any{*last.PartsCount, *last.ContentLength}, []any{2, mib})
	sameBytes(content(last), body[5*mib:])
}

func wrongParts(bucket string) {
	id := begin(bucket, "k")
	first := must(partWith(bucket, "k", id, 1, []byte("too small")))
	second := must(partWith(bucket, "k", id, 2, []byte("x")))
	refused(complete(bucket, "k", id, first, second), 400, "EntityTooSmall", "")
	refused(complete(bucket, "k", id, second, first), 400, "InvalidPartOrder", "")
	first.ETag = aws.String(`"00000000000000000000000000000000"`)
	refused(complete(bucket, "k", id, first), 400, "InvalidPart", "")
	same(len(listed(bucket)), 0)
}

func aborted(bucket string) {
	id := begin(bucket, "k")
	must(partWith(bucket, "k", id, 1, []byte("x")))
	uploads := must(client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &bucket})).Uploads
	same([]any{len(uploads), *uploads[0].Key, *uploads[0].UploadId}, []any{1, "k", *id})
	abort := &s3.AbortMultipartUploadInput{Bucket: &bucket, Key: aws.String("k"), UploadId: id}
	must(client.AbortMultipartUpload(ctx, abort))
	_, err := partWith(bucket, "k", id, 2, []byte("x"))
	refused(err, 404, "NoSuchUpload", "")
	same(len(must(client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &bucket})).Uploads), 0)
}

func listParts(bucket string) {
	id := begin(bucket, "k")
	must(partWith(bucket, "k", id, 1, []byte("x")))
	answer, err := client.ListParts(ctx, &s3.ListPartsInput{Bucket: &bucket, Key: aws.String("k"), UploadId: id})
	refusedByR2(err, "ListParts not implemented")
	if policy == "open" {
		same([]any{len(answer.Parts), *answer.Parts[0].PartNumber, *answer.Parts[0].Size}, []any{1, 1, 1})
	}
}

func partCopies(bucket string) {
	body := payload(7 * mib)
	put(bucket, "from", body)
	id := begin(bucket, "to")
	var parts []types.CompletedPart
	for index, span := range []string{"bytes=0-5242879", "bytes=5242880-7340031"} {
		number := int32(index + 1)
		answer := must(client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
			Bucket: &bucket, Key: aws.String("to"), UploadId: id, PartNumber: &number,
			CopySource: aws.String(bucket + "/from"), CopySourceRange: &span,
		})).CopyPartResult
		parts = append(parts, types.CompletedPart{PartNumber: &number, ETag: answer.ETag})
	}
	must(0, complete(bucket, "to", id, parts...))
	sameBytes(stored(bucket, "to"), body)
}
