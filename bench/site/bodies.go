package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// makeBodies writes the bodies as www/small, www/big and www/kibSIZE, and returns
// the file of the long one, and its SHA-256. It is one hole of zeros: what is
// measured is not the server's disk.
func makeBodies(c Config) (file, sum string, err error) {
	www := filepath.Join(c.Dir, "www")
	if err := os.Mkdir(www, 0o755); err != nil {
		return "", "", err
	}
	if err := os.WriteFile(filepath.Join(www, "small"), bytes.Repeat([]byte("x"), c.Small), 0o644); err != nil {
		return "", "", err
	}
	for _, kib := range Middling {
		if err := os.WriteFile(filepath.Join(www, fmt.Sprint("kib", kib)), bytes.Repeat([]byte("x"), kib<<10), 0o644); err != nil {
			return "", "", err
		}
	}
	big, err := os.OpenFile(filepath.Join(www, "big"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return "", "", err
	}
	defer big.Close()
	if err := big.Truncate(c.Big); err != nil {
		return "", "", err
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, big); err != nil {
		return "", "", err
	}
	return big.Name(), hex.EncodeToString(hash.Sum(nil)), nil
}
