package httpx

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// acceptEncoding is what requests ask for unless the user or a range says
// otherwise.
const acceptEncoding = "gzip"

// decoded returns a reader of the body without its content codings (RFC 9110
// §8.4.1), outermost last as they are listed. Where the user asked for a coding
// with a header of their own the body is left as it is, as curl does. It reads
// to the end of wire: gzip's trailer is checked, and nothing may follow it.
func decoded(resp *http.Response, wire io.Reader) (io.Reader, error) {
	list := first(resp.Header, "Content-Encoding")
	if list == "" || resp.Request.Header.Get("Accept-Encoding") != acceptEncoding || !hasBody(resp) {
		return wire, nil
	}
	codings := strings.Split(list, ",")
	if len(codings) > maxCodings {
		return nil, fmt.Errorf("%d content codings on one body", len(codings))
	}
	body := wire
	for i := len(codings) - 1; i >= 0; i-- {
		switch coding := strings.ToLower(strings.TrimSpace(codings[i])); coding {
		case "gzip", "x-gzip":
			zipped, err := gzip.NewReader(body)
			if err != nil {
				return nil, cut(err)
			}
			body = zipped
		case "identity", "":
		default:
			return nil, fmt.Errorf("content coding %q, which was not asked for", coding)
		}
	}
	return body, nil
}

// maxCodings bounds the decoders that one answer can make us stack up.
const maxCodings = 2

func hasBody(resp *http.Response) bool {
	return resp.Request.Method != http.MethodHead && resp.ContentLength != 0 &&
		resp.StatusCode != http.StatusNoContent && resp.StatusCode != http.StatusNotModified
}

// cut makes an input that ends before it began an error that is not io.EOF.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
