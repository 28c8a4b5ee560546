package direct

import (
	"io"
	"log"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // net/http, beside which this is tested, logs what servers send unasked
	goleak.VerifyTestMain(m)
}
