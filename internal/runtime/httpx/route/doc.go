// Package route decides how a connection reaches its target: which addresses it
// must not be made to (Deny), which address a name stands for (Resolve), and
// through which proxy it goes (Proxies, Tunnel).
//
// The package never dials: it judges addresses, and talks to a proxy on a
// connection that it is given.
package route
