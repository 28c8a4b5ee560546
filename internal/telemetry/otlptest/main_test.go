package otlptest_test

import (
	"io"
	"log"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // where net/http puts what a peer says out of turn
	goleak.VerifyTestMain(m)
}
