//go:build !unix

package httpx

// Descriptors reports that there is no limit that could be asked for.
func Descriptors() (limit int, known bool) { return 0, false }
