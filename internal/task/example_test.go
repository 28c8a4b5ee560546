package task_test

import (
	"fmt"
	"time"

	"github.com/specify-cli/specify/internal/task"
)

func ExampleRedactURL() {
	fmt.Println(task.RedactURL("https://ci:hunter2@example.com/a.tgz?part=1&sig=c2VjcmV0"))
	// Output: https://REDACTED:REDACTED@example.com/a.tgz?part=1&sig=REDACTED
}

func ExampleRecord_Append() {
	t := &task.Task{Seq: 3, URLs: []string{"https://example.com/"}}
	t.ID = task.ContentID(t)
	r := task.NewRecord(t)
	r.Outcome, r.Status, r.Attempts, r.Bytes, r.Duration = task.OK, 200, 1, 1256, 31416*time.Microsecond
	fmt.Printf("%s\n", r.Append(nil))
	// Output: {"v":1,"seq":3,"id":"1f0c6ea6d52ad48a0a30e0da0d696996","outcome":"ok","method":"GET","url":"https://example.com/","status":200,"duration":0.031416,"attempts":1,"bytes":1256,"timing":{"queue":0,"rate":0,"backoff":0,"breaker":0}}
}

func ExampleParseStatusSet() {
	accept, err := task.ParseStatusSet("2xx,404")
	fmt.Println(accept.Has(204), accept.Has(404), accept.Has(500), err)
	// Output: true true false <nil>
}
