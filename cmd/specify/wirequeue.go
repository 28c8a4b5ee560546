package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/specify-cli/specify/internal/asynccore"
	"github.com/specify-cli/specify/internal/ops"
	"github.com/specify-cli/specify/internal/runtime/files"
	"github.com/specify-cli/specify/internal/runtime/queue"
)

// openQueue connects to the queue at an address.
func openQueue(ctx context.Context, address string, tell ops.Teller) (ops.Queue, error) {
	q, err := queue.Open(ctx, queue.Options{URL: address, Getenv: os.Getenv, Warn: tell.Warn})
	switch {
	case is[*queue.ConfigError](err):
		return nil, &ops.InputError{Err: err}
	case err != nil:
		return nil, &ops.QueueError{Err: err}
	}
	return q, nil
}

// openWorkerFolder opens the folder of a worker's outputs. Other workers may be
// at work in it, so what killed runs have left stays; and a task may come twice.
func openWorkerFolder(_ context.Context, path string) (ops.Folder, error) {
	return files.OpenDir(path, files.Options{SHA256: true, Shared: true})
}

// openBodyFolder opens the folder of the bodies that come from the queue, without
// what killed runs left in it.
func openBodyFolder(ctx context.Context, path string) (ops.BodyFolder, error) {
	return sweptFolder(ctx, path, files.Options{SHA256: true, Shared: true})
}

// runNames keeps the name of a run beside its results file, so that both go
// along when a folder is moved.
type runNames struct{}

func (runNames) file(results string) string { return results + ".run" }

func (n runNames) Get(results string) (string, error) {
	text, err := os.ReadFile(n.file(results))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(text)), err
}

func (n runNames) Set(results, run string) error {
	_, err := asynccore.WriteFile(context.Background(), n.file(results), strings.NewReader(run+"\n"), 0o644)
	return err
}

func (n runNames) Remove(results string) error {
	err := os.Remove(n.file(results))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
