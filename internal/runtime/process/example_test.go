package process_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/specify-cli/specify/internal/runtime/process"
)

func ExampleRun() {
	res, err := process.Run(context.Background(), process.Command{
		Argv:   []string{"sh", "-c", "echo made it; echo almost >&2; exit 3"},
		Stdout: os.Stdout,
		Limit:  time.Minute,
	})
	fmt.Println(err)
	fmt.Println(process.Status(err), res.StdoutBytes, string(res.StderrTail))
	// Output:
	// made it
	// exit status 3
	// 3 8 almost
}

func ExampleRun_limit() {
	_, err := process.Run(context.Background(), process.Command{
		Argv:  []string{"sleep", "60"},
		Limit: 50 * time.Millisecond,
	})
	fmt.Println(err, process.Status(err))
	// Output: timed out after 50ms 124
}
