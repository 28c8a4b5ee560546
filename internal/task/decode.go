package task

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// UnmarshalJSON decodes one record. Unknown keys are ignored, since schema v1
// only grows; another version, an unknown outcome or a missing id is an error.
func (r *Record) UnmarshalJSON(data []byte) error {
	var w wireRecord
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	if w.V != 1 {
		return fmt.Errorf("schema version %d is not 1", w.V)
	}
	if w.ID == "" {
		return fmt.Errorf("record without an id")
	}
	if !slices.Contains([]Outcome{OK, NotModified, Failed, Unfinished}, w.Outcome) {
		return fmt.Errorf("unknown outcome %q", w.Outcome)
	}
	*r = w.record()
	return nil
}

// wireRecord is the shape of a record on the wire, for decoding only.
type wireRecord struct {
	V           int      `json:"v"`
	Seq         int64    `json:"seq"`
	ID          string   `json:"id"`
	Outcome     Outcome  `json:"outcome"`
	Method      string   `json:"method"`
	URL         string   `json:"url"`
	FinalURL    string   `json:"final_url"`
	Mirror      *int     `json:"mirror"`
	Status      int      `json:"status"`
	Protocol    string   `json:"protocol"`
	Start       wireTime `json:"start"`
	Duration    *seconds `json:"duration"`
	Attempts    int      `json:"attempts"`
	Bytes       *int64   `json:"bytes"`
	Resumed     *int64   `json:"resumed_bytes"`
	ContentType string   `json:"content_type"`
	Remote      string   `json:"remote"`
	Timing      struct {
		Queue     *seconds `json:"queue"`
		Rate      *seconds `json:"rate"`
		Backoff   *seconds `json:"backoff"`
		Breaker   *seconds `json:"breaker"`
		DNS       *seconds `json:"dns"`
		Connect   *seconds `json:"connect"`
		TLS       *seconds `json:"tls"`
		FirstByte *seconds `json:"first_byte"`
		Transfer  *seconds `json:"transfer"`
	} `json:"timing"`
	Retries []struct {
		Status   int       `json:"status"`
		Error    ErrorType `json:"error"`
		Duration *seconds  `json:"duration"`
		Wait     *seconds  `json:"wait"`
		Reason   string    `json:"reason"`
	} `json:"retries"`
	Error *struct {
		Type    ErrorType `json:"type"`
		Message string    `json:"message"`
	} `json:"error"`
	Output *struct {
		Path   string `json:"path"`
		Bytes  *int64 `json:"bytes"`
		SHA256 string `json:"sha256"`
	} `json:"output"`
	Expect      []string          `json:"expect_failed"`
	Headers     map[string]string `json:"headers"`
	Body        json.RawMessage   `json:"body"`
	BodyBase64  string            `json:"body_base64"`
	BodyOmitted string            `json:"body_omitted"`
	ExitCode    *int              `json:"exit_code"`
	Signal      string            `json:"signal"`
	StderrTail  string            `json:"stderr_tail"`
	TraceID     string            `json:"trace_id"`
	SpanID      string            `json:"span_id"`
	Meta        json.RawMessage   `json:"meta"`
}

type (
	seconds  float64
	wireTime struct{ time.Time }
)

func (t *wireTime) UnmarshalText(text []byte) (err error) {
	t.Time, err = time.Parse(time.RFC3339Nano, string(text))
	return err
}

// duration returns what s says, rounded to the microsecond that records keep.
func (s *seconds) duration() time.Duration {
	if s == nil {
		return Unknown
	}
	return time.Duration(math.Round(float64(*s)*1e6)) * time.Microsecond
}

func known[T int | int64](n *T) T {
	if n == nil {
		return Unknown
	}
	return *n
}

func (w *wireRecord) record() Record {
	r := Record{
		Seq: w.Seq, ID: w.ID, Outcome: w.Outcome, Method: w.Method, URL: w.URL, FinalURL: w.FinalURL,
		Mirror: known(w.Mirror), Status: w.Status, Protocol: w.Protocol,
		Start: w.Start.Time, Duration: w.Duration.duration(), Attempts: w.Attempts,
		Bytes: known(w.Bytes), Resumed: known(w.Resumed), ContentType: w.ContentType, Remote: w.Remote,
		Timing: Timing{
			Queue: w.Timing.Queue.duration(), Rate: w.Timing.Rate.duration(),
			Backoff: w.Timing.Backoff.duration(), Breaker: w.Timing.Breaker.duration(),
			DNS: w.Timing.DNS.duration(), Connect: w.Timing.Connect.duration(), TLS: w.Timing.TLS.duration(),
			FirstByte: w.Timing.FirstByte.duration(), Transfer: w.Timing.Transfer.duration(),
		},
		Expect: w.Expect, Body: w.Body, BodyBase64: w.BodyBase64, BodyOmitted: w.BodyOmitted,
		ExitCode: known(w.ExitCode), Signal: w.Signal, StderrTail: w.StderrTail,
		TraceID: w.TraceID, SpanID: w.SpanID, Meta: w.Meta,
	}
	for _, retry := range w.Retries {
		r.Retries = append(r.Retries, Retry{
			Status: retry.Status, Error: retry.Error, Reason: retry.Reason,
			Duration: retry.Duration.duration(), Wait: retry.Wait.duration(),
		})
	}
	if w.Error != nil {
		r.Error = &Error{Type: w.Error.Type, Message: w.Error.Message}
	}
	if w.Output != nil {
		r.Output = &Output{Path: w.Output.Path, Bytes: known(w.Output.Bytes), SHA256: w.Output.SHA256}
	}
	for name, value := range w.Headers {
		r.Headers = append(r.Headers, Field{Name: name, Value: value})
	}
	slices.SortFunc(r.Headers, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return r
}
