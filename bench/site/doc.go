// Package site is what the programs of a benchmark fetch from: a server on the
// loopback interface in a process of its own, on a core of its own, that counts
// connections and requests.
//
//	http://HOST/small/ANYTHING   a body of a few bytes
//	http://HOST/big              a long one
//	http://HOST/slow/ANYTHING    a small one after a while (Slow only)
//	http://HOST/status           what it has counted, as nginx's stub_status does
//
// Every 127.0.0.0/8 address is the host, so there are as many origins as a list
// wants. nginx serves where it is installed, since it costs little and is
// nobody's relative; else net/http does. What answers slowly is net/http always.
//
// A reader starts with site.go; serve.go is the other process.
package site
