package site

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certificates are those of all TLS hosts, one a host as out in the world, and
// of the authority that signed them.
type certificates struct {
	ca     string                      // file
	none   string                      // empty folder
	files  map[string]string           // by host: certificate and key
	byHost map[string]*tls.Certificate // the same for ourselves
}

func newCertificates(dir string) (*certificates, error) {
	c := &certificates{
		ca: filepath.Join(dir, "ca.pem"), none: filepath.Join(dir, "no-cas"),
		files: make(map[string]string), byHost: make(map[string]*tls.Certificate),
	}
	certs := filepath.Join(dir, "certs")
	for _, d := range []string{certs, c.none} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return nil, err
		}
	}
	root := unsigned(0, "bench CA")
	root.IsCA, root.BasicConstraintsValid, root.KeyUsage = true, true, x509.KeyUsageCertSign
	ca, caPEM, err := sign(root, nil)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(c.ca, caPEM, 0o644); err != nil {
		return nil, err
	}
	hosts := []string{Host(0, 1)}
	for i := range TLSHosts {
		hosts = append(hosts, Host(i, TLSHosts))
	}
	for i, host := range hosts {
		leaf := unsigned(int64(i+1), host)
		leaf.IPAddresses = []net.IP{net.ParseIP(host)}
		leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		cert, text, err := sign(leaf, ca)
		if err != nil {
			return nil, fmt.Errorf("certificate of %s: %w", host, err)
		}
		name := filepath.Join(certs, host+".pem")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return nil, err
		}
		c.files[host], c.byHost[host] = name, cert
	}
	return c, nil
}

func unsigned(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

// sign makes a certificate with a key of its own, signed by ca or, if that is
// nil, by itself. text is both in PEM.
func sign(cert *x509.Certificate, ca *tls.Certificate) (signed *tls.Certificate, text []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	parent, signer := cert, any(key)
	if ca != nil {
		parent, signer = ca.Leaf, ca.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	for _, b := range []pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := pem.Encode(&out, &b); err != nil {
			return nil, nil, err
		}
	}
	pair, err := tls.X509KeyPair(out.Bytes(), out.Bytes())
	return &pair, out.Bytes(), err
}
