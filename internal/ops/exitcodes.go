package ops

import (
	"fmt"
	"strconv"
	"strings"
)

// DefaultRetryCodes are the exit codes after which a command is tried again
// unless its flags say otherwise: every failure but that there is no such
// program (127) or that it cannot be run (126), which waiting does not cure.
const DefaultRetryCodes = "1-125,128-255"

var defaultRetryCodes, _ = ParseExitCodes(DefaultRetryCodes)

// ExitCodes is a set of exit codes as a shell reports them, 0 to 255: 124 is a
// timeout, 128+n the end by signal n. The zero value is empty. It is a value:
// copy and compare it freely.
type ExitCodes struct{ bits [4]uint64 }

// Has reports whether the set holds code; any int may be asked for.
func (c ExitCodes) Has(code int) bool {
	return code >= 0 && code <= 255 && c.bits[code/64]&(1<<(code%64)) != 0
}

// ParseExitCodes reads a list like "1,75,100-120". Spaces around its items do
// not count; an empty list or item is an error, and so is 0, which is success.
func ParseExitCodes(list string) (ExitCodes, error) {
	var c ExitCodes
	for item := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(item), "-")
		if !isRange {
			last = first
		}
		low, lowErr := strconv.ParseUint(first, 10, 8)
		high, highErr := strconv.ParseUint(last, 10, 8)
		if lowErr != nil || highErr != nil || low == 0 || high < low {
			return ExitCodes{}, fmt.Errorf("%q is not an exit code (75) or a range (100-120) from 1 to 255", item)
		}
		for code := low; code <= high; code++ {
			c.bits[code/64] |= 1 << (code % 64)
		}
	}
	return c, nil
}
