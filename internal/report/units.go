package report

import (
	"fmt"
	"strconv"
	"time"
)

// showDuration writes d as briefly as reading it needs: "310µs", "42ms",
// "7.4s", "2m05s", "1h02m".
func showDuration(d time.Duration) string {
	switch {
	case d <= 0:
		return "0s"
	case d < time.Millisecond-500*time.Nanosecond:
		return fmt.Sprintf("%dµs", d.Round(time.Microsecond).Microseconds())
	case d < time.Second-500*time.Microsecond:
		return fmt.Sprintf("%dms", d.Round(time.Millisecond).Milliseconds())
	case d < time.Minute-50*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour-500*time.Millisecond:
		seconds := int64(d.Round(time.Second) / time.Second)
		return fmt.Sprintf("%dm%02ds", seconds/60, seconds%60)
	}
	minutes := int64(d.Round(time.Minute) / time.Minute)
	return fmt.Sprintf("%dh%02dm", minutes/60, minutes%60)
}

// showBytes writes n in powers of 1000, as disks and networks count: "1.2 GB".
func showBytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1000, 0
	for ; value >= 999.95 && unit < len(byteUnits)-1; unit++ {
		value /= 1000
	}
	return fmt.Sprintf("%.1f %s", value, byteUnits[unit])
}

var byteUnits = []string{"kB", "MB", "GB", "TB", "PB", "EB"}

// showCount writes n with a comma each three digits: "1,234,567".
func showCount(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Counted returns "1 task" or "2000 tasks": for lines that programs read, too.
func Counted(n int64, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case noun == "retry":
		return strconv.FormatInt(n, 10) + " retries"
	}
	return strconv.FormatInt(n, 10) + " " + noun + "s"
}

// plural returns "1 task" or "2,000 tasks".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if noun == "retry" {
		noun = "retrie"
	}
	return showCount(n) + " " + noun + "s"
}

// showShare writes a percentage so that only all is "100%" and only none "0%".
func showShare(percent float64) string {
	switch {
	case percent > 0 && percent < 0.1:
		return "<0.1%"
	case percent > 99.9 && percent < 100:
		return ">99.9%"
	case percent == 0 || percent == 100:
		return fmt.Sprintf("%.0f%%", percent)
	}
	return fmt.Sprintf("%.1f%%", percent)
}
