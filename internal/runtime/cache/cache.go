package cache

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

const (
	top       = "v1" // of what this form of the cache keeps
	beginning = top + "/new"
	private   = 0o600
	folder    = 0o700
	leavings  = 24 * time.Hour // after that long nobody writes to it any more
)

// Cache is a folder of copies. It is safe for concurrent use, by other processes
// too.
type Cache struct{ root *os.Root }

// Open makes the folder, for its owner only, if it is not there, and opens it.
// The caller closes it when nothing in it is used any more.
func Open(name string) (*Cache, error) {
	if err := os.MkdirAll(name, folder); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	c := &Cache{root}
	if err := root.MkdirAll(beginning, folder); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	if err := c.sweep(time.Now()); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return c, nil
}

// Close ends the use of the folder.
func (c *Cache) Close() error { return c.root.Close() }

// Find returns the description of the copy for a request. What is damaged, or
// has no body of its size, is not there.
func (c *Cache) Find(k Key) (Entry, bool) {
	data, err := c.root.ReadFile(describes(k))
	if err != nil {
		return Entry{}, false
	}
	e, err := decode(k, data)
	if err != nil {
		return Entry{}, false
	}
	info, err := c.root.Lstat(bodyOf(k, e.SHA256))
	return e, err == nil && info.Mode().IsRegular() && info.Size() == e.Size
}

// Body opens the body of a copy that Find has found, after it was hashed. An
// error means that it cannot be used.
func (c *Cache) Body(k Key, e Entry) (io.ReadCloser, error) {
	f, err := c.root.Open(bodyOf(k, e.SHA256))
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err == nil && (n != e.Size || hex.EncodeToString(h.Sum(nil)) != e.SHA256) {
		err = errDamaged
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Update replaces the description of a copy.
func (c *Cache) Update(k Key, e Entry) error {
	text, err := e.encode(k)
	if err != nil {
		return err
	}
	d, err := c.Create()
	if err != nil {
		return err
	}
	if _, err := d.Write(text); err != nil {
		d.Discard()
		return err
	}
	return d.place(describes(k))
}

// Forget removes a copy, as far as it is there.
func (c *Cache) Forget(k Key) {
	e, found := c.Find(k)
	_ = c.root.Remove(describes(k)) // what stays is not trusted the next time either
	if found {
		_ = c.root.Remove(bodyOf(k, e.SHA256))
	}
}

// Create begins a body that is to be kept. Its writer ends it with Commit or
// Discard.
func (c *Cache) Create() (*Draft, error) {
	name := path.Join(beginning, rand.Text())
	f, err := c.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, private)
	if err != nil {
		return nil, err
	}
	return &Draft{cache: c, file: f, name: name, sum: sha256.New()}, nil
}

// sweep removes what killed processes have begun.
func (c *Cache) sweep(now time.Time) error {
	dir, err := c.root.Open(beginning)
	if err != nil {
		return err
	}
	defer dir.Close() // nothing was written
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && now.Sub(info.ModTime()) > leavings {
			err = c.root.Remove(path.Join(beginning, entry.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another process sweeps, too
			return fmt.Errorf("sweep: %w", err)
		}
	}
	return nil
}

func describes(k Key) string { return path.Join(shelf(k), k.String()+".json") }

func bodyOf(k Key, sum string) string { return path.Join(shelf(k), k.String()+"-"+sum) }

// shelf keeps the folders small.
func shelf(k Key) string { return path.Join(top, k.String()[:2]) }
