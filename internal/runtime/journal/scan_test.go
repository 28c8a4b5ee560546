package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// reference is decode by means of encoding/json. broken says that the line is
// no JSON, ok that it is a record.
func reference(line []byte) (e Entry, broken, ok bool) {
	if !json.Valid(line) {
		return Entry{}, true, false
	}
	e = Entry{OutputBytes: -1, Seq: -1}
	record, isObject := members(line)
	output, outputOK := members(record["output"])
	return e, false, isObject && utf8.Valid(line) &&
		(record["v"] == nil || string(record["v"]) == "1") &&
		known(record["id"], &e.ID) && known(record["outcome"], &e.Outcome) &&
		strings.Contains(" ok not_modified failed unfinished ", " "+e.Outcome+" ") && e.Outcome != "" && !strings.Contains(e.Outcome, " ") &&
		(record["seq"] == nil || known(record["seq"], &e.Seq) && e.Seq >= 0) &&
		(record["output"] == nil || outputOK) &&
		(output["path"] == nil || known(output["path"], &e.OutputPath)) &&
		(output["bytes"] == nil || known(output["bytes"], &e.OutputBytes) && e.OutputBytes >= 0)
}

func members(text []byte) (m map[string]json.RawMessage, ok bool) {
	if !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) {
		return nil, false
	}
	return m, json.Unmarshal(text, &m) == nil
}

// known decodes a value that is there and not null.
func known(value json.RawMessage, to any) bool {
	return value != nil && string(value) != "null" && json.Unmarshal(value, to) == nil
}

func compare(t interface{ Fatalf(string, ...any) }, line []byte) {
	want, broken, ok := reference(line)
	got, err := decode(line)
	if _, isSyntax := errors.AsType[*syntaxError](err); (isSyntax || err == errMore) != broken {
		t.Fatalf("decode(%q) = %v; encoding/json finds it broken: %v", line, err, broken)
	}
	if (err == nil) != ok {
		t.Fatalf("decode(%q) = %v; encoding/json finds a record: %v", line, err, ok)
	}
	if ok && got != want {
		t.Fatalf("decode(%q)\n got %+v\nwant %+v", line, got, want)
	}
}

// The scanner and encoding/json agree on whatever bytes a line has.
func FuzzDecode(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) { compare(t, line) })
}

// sample is the record of CONTRACT.md section 4.
const sample = `{"v":1,"seq":12,"id":"b3f0c2aa00112233","outcome":"failed","method":"GET","url":"https://h/x?sig=REDACTED","status":503,"protocol":"HTTP/2.0","start":"2026-11-22T17:41:03.120Z","duration":7.41,"attempts":4,"bytes":91,"content_type":"text/plain","remote":"192.0.2.7:443","timing":{"queue":0.2,"rate":0,"backoff":6.1,"breaker":0,"dns":0.01,"connect":0.02,"tls":0.03,"first_byte":0.9,"transfer":0.004},"retries":[{"status":503,"duration":0.31,"wait":2,"reason":"retry_after"}],"error":{"type":"503","message":"503 Service Unavailable after 4 attempts"},"output":{"path":"x.json","bytes":91,"sha256":"ab"},"trace_id":"t","span_id":"s","meta":{}}` + "\n"

// record encodes an ok record with about padding more bytes than it needs.
func record(seq, padding int) []byte {
	return fmt.Appendf(nil, `{"v":1,"seq":%d,"id":"task-%d","outcome":"ok","meta":{"a":["%s",{"id":"no"}]},"output":{"path":"d/%d","bytes":%d}}`+"\n",
		seq, seq, strings.Repeat("x", padding), seq, seq)
}

var seeds = []string{
	sample,
	string(record(1, 3)),
	``, ` `, `{}`, `{`, `[`, `null`, `12`, `"id"`, `{"id"}`, `{"id":}`, `{,}`, `{"a":1,}`, `[1,]`, "\x00", "{}\x00", `{}{}`,
	` { "id" : "a" , "outcome" : "ok" } `,
	`{"outcome":"unfinished","meta":{"id":"b","outcome":"failed"},"id":"a"}`,
	`{"id":"a","id":"b","outcome":"ok","outcome":"failed"}`,
	`{"id":1,"id":"b","outcome":"ok"}`, `{"id":"b","id":null,"outcome":"ok"}`,
	`{"\u0069d":"\u00e9\ud83d\ude00\ud800\"\\\/\b\f\n\r\t","outcome":"\u006fk"}`,
	`{"v":2,"id":"a","outcome":"ok"}`, `{"v":"1","id":"a","outcome":"ok"}`, `{"v":1,"id":"a","outcome":"ok","v":1.0}`,
	`{"ID":"a","outcome":"ok"}`, `{"id":"","outcome":"not_modified"}`,
	`{"id":"a","outcome":"ok","seq":-0}`, `{"id":"a","outcome":"ok","seq":-1}`, `{"id":"a","outcome":"ok","seq":1e3}`,
	`{"id":"a","outcome":"ok","seq":9223372036854775807}`, `{"id":"a","outcome":"ok","seq":9223372036854775808}`,
	`{"id":"a","outcome":"ok","seq":"1"}`, `{"id":"a","outcome":"ok","seq":null}`, `{"id":"a","outcome":"ok","seq":01}`,
	`{"id":"a","outcome":"ok","output":null}`, `{"id":"a","outcome":"ok","output":[]}`, `{"id":"a","outcome":"ok","output":{}}`,
	`{"id":"a","outcome":"ok","output":{"path":1}}`, `{"id":"a","outcome":"ok","output":{"bytes":1.5}}`,
	`{"id":"a","outcome":"ok","output":{"path":"x"},"output":{"bytes":3}}`,
	`{"id":"a","outcome":"ok","meta":[true,false,null,-1.5e+10,0.1E-2,[[{}]],""]}`,
	`{"id":"a","outcome":"ok","meta":[tru]}`, `{"id":"a","outcome":"ok","meta":-}`, `{"id":"a","outcome":"ok","meta":1.}`, `{"id":"a","outcome":"ok","meta":1e}`,
	`{"id":"a","outcome":"ok","meta":"\x"}`, `{"id":"a","outcome":"ok","meta":"\u12g4"}`, "{\"id\":\"a\x1f\",\"outcome\":\"ok\"}",
	"{\"id\":\"\xff\",\"outcome\":\"ok\"}", "{\"id\":\"\x7f\u2028é\",\"outcome\":\"ok\"}",
}

