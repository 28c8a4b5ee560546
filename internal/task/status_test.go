package task

import (
	"slices"
	"strings"
	"testing"
)

// What is taken holds only statuses, and each that it names.
func FuzzParseStatusSet(f *testing.F) {
	f.Add("200,204, 3xx,520-524")
	f.Add("100-599,1xx-2xx,-5,0200")
	f.Fuzz(func(t *testing.T, list string) {
		set, err := ParseStatusSet(list)
		some := false
		for status := -10; status < 1000; status++ {
			if set.Has(status) && (status < 100 || status > 599) {
				t.Errorf("%q: %d", list, status)
			}
			some = some || set.Has(status)
		}
		if some != (err == nil) {
			t.Errorf("%q: statuses %v, error %v", list, some, err)
		}
	})
}

func TestParseStatusSet(t *testing.T) {
	span := func(low, high int) (all []int) {
		for s := low; s <= high; s++ {
			all = append(all, s)
		}
		return all
	}
	tests := []struct {
		list string
		want []int
	}{
		{"200", []int{200}},
		{"100,599", []int{100, 599}},
		{"2xx", span(200, 299)},
		{"2Xx,2XX", span(200, 299)},
		{"1xx,5xx", append(span(100, 199), span(500, 599)...)},
		{"520-524", span(520, 524)},
		{"204-204", []int{204}},
		{"100-599", span(100, 599)},
		{" 200 ,\t204", []int{200, 204}},
		{"408,425,429,500,502,503,504,520-524", append([]int{408, 425, 429, 500, 502, 503, 504}, span(520, 524)...)},
	}
	for _, tt := range tests {
		s, err := ParseStatusSet(tt.list)
		if err != nil {
			t.Errorf("%q: %v", tt.list, err)
		}
		var got []int
		for status := -1000; status < 2000; status++ {
			if s.Has(status) {
				got = append(got, status)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q holds %v, want %v", tt.list, got, tt.want)
		}
	}
}

func TestParseStatusSetErrors(t *testing.T) {
	for _, list := range []string{
		"", ",", "200,", ",200", "200,,204", "20", "2000", "099", "600", "0xx", "6xx", "xx", "2x", "2xxx", "x2x", "20x",
		"+20", "-200", "200-", "200-204-206", "204-200", "200 - 204", "2xx-3xx", "200-2xx", "２００", "200;204", "0200", "2_0", "99999999999999999999", "200\x00",
	} {
		s, err := ParseStatusSet(list)
		if err == nil || s != (StatusSet{}) {
			t.Errorf("%q: set %v, error %v, want the empty set and an error", list, s, err)
			continue
		}
		if !strings.Contains(err.Error(), "is not a status") {
			t.Errorf("%q: error %q", list, err)
		}
	}
}

func TestStatusSetIsAValue(t *testing.T) {
	var empty StatusSet
	if empty.Has(200) || empty.Has(0) {
		t.Error("the zero value is not empty")
	}
	a, errA := ParseStatusSet("200-202")
	b, errB := ParseStatusSet("202,201,200")
	if errA != nil || errB != nil || a != b || a == empty {
		t.Errorf("equal sets are not equal: %v, %v", errA, errB)
	}
}
