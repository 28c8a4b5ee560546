package commands

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/ops"
)

// The types of flags that pflag does not have. Each is what pflag.Value asks
// for over a variable of the request.

type durationValue time.Duration

func (d *durationValue) String() string { return shortDuration(time.Duration(*d)) }
func (d *durationValue) Type() string   { return "duration" }
func (d *durationValue) Set(s string) error {
	parsed, err := ops.ParseDuration(s)
	*d = durationValue(parsed)
	return err
}

// shortDuration prints 1m0s as 1m and 5m0s as 5m.
func shortDuration(d time.Duration) string {
	if d == 0 {
		return "0" // which help takes for no default
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

type sizeValue int64

func (v *sizeValue) Type() string { return "size" }

func (v *sizeValue) String() string {
	n := int64(*v)
	for _, unit := range []struct {
		letter string
		size   int64
	}{{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}} {
		if n != 0 && n%unit.size == 0 {
			return strconv.FormatInt(n/unit.size, 10) + unit.letter
		}
	}
	return strconv.FormatInt(n, 10)
}

func (v *sizeValue) Set(s string) error {
	digits, unit := s, int64(1)
	for letter, size := range map[string]int64{"K": 1 << 10, "M": 1 << 20, "G": 1 << 30} {
		if d, ok := strings.CutSuffix(strings.ToUpper(s), letter); ok {
			digits, unit = d, size
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		return fmt.Errorf("%q is not a size (64K, 10M, 1G, or a number of bytes)", s)
	}
	*v = sizeValue(n * unit)
	return nil
}

type rateValue asynccore.Rate

func (v *rateValue) Type() string { return "rate" }

func (v *rateValue) String() string {
	if v.Events == 0 {
		return ""
	}
	return asynccore.Rate(*v).String()
}

func (v *rateValue) Set(s string) error {
	r, err := asynccore.ParseRate(s)
	*v = rateValue(r)
	return err
}

// listValue is a list that parse makes a set of.
type listValue[T any] struct {
	set   *T
	parse func(string) (T, error)
	list  string
}

func (v *listValue[T]) String() string { return v.list }
func (v *listValue[T]) Type() string   { return "list" }
func (v *listValue[T]) Set(s string) error {
	set, err := v.parse(s)
	if err == nil {
		*v.set, v.list = set, s
	}
	return err
}

// choiceValue is one of a few words.
type choiceValue struct {
	chosen  *string
	choices []string
}

func (v *choiceValue) String() string {
	if v.chosen == nil {
		return ""
	}
	return *v.chosen
}
func (v *choiceValue) Type() string { return strings.Join(v.choices, "|") }
func (v *choiceValue) Set(s string) error {
	if !slices.Contains(v.choices, s) {
		return fmt.Errorf("%q is not one of %s", s, strings.Join(v.choices, ", "))
	}
	*v.chosen = s
	return nil
}

// shardValue is I/N.
type shardValue ops.Shard

func (v *shardValue) String() string { return ops.Shard(*v).String() }
func (v *shardValue) Type() string   { return "I/N" }
func (v *shardValue) Set(s string) error {
	shard, err := ops.ParseShard(s)
	*v = shardValue(shard)
	return err
}

// allowValue is a number of tasks, or a share of all as N%.
type allowValue ops.Allow

func (v *allowValue) Type() string { return "N|N%" }

func (v *allowValue) String() string {
	if v.Percent > 0 {
		return strconv.FormatFloat(v.Percent, 'g', -1, 64) + "%"
	}
	return strconv.FormatInt(v.Count, 10)
}

func (v *allowValue) Set(s string) error {
	if share, ok := strings.CutSuffix(s, "%"); ok {
		percent, err := strconv.ParseFloat(share, 64)
		if err != nil || !(percent >= 0 && percent <= 100) {
			return fmt.Errorf("%q is not a percentage from 0%% to 100%%", s)
		}
		*v = allowValue{Percent: percent}
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not a number of tasks, or a share of them (5%%)", s)
	}
	*v = allowValue{Count: n}
	return nil
}
