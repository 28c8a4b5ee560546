package ops

import (
	"slices"
	"testing"
)

func TestParseExitCodes(t *testing.T) {
	tests := []struct {
		list string
		want []int
	}{
		{"1", []int{1}},
		{"1,75,100-102", []int{1, 75, 100, 101, 102}},
		{" 255 ,\t64-64", []int{64, 255}},
		{"63-65,127-129,191-193", []int{63, 64, 65, 127, 128, 129, 191, 192, 193}},
	}
	for _, tt := range tests {
		codes, err := ParseExitCodes(tt.list)
		var got []int
		for code := -300; code < 600; code++ {
			if codes.Has(code) {
				got = append(got, code)
			}
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%q holds %v, %v, want %v", tt.list, got, err, tt.want)
		}
	}
}

func TestParseExitCodesErrors(t *testing.T) {
	for _, list := range []string{"", ",", "1,", "0", "0-3", "256", "1-256", "-1", "1-", "3-2", "1-2-3", "x", "+1", "1 - 2", "0x1", "99999999999999999999", "1;2"} {
		if codes, err := ParseExitCodes(list); err == nil || codes != (ExitCodes{}) {
			t.Errorf("%q: %v, %v, want the empty set and an error", list, codes, err)
		}
	}
}

// By default every failure is tried again but that of a program which is not
// there or cannot be run.
func TestDefaultRetryCodes(t *testing.T) {
	for code := range 256 {
		if got, want := defaultRetryCodes.Has(code), code != 0 && code != 126 && code != 127; got != want {
			t.Errorf("%d: %v, want %v", code, got, want)
		}
	}
}

// What is read is what was written, whatever else a list holds.
func FuzzParseExitCodes(f *testing.F) {
	for _, list := range []string{DefaultRetryCodes, "1,75,100-120", " 7 ", "", "0", "256", "2-1"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		codes, err := ParseExitCodes(list)
		if codes.Has(0) || codes.Has(-1) || codes.Has(256) {
			t.Errorf("%q holds what is no failure", list)
		}
		if (err == nil) == (codes == ExitCodes{}) {
			t.Errorf("%q: %v, %v", list, codes, err)
		}
	})
}
