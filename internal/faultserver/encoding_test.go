package faultserver

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

func TestBombIsSmallAndWhole(t *testing.T) {
	z, err := gzip.NewReader(bytes.NewReader(bomb()))
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, z)
	if err != nil || n != 72<<20 || len(bomb()) > 100<<10 {
		t.Errorf("%d bytes decode to %d, %v", len(bomb()), n, err)
	}
}
