package files

import "io"

// Holds reports whether the regular file at name, which need not be claimed, has
// this size and this SHA-256. It reads the file only when its size is right.
func (d *Dir) Holds(name string, size int64, sum Checksum) bool {
	if have, err := d.Size(name); err != nil || have != size {
		return false
	}
	name, err := clean(name)
	if err != nil {
		return false
	}
	f, err := d.root.Open(name)
	if err != nil {
		return false
	}
	defer f.Close() // only read
	var o None
	o.Expect(sum)
	_, err = io.Copy(&o, f)
	return err == nil && o.n == size && o.verify(name) == nil
}
