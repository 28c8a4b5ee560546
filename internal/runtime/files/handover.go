package files

import "io"

// HandOver makes Commit give the body to take, once it is whole and verified,
// instead of giving the file its name: no file stays. name is what the output is
// called in what Commit returns. Commit fails with the error of take. It is to
// be called of an output that Place.Create has just begun.
func (f *File) HandOver(name string, take func(body io.ReadSeeker) error) {
	f.path, f.hand = name, take
}

// handOver ends f without a file, after its body was taken unless err says not
// to.
func (f *File) handOver(err error) error {
	if err == nil {
		err = f.hand(io.NewSectionReader(f.file, 0, f.n))
	}
	_, _ = f.file.Close(), f.in.Remove(f.temp) // the body was read to its end
	return err
}
