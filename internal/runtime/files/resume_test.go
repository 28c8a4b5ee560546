package files

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Both ways to resume one name must do the same: fetch's and batch's.
func eachResume(t *testing.T, test func(t *testing.T, dir string, resume func() (Output, int64, error))) {
	t.Run("Outputs", func(t *testing.T) {
		dir := t.TempDir()
		test(t, dir, func() (Output, int64, error) {
			return sized(Outputs{Options: Options{SHA256: true}}.Resume(filepath.Join(dir, "x")))
		})
	})
	t.Run("Dir", func(t *testing.T) {
		dir := t.TempDir()
		d := openDir(t, dir, Options{SHA256: true})
		p, err := d.Claim("x")
		if err != nil {
			t.Fatal(err)
		}
		test(t, dir, func() (Output, int64, error) { return sized(p.Resume()) })
	})
}

// sized is how much there is, which must be of some time.
func sized(out Output, kept Kept, err error) (Output, int64, error) {
	if age := time.Since(kept.Written); kept.Bytes > 0 && (age < -time.Second || age > time.Minute) {
		err = fmt.Errorf("%d bytes of %v", kept.Bytes, kept.Written)
	}
	return out, kept.Bytes, err
}

// A transfer that fails twice goes on where it was, and is whole in the end.
func TestResumeKept(t *testing.T) {
	eachResume(t, func(t *testing.T, dir string, resume func() (Output, int64, error)) {
		for i, text := range []string{"one ", "two ", "three"} {
			out, n, err := resume()
			if err != nil || n != int64(4*i) {
				t.Fatalf("Resume = %d, %v", n, err)
			}
			write(t, out, text)
			if i < 2 {
				out.Abort()
				if diff := cmp.Diff([]string{"x.specify.part"}, tree(t, dir)); diff != "" {
					t.Fatalf("(-want +got)\n%s", diff)
				}
				continue
			}
			got, err := out.Commit()
			if err != nil || got.Bytes != 13 || got.SHA256 != sumOf("one two three").Hex {
				t.Errorf("Commit = %+v, %v", got, err)
			}
		}
		wantFile(t, "one two three", dir, "x")
		if got := tree(t, dir); len(got) != 1 {
			t.Errorf("left: %q", got)
		}
	})
}

// Another tool's partial file is copied when more of it comes, and is left
// alone until all of it is there.
func TestResumeForeign(t *testing.T) {
	eachResume(t, func(t *testing.T, dir string, resume func() (Output, int64, error)) {
		path := putFile(t, "partial ", dir, "x")
		out, n, err := resume()
		if err != nil || n != 8 {
			t.Fatalf("Resume = %d, %v", n, err)
		}
		out.Abort() // the server did not answer
		if got := tree(t, dir); len(got) != 1 {
			t.Errorf("left: %q", got)
		}
		out, n, err = resume()
		if err != nil || n != 8 {
			t.Fatalf("Resume = %d, %v", n, err)
		}
		write(t, out, "and ")
		out.Abort() // it broke again
		wantFile(t, "partial ", path)
		out, n, err = resume()
		if err != nil || n != 12 {
			t.Fatalf("Resume = %d, %v", n, err)
		}
		write(t, out, "whole")
		got, err := out.Commit()
		if err != nil || got.SHA256 != sumOf("partial and whole").Hex {
			t.Errorf("Commit = %+v, %v", got, err)
		}
		wantFile(t, "partial and whole", path)
		if got := tree(t, dir); len(got) != 1 {
			t.Errorf("left: %q", got)
		}
	})
}

// The server says that nothing is missing: nothing is copied, all is verified.
func TestResumeWhole(t *testing.T) {
	eachResume(t, func(t *testing.T, dir string, resume func() (Output, int64, error)) {
		path := putFile(t, "whole", dir, "x")
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		out, _, err := resume()
		if err != nil {
			t.Fatal(err)
		}
		out.Expect(sum512Of("whole"))
		got, err := out.Commit()
		if err != nil || got.Bytes != 5 || got.SHA256 != sumOf("whole").Hex {
			t.Errorf("Commit = %+v, %v", got, err)
		}
		if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("another file now, %v", err)
		}
		out, _, err = resume()
		if err != nil {
			t.Fatal(err)
		}
		out.Expect(sumOf("something else"))
		if _, err := out.Commit(); errorType(err) != "checksum" {
			t.Errorf("Commit = %v", err)
		}
		wantFile(t, "whole", path) // it was there before this task
	})
}

