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

// bareCommand is the hidden argument that makes this program a client that has
// nothing but net/http.
const bareCommand = "fetch-with-net-http"

// serveAsBare makes the process that client if it was started as such, and does
// not return then. main and TestMain call it first.
func serveAsBare() {
	if len(os.Args) != 4 || os.Args[1] != bareCommand {
		return
	}
	if err := fetchBare(os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "net/http:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// fetchBare fetches the URLs in the file list and returns the first error.
func fetchBare(list, inFlight string) error {
	slots, err := strconv.Atoi(inFlight)
	if err != nil {
		return err
	}
	f, err := os.Open(list)
	if err != nil {
		return err
	}
	defer f.Close()
	// The default of two idle connections a host would make most requests dial.
	c := &http.Client{Transport: &http.Transport{MaxIdleConns: 0, MaxIdleConnsPerHost: slots}}
	urls := make(chan string)
	failed := make(chan error, 1)
	var workers sync.WaitGroup
	for range slots {
		workers.Go(func() {
			for url := range urls {
				if err := get(c, url); err != nil {
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

func get(c *http.Client, url string) error {
	resp, err := c.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
