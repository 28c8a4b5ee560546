package queue

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// patience is how long one request to the server may take.
const patience = 5 * time.Second

// dial connects. Once that has succeeded, a connection that is lost is made
// again for as long as it takes; only credentials that the server begins to
// refuse end that.
func (q *Queue) dial(o Options) (*nats.Conn, error) {
	if err := checkAddress(o.URL); err != nil {
		return nil, &ConfigError{err}
	}
	options := []nats.Option{
		nats.Name("specify"), nats.Timeout(patience), nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond),
		nats.DisconnectErrHandler(func(c *nats.Conn, err error) {
			if err != nil && !c.IsClosed() {
				o.Warn("the connection to the queue is lost: %v (waiting for it to come back)", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { o.Warn("the connection to the queue is back") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			switch {
			case errors.Is(err, nats.ErrPermissionViolation): // whoever waits for an answer tells
				q.refuse(&ConfigError{err})
			case errors.Is(err, nats.ErrSlowConsumer): // records are read in order, and those of a gap are read again
			default:
				o.Warn("queue: %v", err)
			}
		}),
	}
	// The variables of the nats command line tool.
	if file := o.Getenv("NATS_CREDS"); file != "" {
		options = append(options, nats.UserCredentials(file))
	}
	if file := o.Getenv("NATS_CA"); file != "" {
		options = append(options, nats.RootCAs(file))
	}
	if cert, key := o.Getenv("NATS_CERT"), o.Getenv("NATS_KEY"); cert != "" && key != "" {
		options = append(options, nats.ClientCert(cert, key))
	}
	nc, err := nats.Connect(o.URL, options...)
	if err != nil {
		return nil, configError(fmt.Errorf("queue %s: %w", Redacted(o.URL), err))
	}
	return nc, nil
}

func checkAddress(list string) error {
	for raw := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(strings.TrimSpace(raw))
		switch {
		case err != nil:
			return errors.New("the queue's address cannot be read (not shown: it may hold a password)")
		case u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" && u.Scheme != "ws" && u.Scheme != "wss":
			return fmt.Errorf("the queue's address %q is not of the form nats://HOST", Redacted(raw))
		}
	}
	return nil
}

// Redacted is an address without user, password and token.
func Redacted(list string) string {
	var shown []string
	for raw := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(strings.TrimSpace(raw))
		if err != nil {
			return "(not shown)"
		}
		if u.User != nil {
			u.User = url.User("REDACTED")
		}
		shown = append(shown, u.String())
	}
	return strings.Join(shown, ",")
}
