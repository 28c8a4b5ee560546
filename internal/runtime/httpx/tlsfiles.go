package httpx

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// TLSFiles name what a user gives for TLS: PEM files, each of which may be
// absent. Insecure leaves the server's certificate unverified.
type TLSFiles struct {
	Cert     string // the client's certificate, with those that it is signed by, and its key when Key is absent
	Key      string
	CACert   string // the authorities that are trusted, in place of the system's
	Insecure bool
}

// Config reads the files. It returns nil when nothing is given; errors name the
// file.
func (f TLSFiles) Config() (*tls.Config, error) {
	if f == (TLSFiles{}) {
		return nil, nil
	}
	config := &tls.Config{InsecureSkipVerify: f.Insecure, MinVersion: tls.VersionTLS12}
	if f.CACert != "" {
		data, err := readPEM(f.CACert)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("%s: no certificate in it", f.CACert)
		}
	}
	if f.Cert == "" {
		if f.Key != "" {
			return nil, errors.New("a client's key without its certificate: --cert is missing")
		}
		return config, nil
	}
	pair, err := f.pair()
	if err != nil {
		return nil, err
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

func (f TLSFiles) pair() (tls.Certificate, error) {
	var none tls.Certificate
	name := f.Cert
	if before, _, ok := strings.Cut(name, ":"); ok && !exists(name) {
		name = before // curl's FILE:PASSPHRASE, of which the rest must not show up
	}
	cert, err := readPEM(name)
	if err != nil {
		return none, err
	}
	keyName, key := name, cert
	if f.Key != "" {
		keyName = f.Key
		if key, err = readPEM(keyName); err != nil {
			return none, err
		}
	}
	if err := checkKey(keyName, key); err != nil {
		return none, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	switch {
	case err == nil:
		return pair, nil
	case strings.Contains(err.Error(), "does not match"):
		return none, fmt.Errorf("the key in %s is not that of the certificate in %s", keyName, name)
	case !hasBlock(cert, "CERTIFICATE"):
		return none, fmt.Errorf("%s: no certificate in it", name)
	}
	return none, fmt.Errorf("certificate %s, key %s: %w", name, keyName, err)
}

// checkKey looks for a private key that can be used as it is.
func checkKey(name string, data []byte) error {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return fmt.Errorf("%s: encrypted keys are not supported; decrypt it with: openssl pkey -in %s -out plain.pem", name, name)
		}
		return nil
	}
	return fmt.Errorf("%s: no private key in it", name)
}

func readPEM(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			err = pe.Err
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if block, _ := pem.Decode(data); block == nil {
		return nil, fmt.Errorf("%s: not a PEM file", name)
	}
	return data, nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func hasBlock(data []byte, kind string) bool {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == kind {
			return true
		}
	}
	return false
}
