package route

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func denies(t *testing.T, list string) Deny {
	t.Helper()
	var d Deny
	if err := d.Add(list); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDenyCheck(t *testing.T) {
	for _, c := range []struct{ list, denied, allowed string }{
		{"none", "", "169.254.169.254 127.0.0.1 10.0.0.1 ::1"},
		{"link-local", "169.254.169.254 fe80::1 fe80::1%eth0 febf::1", "10.0.0.1 127.0.0.1 169.253.255.255 fec0::1 2001:db8::1"},
		{"private", "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 fc00::1 fd00:ec2::254 fec0::1", "172.32.0.1 169.254.0.1 127.0.0.1 100.128.0.1 8.8.8.8"},
		{"loopback", "127.0.0.1 127.255.0.1 0.0.0.0 0.1.2.3 ::1 ::", "128.0.0.1 10.0.0.1 ::8.8.8.8"},
		{"10.0.0.0/8,192.0.2.7", "10.255.0.1 192.0.2.7", "11.0.0.1 192.0.2.8"},
		{"10.9.8.7/8", "10.0.0.1", "11.0.0.1"},
		{"::ffff:10.0.0.0/104", "10.1.2.3 ::ffff:10.1.2.3", "11.0.0.1"},
		{"fe80::1%eth0", "fe80::1 fe80::1%wlan0", "fe80::2"},

		// One address within another.
		{"link-local", "::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::ffff:169.254.1.1%eth0", "::ffff:10.0.0.1"},
		{"link-local", "64:ff9b::169.254.169.254 64:ff9b::a9fe:1%eth0", "64:ff9b::8.8.8.8"},
		{"link-local", "2002:a9fe:a9fe::1", "2002:0808:0808::1"},
		{"link-local", "::169.254.169.254", "::8.8.8.8"},
		{"loopback", "64:ff9b::127.0.0.1 2002:7f00:1:: ::127.0.0.1", "64:ff9b::8.8.8.8"},
		// RFC 8215: the address after 48, 56, 64 and 96 bits (RFC 6052 §2.2).
		{"link-local", "64:ff9b:1:a9fe:a9:fe00:: 64:ff9b:1:ffa9:fe:a9fe:: 64:ff9b:1:ffff:a9:fea9:fe00:0 64:ff9b:1::169.254.169.254", "64:ff9b:1::8.8.8.8"},
		{"loopback", "64:ff9b:1::127.0.0.1", "64:ff9b:1::8.8.8.8"},
	} {
		d := denies(t, c.list)
		for s := range strings.FieldsSeq(c.denied) {
			denied, ok := errors.AsType[*DeniedError](d.Check(netip.MustParseAddr(s)))
			if !ok {
				t.Errorf("%s allows %s", c.list, s)
			} else if denied.ErrorType() != "denied_address" {
				t.Errorf("%s: type %s", s, denied.ErrorType())
			}
		}
		for s := range strings.FieldsSeq(c.allowed) {
			if err := d.Check(netip.MustParseAddr(s)); err != nil {
				t.Errorf("%s: %v", c.list, err)
			}
		}
	}
}

// What getaddrinfo(3) takes for an address is judged as one.
func TestDenyCheckHost(t *testing.T) {
	d := denies(t, "link-local,loopback")
	for host := range strings.FieldsSeq("169.254.169.254 169.254.169.254. 2852039166 0xa9fea9fe 0XA9FEA9FE 0251.0376.0251.0376 169.254.43518 169.16689662 " +
		"025177524776 0x7f.1 127.1 ::1 ::ffff:169.254.169.254 fe80::1%eth0 localhost LOCALHOST. a.localhost １６９.254.169.254 169。254。169。254") {
		if d.CheckHost(host) == nil {
			t.Errorf("%q is allowed", host)
		}
	}
	for host := range strings.FieldsSeq("example.com 8.8.8.8 134744072 0x8.0x8.0x8.0x8 1.2.3.4.5 256.1.1.1 0b1.1 1_0.1 4294967296 a.1 localhost.example.com 0x - .") {
		if err := d.CheckHost(host); err != nil {
			t.Errorf("%q: %v", host, err)
		}
	}
}

func TestDenyAdd(t *testing.T) {
	d := DenyLinkLocal()
	for _, c := range []struct{ list, want string }{
		{"private", "link-local,private"},
		{" Private , 10.0.0.0/8", "link-local,private,10.0.0.0/8"},
		{"none", "none"},
		{"none,loopback", "none,loopback"},
		{"2001:DB8::/32", "none,loopback,2001:db8::/32"},
	} {
		if err := d.Add(c.list); err != nil || d.String() != c.want {
			t.Errorf("%q: %v, %v; want %s", c.list, d, err, c.want)
		}
	}
	before := d.String()
	for _, bad := range []string{"", "privat", "10.0.0.0/33", "example.com", "none,x", "10.0.0.1-10.0.0.9", "link-local,"} {
		if err := d.Add(bad); err == nil || d.String() != before {
			t.Errorf("%q: %v, %v", bad, d, err)
		}
	}
}

// Whatever way an address is written, the verdict is the same; and nothing
// panics.
func FuzzDeny(f *testing.F) {
	for _, s := range []string{"10.0.0.0/8", "link-local,none", "fe80::1%eth0", "::ffff:1.2.3.4/97", "0x7f.1", "64:ff9b:1::1", "１.2.3.4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var d Deny
		if d.Add(s) == nil {
			var again Deny
			if err := again.Add(d.String()); err != nil || again.String() != d.String() {
				t.Errorf("%q: %q, again %q, %v", s, d, again, err)
			}
		}
		all := denies(t, "0.0.0.0/0,::/0")
		if a, err := netip.ParseAddr(s); err == nil && (all.Check(a) == nil || all.CheckHost(s) == nil) {
			t.Errorf("%q is allowed", s)
		}
		all.CheckHost(s)
	})
}
