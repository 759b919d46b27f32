package main

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Listing: pages, prefixes, delimiters.
var listingChecks = []check{
	{"a listing with delimiter and prefix", delimiterAndPrefix},
	{"pages of any size show the same", pagesOfAnySize},
}

func storeTree(bucket string) {
	for _, key := range []string{"a", "b/1", "b/2/x", "b/2/y", "b/3", "c", "d e/1"} {
		put(bucket, key, nil)
	}
}

// entries are the keys and prefixes of a page, in that order.
func entries(page *s3.ListObjectsV2Output) []string {
	var names []string
	for _, entry := range page.Contents {
		names = append(names, *entry.Key)
	}
	for _, entry := range page.CommonPrefixes {
		names = append(names, *entry.Prefix)
	}
	return names
}

func delimiterAndPrefix(bucket string) {
	storeTree(bucket)
	asked := &s3.ListObjectsV2Input{Bucket: &bucket, Delimiter: aws.String("/"), Prefix: aws.String("b/")}
	page := must(client.ListObjectsV2(ctx, asked))
	same(entries(page), []string{"b/1", "b/3", "b/2/"})
	same(*page.KeyCount, 3)
}

func pagesOfAnySize(bucket string) {
	storeTree(bucket)
	for _, size := range []int32{1, 2, 3, 1000} {
		asked := &s3.ListObjectsV2Input{Bucket: &bucket, Delimiter: aws.String("/"), MaxKeys: &size}
		var seen []string
		for pages := s3.NewListObjectsV2Paginator(client, asked); pages.HasMorePages(); {
			seen = append(seen, entries(must(pages.NextPage(ctx)))...)
		}
		same(slices.Sorted(slices.Values(seen)), []string{"a", "b/", "c", "d e/"})
	}
}
