package task

import (
	"fmt"
	"strconv"
	"strings"
)

// StatusSet is a set of HTTP status codes, 100 to 599. The zero value is
// empty. It is a value: copy and compare it freely.
type StatusSet struct{ bits [10]uint64 }

// Has reports whether the set holds status; any int may be asked for.
func (s StatusSet) Has(status int) bool {
	return status >= 0 && status < 64*len(s.bits) && s.bits[status/64]&(1<<(status%64)) != 0
}

// ParseStatusSet reads a list like "200,204,3xx,520-524". Spaces around its
// items do not count; an empty list or item is an error.
func ParseStatusSet(list string) (StatusSet, error) {
	var s StatusSet
	for item := range strings.SplitSeq(list, ",") {
		low, high, err := statusRange(strings.TrimSpace(item))
		if err != nil {
			return StatusSet{}, err
		}
		for status := low; status <= high; status++ {
			s.bits[status/64] |= 1 << (status % 64)
		}
	}
	return s, nil
}

func statusRange(item string) (low, high int, err error) {
	if class, ok := strings.CutSuffix(strings.ToLower(item), "xx"); ok && len(class) == 1 && class >= "1" && class <= "5" {
		low = int(class[0]-'0') * 100
		return low, low + 99, nil
	}
	first, last, isRange := strings.Cut(item, "-")
	if low, err = statusCode(first); err == nil {
		high = low
		if isRange {
			high, err = statusCode(last)
		}
	}
	if err != nil || high < low {
		return 0, 0, fmt.Errorf("%q is not a status (200), a class (3xx) or a range (520-524)", item)
	}
	return low, high, nil
}

func statusCode(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err == nil && (len(s) != 3 || n < 100 || n > 599) {
		err = strconv.ErrRange
	}
	return n, err
}