func TestDecodeDepth(t *testing.T) {
	for _, depth := range []int{9_998, 9_999, 10_000, 10_001} {
		nested := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		compare(t, []byte(nested))
		compare(t, []byte(`{"id":"a","outcome":"ok","meta":`+nested+`}`))
		compare(t, []byte(strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth)))
	}
}

// Random objects: wanted keys in any order and number, escaped or not, with
// right and wrong values, between nested ones; some with a byte changed.
func TestDecodeRandomObjects(t *testing.T) {
	valid := 0
	rapid.Check(t, func(t *rapid.T) {
		line := []byte(drawObject(t, 3, []string{
			`"v"`, `"id"`, `"id"`, `"outcome"`, `"outcome"`, `"seq"`, `"output"`, `"\u0069d"`, `"Id"`, `"meta"`,
		}))
		compare(t, line)
		if _, err := decode(line); err == nil {
			valid++
		}
		if n := rapid.IntRange(-len(line), len(line)-1).Draw(t, "change"); n >= 0 {
			line[n] = rapid.Byte().Draw(t, "to")
			compare(t, line)
		}
	})
	if valid == 0 {
		t.Error("no random object was a record: the generator tests nothing")
	}
}

func drawObject(t *rapid.T, depth int, keys []string) string {
	var b strings.Builder
	gap := rapid.SampledFrom([]string{"", "", "", " ", "\t", "\r"})
	b.WriteString("{" + gap.Draw(t, "gap"))
	for i := range rapid.IntRange(0, 6).Draw(t, "members") {
		if i > 0 {
			b.WriteString("," + gap.Draw(t, "gap"))
		}
		key := rapid.SampledFrom(keys).Draw(t, "key")
		b.WriteString(key + gap.Draw(t, "gap") + ":" + gap.Draw(t, "gap"))
		b.WriteString(drawMember(t, depth, key) + gap.Draw(t, "gap"))
	}
	b.WriteString("}")
	return b.String()
}

func drawMember(t *rapid.T, depth int, key string) string {
	if rapid.IntRange(0, 4).Draw(t, "any") == 0 {
		return drawValue(t, depth)
	}
	switch key {
	case `"outcome"`:
		return rapid.SampledFrom([]string{`"ok"`, `"not_modified"`, `"failed"`, `"unfinished"`, `"\u006fk"`, `"OK"`}).Draw(t, "outcome")
	case `"seq"`, `"bytes"`:
		return rapid.SampledFrom([]string{"0", "17", "-3", "1.0", "99999999999999999999"}).Draw(t, "count")
	case `"output"`:
		return drawObject(t, depth-1, []string{`"path"`, `"bytes"`, `"byte\u0073"`, `"sha256"`})
	}
	return drawText(t)
}

func drawText(t *rapid.T) string {
	text, err := json.Marshal(rapid.String().Draw(t, "text"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func drawValue(t *rapid.T, depth int) string {
	kinds := 4
	if depth <= 0 {
		kinds = 2
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 0:
		return drawText(t)
	case 1:
		return rapid.SampledFrom([]string{"null", "true", "false", "0", "-0.5e-3"}).Draw(t, "word")
	case 2:
		return rapid.SampledFrom([]string{`""`, `"}"`, `"\""`, `"\\"`, `"{\"id\":\"x\"}"`}).Draw(t, "trap")
	case 3:
		return drawObject(t, depth-1, []string{`"id"`, `"outcome"`, `"a"`})
	}
	var parts []string
	for range rapid.IntRange(0, 3).Draw(t, "elements") {
		parts = append(parts, drawValue(t, depth-1))
	}
	return "[" + strings.Join(parts, ",") + "]"
}
