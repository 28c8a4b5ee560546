//go:build ignore

// Linked is a program with the libraries in it that specify stands on, and nothing
// of specify: what its size and its start are at least. It fetches a URL with
// net/http.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"

	_ "github.com/hashicorp/go-retryablehttp"
	_ "github.com/nats-io/nats.go/jetstream"
	_ "github.com/sony/gobreaker/v2"
	_ "github.com/spf13/cobra"
	_ "github.com/spf13/viper"
	_ "go.opentelemetry.io/otel/sdk/metric"
	_ "go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	resp, err := http.Get(os.Args[1])
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "linked:", err)
		os.Exit(1)
	}
}
