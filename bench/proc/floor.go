package proc

import (
	"fmt"
	"os"
	"strings"
)

// Floor is our own peak in bytes, below which no Usage.Peak can be; 0 where the
// system does not tell. getrusage would also count whoever started us.
func Floor() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib << 10
}
