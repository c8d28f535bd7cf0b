package exotest

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
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// NewRedisTLS starts a Redis that speaks TLS only, with a certificate of the test's
// own; its URL names the file to trust.
func NewRedisTLS(t testing.TB, args ...string) *Redis {
	t.Helper()
	r := newRedis(t, args...)
	r.secure(r)
	r.Start()
	return r
}

// secure has a server that was not started yet speak TLS only, also with others of
// its kind, with the certificate of another one, or with one that is made.
func (r *Redis) secure(with *Redis) {
	r.t.Helper()
	key := filepath.Join(with.base, "key.pem")
	r.ca = filepath.Join(with.base, "certificate.pem")
	if with == r {
		r.certify(key)
	}
	r.args = append([]string{
		"--port", "0", "--tls-port", strconv.Itoa(r.port), "--tls-auth-clients", "no", "--tls-replication", "yes",
		"--tls-cert-file", r.ca, "--tls-key-file", key, "--tls-ca-cert-file", r.ca,
	}, r.args...)
}

// certify writes a key and a certificate for loopback that it signs itself.
func (r *Redis) certify(key string) {
	r.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		r.t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "exotest"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	if err != nil {
		r.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		r.t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		r.ca: {Type: "CERTIFICATE", Bytes: certificate}, key: {Type: "PRIVATE KEY", Bytes: secret},
	} {
		err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600)
		if err == nil {
			err = r.who.own(path)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// trust is how to reach a server with TLS, nil for one without.
func (r *Redis) trust() *tls.Config {
	if r.ca == "" {
		return nil
	}
	text, err := os.ReadFile(r.ca)
	if err != nil {
		r.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}
