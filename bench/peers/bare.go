package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
)

// bareCommand is the hidden argument that makes this program a client that does
// nothing but fetch, in one of the ways.
const bareCommand = "fetch-barely"

// way is one of fetching: it returns what each of so many workers fetches a URL
// by.
type way func(slots int, results string) (worker func() func(url string) error, err error)

var ways = map[string]way{"net/http": withNetHTTP, "libraries": withLibraries, "sockets": withSockets}

// serveAsBare makes the process such a client if it was started as one, and does
// not return then. main and TestMain call it first.
func serveAsBare() {
	if len(os.Args) != 6 || os.Args[1] != bareCommand {
		return
	}
	if err := fetchBare(ways[os.Args[2]], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, os.Args[2]+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// fetchBare fetches the URLs in the file list and returns the first error.
func fetchBare(fetch way, list, inFlight, results string) error {
	slots, err := strconv.Atoi(inFlight)
	if err != nil {
		return err
	}
	f, err := os.Open(list)
	if err != nil {
		return err
	}
	defer f.Close()
	worker, err := fetch(slots, results)
	if err != nil {
		return err
	}
	urls := make(chan string)
	failed := make(chan error, 1)
	var workers sync.WaitGroup
	for range slots {
		workers.Go(func() {
			get := worker()
			for url := range urls {
				if err := get(url); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		urls <- lines.Text()
	}
	close(urls)
	workers.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return lines.Err()
	}
}

func withNetHTTP(slots int, _ string) (func() func(string) error, error) {
	// The default of two idle connections a host would make most requests dial.
	c := &http.Client{Transport: &http.Transport{MaxIdleConns: 0, MaxIdleConnsPerHost: slots}}
	return func() func(string) error {
		buf := make([]byte, 4<<10)
		return func(url string) error {
			resp, err := c.Get(url)
			return whole(resp, err, buf)
		}
	}, nil
}

// whole reads an answer, which must be a 200.
func whole(resp *http.Response, err error, buf []byte) error {
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Request.URL, resp.Status)
	}
	for {
		if _, err := resp.Body.Read(buf); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
