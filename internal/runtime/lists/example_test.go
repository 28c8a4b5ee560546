package lists_test

import (
	"fmt"
	"strings"

	"github.com/specify-cli/specify/internal/runtime/lists"
)

func ExampleLines() {
	list := strings.NewReader("https://example.com/a\r\n\xff\nhttps://example.com/b")
	for line, err := range lists.Lines(list, "urls.txt") {
		switch {
		case err != nil:
			fmt.Println("the list ends here:", err)
		case line.Err != nil:
			fmt.Printf("%v: %v\n", line.Place, line.Err)
		default:
			fmt.Printf("%v: %s\n", line.Place, line.Text)
		}
	}
	// Output:
	// urls.txt:1: https://example.com/a
	// urls.txt:2: line is not UTF-8
	// urls.txt:3: https://example.com/b
}
