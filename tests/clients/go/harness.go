package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const mib = 1 << 20

// check is what users do, named; body gets the name of an empty bucket.
type check struct {
	name string
	body func(bucket string)
}

// failure ends a check; demand and must raise it.
type failure struct{ why string }

var (
	// policy is the one the server runs under: r2 or open.
	policy = os.Args[1]
	// store is what is behind it: local or minio.
	store = os.Args[2]
	// prefix is what the names of all buckets begin with; two digits follow.
	prefix = os.Args[3]
	ctx    = context.Background()
	client = defaultClient()
)

// defaultClient is the client as it comes: keys, endpoint and region are in the environment.
func defaultClient() *s3.Client {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		panic(err)
	}
	return s3.NewFromConfig(settings)
}

// run makes all checks one after the other; prints `ok NAME` or `not ok NAME: why` for each.
func run(lists ...[]check) {
	for _, each := range slices.Concat(lists...) {
		if why := why(each); why != "" {
			fmt.Printf("not ok %s: %s\n", each.name, strings.Join(strings.Fields(why), " "))
		} else {
			fmt.Printf("ok %s\n", each.name)
		}
	}
}

// why returns why a check failed; nothing if it did not.
func why(each check) (text string) {
	defer func() {
		if raised := recover(); raised != nil {
			ended, ok := raised.(failure)
			if !ok {
				panic(raised)
			}
			text = ended.why
		}
	}()
	each.body(newBucket())
	return ""
}

// fail ends the check, naming the line of the check.
func fail(format string, values ...any) {
	place := ""
	for up := 1; place == "" || strings.HasPrefix(place, "harness.go"); up++ {
		_, file, line, _ := runtime.Caller(up)
		place = fmt.Sprintf("%s:%d", filepath.Base(file), line)
	}
	panic(failure{place + ": " + fmt.Sprintf(format, values...)})
}

// must returns the value of a call that has to succeed.
func must[T any](value T, err error) T {
	if err != nil {
		fail("%v", err)
	}
	return value
}

// same demands that two values print alike.
func same(actual, expected any) {
	if a, e := fmt.Sprintf("%+v", actual), fmt.Sprintf("%+v", expected); a != e {
		fail("%q, not %q", a, e)
	}
}

// sameBytes demands that two bodies are the same, without printing megabytes where they are not.
func sameBytes(actual, expected []byte) {
	if !bytes.Equal(actual, expected) {
		fail("%d bytes that are not the %d stored", len(actual), len(expected))
	}
}

// refused demands that the server refused a call with this status, code and, where given, these words.
func refused(err error, status int, code, words string) {
	var answer *smithyhttp.ResponseError
	var apiError smithy.APIError
	if !errors.As(err, &answer) || !errors.As(err, &apiError) {
		fail("not refused, but: %v", err)
	}
	same([]any{answer.HTTPStatusCode(), apiError.ErrorCode()}, []any{status, code})
	if !strings.Contains(apiError.ErrorMessage(), words) {
		fail("%q does not say %q", apiError.ErrorMessage(), words)
	}
}

// lacks reports whether policy and store both refuse what R2 lacks. MinIO has it where all is open.
func lacks() bool {
	return policy == "r2" || store == "local"
}

// refusedHeader demands that a header was refused by name: by r2 because R2 lacks it, where all is open because the
// local store does. In front of MinIO it passes there.
func refusedHeader(err error, header, value, operation string) {
	words := fmt.Sprintf("%s on %s not implemented by the local store", header, operation)
	if policy == "r2" {
		words = fmt.Sprintf("Header '%s' with value '%s' not implemented", header, value)
	}
	if lacks() {
		refused(err, 501, "NotImplemented", words)
	} else {
		must(0, err)
	}
}

// refusedByR2 demands that r2 refused a call with a 501 in these words, and that it passed where all is open.
func refusedByR2(err error, words string) {
	if policy == "r2" {
		refused(err, 501, "NotImplemented", words)
	} else {
		must(0, err)
	}
}

// payload makes bytes that do not compress; always the same.
func payload(size int) []byte {
	content := make([]byte, size)
	_ = must(rand.NewChaCha8([32]byte{}).Read(content))
	return content
}

// stream hides that a reader can seek or knows its length.
func stream(content []byte) io.Reader {
	return struct{ io.Reader }{bytes.NewReader(content)}
}