// The server sends the whole, or less than is there.
func TestResumeRewound(t *testing.T) {
	for _, offset := range []int64{0, 3} {
		eachResume(t, func(t *testing.T, dir string, resume func() (Output, int64, error)) {
			path := putFile(t, "outdated", dir, "x")
			out, _, err := resume()
			if err != nil {
				t.Fatal(err)
			}
			if err := out.Rewind(offset); err != nil {
				t.Fatal(err)
			}
			want := "outdated"[:offset]
			if offset == 0 { // and an empty body at that
				want = ""
			} else {
				write(t, out, "new")
				want += "new"
			}
			wantFile(t, "outdated", path)
			got, err := out.Commit()
			if err != nil || got.SHA256 != sumOf(want).Hex || got.Bytes != int64(len(want)) {
				t.Errorf("Commit = %+v, %v", got, err)
			}
			wantFile(t, want, path)
			if got := tree(t, dir); len(got) != 1 {
				t.Errorf("left: %q", got)
			}
		})
	}
}

// Bytes that are wrong are not kept for another run to add to.
func TestResumeWrongSum(t *testing.T) {
	eachResume(t, func(t *testing.T, dir string, resume func() (Output, int64, error)) {
		putFile(t, "wrong ", dir, "x.specify.part")
		out, n, err := resume()
		if err != nil || n != 6 {
			t.Fatalf("Resume = %d, %v", n, err)
		}
		out.Expect(sumOf("right and more"))
		write(t, out, "and more")
		if _, err := out.Commit(); errorType(err) != "checksum" {
			t.Errorf("Commit = %v", err)
		}
		if got := tree(t, dir); len(got) != 0 {
			t.Errorf("left: %q", got)
		}
	})
}

func TestResumeNothing(t *testing.T) {
	eachResume(t, func(t *testing.T, dir string, resume func() (Output, int64, error)) {
		out, n, err := resume()
		if err != nil || n != 0 {
			t.Fatalf("Resume = %d, %v", n, err)
		}
		out.Abort()
		if got := tree(t, dir); len(got) != 0 {
			t.Errorf("left: %q", got)
		}
	})
}

// Of two runs that resume one file the second is refused, and the first not
// disturbed.
func TestResumeTwice(t *testing.T) {
	eachResume(t, func(t *testing.T, dir string, resume func() (Output, int64, error)) {
		out, _, err := resume()
		if err != nil {
			t.Fatal(err)
		}
		write(t, out, "first")
		if _, _, err := resume(); !errors.Is(err, errBusy) || errorType(err) != "output" {
			t.Errorf("second Resume: %v", err)
		}
		if _, err := out.Commit(); err != nil {
			t.Error(err)
		}
		wantFile(t, "first", dir, "x")
	})
}

// What is to be gone on with must be a file of ours, not a way to another one.
func TestResumePlantedLink(t *testing.T) {
	eachResume(t, func(t *testing.T, dir string, resume func() (Output, int64, error)) {
		victim := putFile(t, "victim", dir, "victim")
		if err := os.Symlink("victim", filepath.Join(dir, "x.specify.part")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := resume(); errorType(err) != "output" {
			t.Errorf("Resume: %v", err)
		}
		wantFile(t, "victim", victim)
	})
}

// The longer of the two is what a transfer goes on with.
func TestResumeShorterKept(t *testing.T) {
	eachResume(t, func(t *testing.T, dir string, resume func() (Output, int64, error)) {
		putFile(t, "pa", dir, "x.specify.part")
		path := putFile(t, "partial", dir, "x")
		out, n, err := resume()
		if err != nil || n != 7 {
			t.Fatalf("Resume = %d, %v", n, err)
		}
		write(t, out, "!")
		if _, err := out.Commit(); err != nil {
			t.Error(err)
		}
		wantFile(t, "partial!", path)
		if got := tree(t, dir); len(got) != 1 {
			t.Errorf("left: %q", got)
		}
	})
}

// A file that shrinks under us is no start.
func TestResumeShrunk(t *testing.T) {
	eachResume(t, func(t *testing.T, dir string, resume func() (Output, int64, error)) {
		path := putFile(t, "partial", dir, "x")
		out, _, err := resume()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, 3); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write([]byte("!")); errorType(err) != "output" {
			t.Errorf("Write = %v", err)
		}
		if _, err := out.Commit(); errorType(err) != "output" {
			t.Errorf("Commit = %v", err)
		}
		wantFile(t, "par", path)
		if got := tree(t, dir); len(got) != 1 {
			t.Errorf("left: %q", got)
		}
	})
}
