package asynccore_test

import (
	"testing"

	"go.uber.org/goleak"
)

// Every primitive promises to leave no goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
