package faultserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// certificates are made anew for each Server; nothing signed by them outlives
// it. All leaves share one key: what a client must judge is the certificate.
type certificates struct {
	good, expired, notYetValid, selfSigned, wrongHost, untrusted tls.Certificate

	caPEM                       []byte
	caPool                      *x509.CertPool
	clientCertPEM, clientKeyPEM []byte
}

// authority signs leaves.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newCertificates() (*certificates, error) {
	trusted, err := newAuthority("faultserver CA")
	if err != nil {
		return nil, err
	}
	stranger, err := newAuthority("faultserver CA that nobody trusts")
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	const day = 24 * time.Hour
	c := &certificates{
		caPEM:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.cert.Raw}),
		caPool: x509.NewCertPool(),
	}
	c.caPool.AddCert(trusted.cert)
	var client tls.Certificate
	for _, leaf := range []struct {
		into       *tls.Certificate
		signer     *authority // nil: signed by itself
		host       string     // empty: the loopback addresses and localhost
		begin, end time.Duration
	}{
		{into: &c.good, signer: trusted, begin: -day, end: day},
		{into: &c.expired, signer: trusted, begin: -3 * day, end: -day},
		{into: &c.notYetValid, signer: trusted, begin: day, end: 3 * day},
		{into: &c.selfSigned, begin: -day, end: day},
		{into: &c.wrongHost, signer: trusted, host: "elsewhere.invalid", begin: -day, end: day},
		{into: &c.untrusted, signer: stranger, begin: -day, end: day},
		{into: &client, signer: trusted, host: "client.invalid", begin: -day, end: day},
	} {
		*leaf.into, err = newLeaf(leaf.signer, key, leaf.host, leaf.begin, leaf.end)
		if err != nil {
			return nil, err
		}
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	c.clientCertPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: client.Certificate[0]})
	c.clientKeyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return c, nil
}

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-72 * time.Hour),
		NotAfter:              time.Now().Add(72 * time.Hour),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert: cert, key: key}, err
}

// newLeaf makes a certificate valid from begin to end, counted from now.
func newLeaf(signer *authority, key *ecdsa.PrivateKey, host string, begin, end time.Duration) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "faultserver"},
		NotBefore:    time.Now().Add(begin),
		NotAfter:     time.Now().Add(end),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if host != "" {
		template.DNSNames = []string{host}
	} else {
		template.DNSNames = []string{"localhost"}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	parent, signKey := template, key
	if signer != nil {
		parent, signKey = signer.cert, signer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signKey)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
