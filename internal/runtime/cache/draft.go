package cache

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
)

// Draft is a file on its way into the cache. It is for one goroutine at a time.
type Draft struct {
	cache *Cache
	file  *os.File
	name  string
	n     int64
	sum   hash.Hash
}

// Write appends p.
func (d *Draft) Write(p []byte) (int, error) {
	n, err := d.file.WriteAt(p, d.n)
	d.n += int64(n)
	d.sum.Write(p[:n])
	return n, err
}

// Rewind drops what was written after offset.
func (d *Draft) Rewind(offset int64) error {
	if offset < 0 || offset > d.n {
		return fmt.Errorf("rewind to %d of %d bytes", offset, d.n)
	}
	if err := d.file.Truncate(offset); err != nil {
		return err
	}
	d.n = offset
	d.sum.Reset()
	_, err := io.Copy(d.sum, io.NewSectionReader(d.file, 0, offset))
	return err
}

// Commit makes what was written the body of e, and that the copy for k in place
// of the one that was.
func (d *Draft) Commit(k Key, e Entry) error {
	c := d.cache
	before, found := c.Find(k)
	e.Size, e.SHA256 = d.n, hex.EncodeToString(d.sum.Sum(nil))
	if err := d.place(bodyOf(k, e.SHA256)); err != nil {
		return err
	}
	if err := c.Update(k, e); err != nil {
		return err
	}
	if found && before.SHA256 != e.SHA256 {
		_ = c.root.Remove(bodyOf(k, before.SHA256)) // nothing names it any more
	}
	return nil
}

// place closes the file and gives it its name.
func (d *Draft) place(name string) error {
	err := d.file.Close()
	if err == nil {
		err = d.cache.root.Rename(d.name, name)
		if errors.Is(err, fs.ErrNotExist) {
			if err = d.cache.root.MkdirAll(path.Dir(name), folder); err == nil {
				err = d.cache.root.Rename(d.name, name)
			}
		}
	}
	if err != nil {
		_ = d.cache.root.Remove(d.name) // the first error tells
	}
	return err
}

// Discard ends a draft that is not to be kept.
func (d *Draft) Discard() {
	_ = d.file.Close() // it is of no use any more
	_ = d.cache.root.Remove(d.name)
}
