package task

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// wireRecord is the shape of a record on the wire, for decoding only: where a
// pointer is nil the value is Unknown.
type wireRecord struct {
	V           int       `json:"v"`
	Seq         *count    `json:"seq"`
	ID          string    `json:"id"`
	Outcome     Outcome   `json:"outcome"`
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	FinalURL    string    `json:"final_url"`
	Mirror      *count    `json:"mirror"`
	Status      count     `json:"status"`
	Protocol    string    `json:"protocol"`
	Start       time.Time `json:"start"`
	Duration    *seconds  `json:"duration"`
	Attempts    count     `json:"attempts"`
	Bytes       *count    `json:"bytes"`
	Resumed     *count    `json:"resumed_bytes"`
	ContentType string    `json:"content_type"`
	Remote      string    `json:"remote"`
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
		Status   count     `json:"status"`
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
		Bytes  *count `json:"bytes"`
		SHA256 string `json:"sha256"`
	} `json:"output"`
	Expect      []string          `json:"expect_failed"`
	Headers     map[string]string `json:"headers"`
	Body        json.RawMessage   `json:"body"`
	BodyBase64  string            `json:"body_base64"`
	BodyOmitted string            `json:"body_omitted"`
	ExitCode    *count            `json:"exit_code"`
	Signal      string            `json:"signal"`
	StderrTail  string            `json:"stderr_tail"`
	TraceID     string            `json:"trace_id"`
	SpanID      string            `json:"span_id"`
	Meta        json.RawMessage   `json:"meta"`
}

// seconds is a duration on the wire, to the microsecond that records keep.
type seconds time.Duration

func (s *seconds) UnmarshalJSON(data []byte) error {
	const most = float64(math.MaxInt64 / time.Second)
	f, err := strconv.ParseFloat(string(data), 64)
	if err != nil || f < 0 || f > most {
		return fmt.Errorf("%.40s is not a time in seconds", data)
	}
	*s = seconds(math.Round(f*1e6)) * seconds(time.Microsecond)
	return nil
}

func (s *seconds) known() time.Duration {
	if s == nil {
		return Unknown
	}
	return time.Duration(*s)
}

// count is a number on the wire that cannot be negative.
type count int64

func (n *count) UnmarshalJSON(data []byte) error {
	v, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil || v < 0 {
		return fmt.Errorf("%.40s is not a count", data)
	}
	*n = count(v)
	return nil
}

func (n *count) known() int64 {
	if n == nil {
		return Unknown
	}
	return int64(*n)
}

func (w *wireRecord) record() Record {
	r := Record{
		Seq: w.Seq.known(), ID: w.ID, Outcome: w.Outcome, Method: w.Method, URL: w.URL, FinalURL: w.FinalURL,
		Mirror: int(w.Mirror.known()), Status: int(w.Status), Protocol: w.Protocol,
		Start: w.Start, Duration: w.Duration.known(), Attempts: int(w.Attempts),
		Bytes: w.Bytes.known(), Resumed: w.Resumed.known(), ContentType: w.ContentType, Remote: w.Remote,
		Timing: Timing{
			Queue: w.Timing.Queue.known(), Rate: w.Timing.Rate.known(),
			Backoff: w.Timing.Backoff.known(), Breaker: w.Timing.Breaker.known(),
			DNS: w.Timing.DNS.known(), Connect: w.Timing.Connect.known(), TLS: w.Timing.TLS.known(),
			FirstByte: w.Timing.FirstByte.known(), Transfer: w.Timing.Transfer.known(),
		},
		Expect: w.Expect, Body: w.Body, BodyBase64: w.BodyBase64, BodyOmitted: w.BodyOmitted,
		ExitCode: int(w.ExitCode.known()), Signal: w.Signal, StderrTail: w.StderrTail,
		TraceID: w.TraceID, SpanID: w.SpanID, Meta: w.Meta,
	}
	for _, retry := range w.Retries {
		r.Retries = append(r.Retries, Retry{
			Status: int(retry.Status), Error: retry.Error, Reason: retry.Reason,
			Duration: retry.Duration.known(), Wait: retry.Wait.known(),
		})
	}
	if w.Error != nil {
		r.Error = &Error{Type: w.Error.Type, Message: w.Error.Message}
	}
	if w.Output != nil {
		r.Output = &Output{Path: w.Output.Path, Bytes: w.Output.Bytes.known(), SHA256: w.Output.SHA256}
	}
	for name, value := range w.Headers {
		r.Headers = append(r.Headers, Field{Name: name, Value: value})
	}
	slices.SortFunc(r.Headers, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return r
}
