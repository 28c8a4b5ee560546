package files

import (
	"runtime"
	"testing"
)

func TestClaimsMany(t *testing.T) {
	c := newClaims(false)
	for round := range 2 {
		for i := range 50_000 {
			err := c.add("folder" + itoa(i%100) + "/" + itoa(i))
			if round == 0 && err != nil || round == 1 && errorType(err) != "output_collision" {
				t.Fatalf("round %d, %d: %v", round, i, err)
			}
		}
	}
}

// Whether a or a/b comes first, the second fails alone, and before it runs.
func TestDirFileOrFolder(t *testing.T) {
	d := openDir(t, t.TempDir(), Options{})
	for _, tt := range []struct{ name, want string }{
		{"a", ""}, {"a/b", "output_collision"}, {"a/b/c", "output_collision"}, {"ab", ""},
		{"x/y/z", ""}, {"x/y", "output_collision"}, {"x", "output_collision"}, {"x/y/w", ""},
	} {
		_, err := d.Claim(tt.name)
		if err == nil != (tt.want == "") || err != nil && errorType(err) != tt.want {
			t.Errorf("Claim(%q) = %v", tt.name, err)
		}
	}
}

// Spellings that a file system may take for one.
func TestClaimKeys(t *testing.T) {
	for _, tt := range []struct {
		one, two           string
		same, sameCaseless bool
	}{
		{"a", "A", false, true},
		{"dir/x", "DIR/X", false, true},
		{"\u00e9", "e\u0301", true, true},
		{"\u00c9", "e\u0301", false, true},
		{"\u212a", "k", true, true}, // KELVIN SIGN, whose canonical form is K, needs case to be k
		{"σ", "ς", false, true},
		{"a", "b", false, false},
		{"ａ", "a", false, false},
	} {
		for _, fold := range []bool{false, true} {
			want := tt.same
			if fold {
				want = tt.sameCaseless
			}
			if tt.one == "\u212a" && !fold {
				want = false
			}
			c := newClaims(fold)
			if err := c.add(tt.one); err != nil {
				t.Fatal(err)
			}
			if err := c.add(tt.two); err != nil != want {
				t.Errorf("%q and %q (fold: %t): %v", tt.one, tt.two, fold, err)
			}
		}
	}
}

// BenchmarkClaims tells what a name costs in a list of a million.
func BenchmarkClaims(b *testing.B) {
	const names = 1_000_000
	b.ReportAllocs()
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		c := newClaims(false)
		for i := range names {
			if err := c.add("example.com/some/folder/file-" + itoa(i)); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/names, "heap-B/name")
		runtime.KeepAlive(c)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/names, "ns/name")
}
