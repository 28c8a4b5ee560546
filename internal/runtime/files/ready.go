package files

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
)

// maxFolders bounds the folders that a Dir remembers.
const maxFolders = 4096

// ready makes the folder and returns where it leads: without symbolic links on
// the way that is its own name. fresh says not to rely on memory.
func (d *Dir) ready(folder string, fresh bool) (string, error) {
	if folder == "." {
		return folder, nil
	}
	d.mu.Lock()
	leads, known := d.folders[folder]
	d.mu.Unlock()
	if known && !fresh {
		return leads, nil
	}
	if err := d.root.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	leads, err := d.resolve(folder)
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.folders) >= maxFolders {
		clear(d.folders)
	}
	d.folders[folder] = leads
	return leads, nil
}

// resolve returns the path of folder without symbolic links.
func (d *Dir) resolve(folder string) (string, error) {
	done, rest := ".", folder
	for links := 0; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		next := path.Join(done, part)
		info, err := d.root.Lstat(next)
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done = next
			continue
		}
		if links++; links > 40 {
			return "", fmt.Errorf("%s: too many symbolic links", folder)
		}
		link, err := d.root.Readlink(next)
		if err != nil {
			return "", err
		}
		if runtime.GOOS == "windows" {
			link = strings.ReplaceAll(link, `\`, "/")
		}
		rest = strings.Trim(link+"/"+rest, "/")
	}
	return done, nil
}

// folds asks the file system whether it takes capitals for small letters. name
// is a file at the root with small letters.
func folds(root *os.Root, name string) bool {
	_, err := root.Lstat(strings.ToUpper(name))
	return err == nil
}
