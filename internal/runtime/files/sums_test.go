package files

import (
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const (
	empty256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	other256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
)

var empty512 = func() string {
	sum := sha512.Sum512(nil)
	return hex.EncodeToString(sum[:])
}()

func itoa(i int) string { return strconv.Itoa(i) }

func TestParseSums(t *testing.T) {
	sums, err := ParseSums("SHA256SUMS", strings.NewReader("\ufeff# a comment\n\n"+
		empty256+"  text.tgz\r\n"+
		strings.ToUpper(other256)+" *bin ary.tgz\n"+
		other256+" reversed\n"+
		other256+" (reversed)\n"+
		other256+"  ./sub/dir.tgz\n"+
		other256+"    two spaces first\n"+
		other256+"  *star\n"+
		other256+"  a (1) = b\n"+
		`\`+other256+`  new\nline\\x`+"\n"+
		"SHA256 (bsd) = "+other256+"\n"+
		"SHA512 (text.tgz) = "+empty512+"\n"+
		"SHA256 (odd) = name) = "+other256+"\n"+
		`\SHA256 (c\rr) = `+other256+"\n"+
		"  "+empty512+"  indented\n"+
		empty256+"  text.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	other := []Checksum{{SHA256, other256}}
	for _, tt := range []struct {
		output, url string
		want        []Checksum
	}{
		{"text.tgz", "", []Checksum{{SHA256, empty256}, {SHA512, empty512}}},
		{"bin ary.tgz", "", other},
		{"reversed", "", other},
		{"(reversed)", "", other},
		{"sub/dir.tgz", "", other},
		{"dir.tgz", "", nil},
		{"  two spaces first", "", other},
		{"*star", "", other},
		{"a (1) = b", "", other},
		{"new\nline\\x", "", other},
		{"bsd", "", other},
		{"odd) = name", "", other},
		{"c\rr", "", other},
		{"indented", "", []Checksum{{SHA512, empty512}}},
		{"missing", "https://h/a/bsd?x=/y", other},
		{"", "https://h/bin%20ary.tgz", other},
		{"", "https://h/sub%2Fdir.tgz", other},
		{"bsd", "https://h/text.tgz", other}, // the path comes first
		{"", "https://h/bsd/", nil},
		{"", "https://h", nil},
	} {
		var u *url.URL
		if tt.url != "" {
			u = parse(t, tt.url)
		}
		if diff := cmp.Diff(tt.want, sums.Find(tt.output, u)); diff != "" {
			t.Errorf("%q, %s: (-want +got)\n%s", tt.output, tt.url, diff)
		}
	}
	if sums.Len() != 14 {
		t.Errorf("%d sums, want 14", sums.Len())
	}
}

func TestParseSumsErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"\n" + empty256, `S:2: want "HEX  name"`},
		{"x", `S:1: want "HEX  name"`},
		{empty256[1:] + "  x", "S:1: want"},
		{empty256[:63] + "g  x", `S:1: "` + empty256[:63] + `g" is not hexadecimal`},
		{empty256 + "  ", "S:1: the name is empty"},
		{empty256[:32] + "  x", "S:1: MD5 and SHA-1 prove nothing"},
		{empty256[:40] + " *x", "S:1: MD5 and SHA-1 prove nothing"},
		{"MD5 (x) = " + empty256[:32], `S:1: algorithm "md5" is not sha256 or sha512`},
		{"SHA512 (x) = " + empty256, "S:1: 64 hex digits where sha512 has 128"},
		{"SHA256 (x = " + empty256, "S:1: want"},
		{"SHA256 (x)= " + empty256, "S:1: want"},
		{`\` + empty256 + `  a\b`, `S:1: unknown escape \b`},
		{`\` + empty256 + `  a\`, "S:1: the name ends within an escape"},
		{empty256 + "  x\n" + other256 + "  ./x", `S:2: "./x" has another sha256 further up`},
		{empty256 + "  x\n" + strings.Repeat("x", maxSumLine+1), "S:2: longer than 16384 bytes"},
	} {
		_, err := ParseSums("S", strings.NewReader(tt.text))
		if _, ok := errors.AsType[*SumsError](err); !ok || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%.90q: %v, want %s", tt.text, err, tt.want)
		}
	}
	broken := io.MultiReader(strings.NewReader(empty256+"  x\n"), iotest.ErrReader(io.ErrClosedPipe))
	if _, err := ParseSums("S", broken); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a read error: %v", err)
	}
}

func TestParseChecksum(t *testing.T) {
	for _, text := range []string{"sha256:" + empty256, "sha512:" + empty512, "SHA256:" + strings.ToUpper(empty256)} {
		sum, err := ParseChecksum(text)
		if err != nil || sum.String() != strings.ToLower(text) {
			t.Errorf("%q: %v, %v", text, sum, err)
		}
	}
	for _, text := range []string{"", empty256, "sha256:", "sha256:" + empty512, "sha512:" + empty256, "md5:" + empty256[:32], "sha256:x" + empty256[1:], "sha256: " + empty256} {
		if sum, err := ParseChecksum(text); err == nil {
			t.Errorf("%q: %v", text, sum)
		}
	}
}

// What is written is read back, and no input breaks the parser.
func FuzzParseSums(f *testing.F) {
	f.Add("name", empty256+"  x")
	f.Add("a\nb\\c\rd", "SHA256 (x) = "+empty256)
	f.Add(" *x", `\`+empty512+`  \\`)
	f.Fuzz(func(t *testing.T, name, text string) {
		if _, err := ParseSums("S", strings.NewReader(text)); err != nil {
			if _, ok := errors.AsType[*SumsError](err); !ok {
				t.Errorf("%q: %v", text, err)
			}
		}
		if name == "" || len(name) > 4096 {
			return
		}
		escaped := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`).Replace(name)
		mark := ""
		if escaped != name {
			mark = `\`
		}
		for _, line := range []string{mark + empty256 + "  " + escaped, mark + empty256 + " *" + escaped, mark + "SHA256 (" + escaped + ") = " + empty256} {
			sums, err := ParseSums("S", strings.NewReader(line+"\n"))
			if err != nil {
				t.Errorf("%q: %v", line, err)
			} else if sums.Len() != 1 || len(sums.named(name)) != 1 {
				t.Errorf("%q: %q is not found", line, name)
			}
		}
	})
}

// The tool that writes such files agrees, where it is installed.
func TestCoreutils(t *testing.T) {
	dir := t.TempDir()
	names := []string{"plain", "two  spaces", " first", "*star", "back\\slash", "new\nline", "(paren)", "a (1) = b"}
	for i, name := range names {
		putFile(t, itoa(i), dir, name)
	}
	for _, args := range [][]string{{"sha256sum"}, {"sha256sum", "-b"}, {"sha512sum"}, {"sha256sum", "--tag"}, {"sha512sum", "--tag"}} {
		tool, err := exec.LookPath(args[0])
		if err != nil {
			t.Logf("%s is not installed: the table in TestParseSums has to do", args[0])
			return
		}
		cmd := exec.Command(tool, append(append(args[1:], "--"), names...)...)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		sums, err := ParseSums(args[0], strings.NewReader(string(out)))
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		for _, name := range names {
			found := sums.Find(name, nil)
			if len(found) != 1 {
				t.Errorf("%v: %q has %v in\n%s", args, name, found, out)
				continue
			}
			verifyFile(t, filepath.Join(dir, name), found[0])
		}
	}
}

// verifyFile sends the file through an output that expects sum.
func verifyFile(t *testing.T, path string, sum Checksum) {
	t.Helper()
	var out None
	out.Expect(sum)
	data, err := readFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, &out, data)
	if _, err := out.Commit(); err != nil {
		t.Error(err)
	}
}

func ExampleParseSums() {
	sums, err := ParseSums("SHA256SUMS", strings.NewReader(empty256+"  pkg/tool.tgz\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sums.Find("pkg/tool.tgz", nil))
	// Output: [sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855]
}
