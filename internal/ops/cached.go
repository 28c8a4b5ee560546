package ops

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/specify-cli/specify/internal/runtime/cache"
	"github.com/specify-cli/specify/internal/runtime/httpx"
	"github.com/specify-cli/specify/internal/task"
)

// Cache is where bodies are kept between runs: a cache.Cache.
type Cache interface {
	Find(cache.Key) (cache.Entry, bool)
	Body(cache.Key, cache.Entry) (io.ReadCloser, error)
	Create() (*cache.Draft, error)
	Update(cache.Key, cache.Entry) error
	Forget(cache.Key)
	Close() error
}

// Cached makes connections whose Fetcher asks the cache in the folder
// Settings.Cache first, where there is one. Errors of the cache are warned of
// once and otherwise make it one that has nothing; only a folder that cannot be
// opened is a *LocalError.
func Cached(connect Connect, open func(folder string) (Cache, error)) Connect {
	return func(s Settings) (Connection, error) {
		if s.Cache == "" {
			return connect(s)
		}
		store, err := open(s.Cache)
		if err != nil {
			return Connection{}, &LocalError{err}
		}
		conn, err := connect(s)
		if err != nil {
			return conn, errors.Join(err, store.Close())
		}
		done := conn.Close
		conn.Fetcher = &cachedFetcher{next: conn.Fetcher, store: store, settings: &s, hosts: httpx.NewHosts(s.Hosts)}
		conn.Close = func() {
			done()
			_ = store.Close() // nothing is open in it but the folder
		}
		return conn, nil
	}
}

// cachedFetcher is a Fetcher that uses the copies of earlier runs, where the
// server or their freshness says that they are current, and keeps new ones.
type cachedFetcher struct {
	next     Fetcher
	store    Cache
	settings *Settings
	hosts    *httpx.Hosts
	warned   sync.Once
}

// Fetch is next's Fetch, but for a request that may be cached the record may end
// as NotModified, with the body of the copy in the Sink: after no attempt at all,
// or after a 304.
func (c *cachedFetcher) Fetch(ctx context.Context, spec httpx.Exchange, rec *task.Record) error {
	out := cachedUnder(spec.Sink)
	sent, plain := c.fields(spec.Task)
	if out == nil || !plain || !c.usable(&spec, rec) {
		out.serve(nil)
		return c.next.Fetch(ctx, spec, rec)
	}
	use := use{cachedFetcher: c, out: out, key: c.key(&spec), sent: sent, url: rec.URL}
	if spec.Answer == nil {
		spec.Answer = new(httpx.Answer)
	}
	use.answer = spec.Answer
	out.serve(&use)

	entry, found := c.store.Find(use.key)
	found = found && entry.Matches(sent) && (c.settings.MaxFilesize <= 0 || entry.Size <= c.settings.MaxFilesize)
	if found && entry.Fresh(time.Now()) {
		began := time.Now()
		done, err := use.replay(&spec, &entry, rec)
		if done || err != nil {
			rec.Timing.Queue, rec.Timing.Transfer = began.Sub(spec.Queued), time.Since(began)
			return err
		}
		found = false
	}
	if !found || !entry.Validated() {
		return use.fetch(ctx, spec, rec)
	}
	return use.ask(ctx, spec, &entry, rec)
}

// use is the use that one task makes of the cache.
type use struct {
	*cachedFetcher
	out    *cachedOutput
	key    cache.Key
	sent   cache.Fields // those that the user gave
	url    string
	final  string // where redirects led
	answer *httpx.Answer
}

// fetch fetches as if there were no copy.
func (u *use) fetch(ctx context.Context, spec httpx.Exchange, rec *task.Record) error {
	err := u.next.Fetch(ctx, spec, rec)
	u.final = rec.FinalURL
	return err
}

// ask asks whether entry is current.
func (u *use) ask(ctx context.Context, spec httpx.Exchange, entry *cache.Entry, rec *task.Record) error {
	err := u.fetch(ctx, conditional(spec, entry), rec)
	if err != nil || u.answer.Status != 304 {
		return err
	}
	if entry.Confirmed(u.answer.Field, rec.FinalURL) {
		began := time.Now()
		done, err := u.replay(&spec, entry, rec)
		rec.Timing.Transfer = max(0, rec.Timing.Transfer) + time.Since(began)
		if done {
			u.refresh(entry)
		}
		if done || err != nil {
			return err
		}
	}
	// Ours was not what the server meant, or is damaged: there is none.
	u.store.Forget(u.key)
	spec.Queued = time.Time{} // is booked
	return u.fetch(ctx, spec, rec)
}

// conditional is spec, asking for a body only if it is another than the copy's
// (RFC 9110 §13.1).
func conditional(spec httpx.Exchange, entry *cache.Entry) httpx.Exchange {
	t := *spec.Task
	t.Header = slices.Clone(t.Header)
	if entry.ETag != "" {
		t.Header = append(t.Header, task.Field{Name: "If-None-Match", Value: entry.ETag})
	}
	if entry.LastModified != "" {
		t.Header = append(t.Header, task.Field{Name: "If-Modified-Since", Value: entry.LastModified})
	}
	accept := spec.Accept
	spec.Task, spec.Accept = &t, func(status int) bool { return status == 304 || accept(status) }
	return spec
}

// replay writes the copy's body to the Sink. Where done is false and there is no
// error the copy is damaged, and the Sink as it was.
func (u *use) replay(spec *httpx.Exchange, entry *cache.Entry, rec *task.Record) (done bool, err error) {
	body, err := u.store.Body(u.key, *entry)
	if err != nil {
		return false, nil
	}
	defer body.Close() // was only read
	u.out.replays = true
	if _, err := io.Copy(spec.Sink, body); err != nil {
		if spec.Sink.Rewind(0) != nil {
			return false, &httpx.SinkError{Err: err}
		}
		u.out.replays = false
		return false, nil
	}
	rec.Outcome = task.NotModified
	if rec.ContentType == "" {
		rec.ContentType = entry.ContentType
	}
	return true, nil
}

// refresh notes what a 304 said of the copy.
func (u *use) refresh(entry *cache.Entry) {
	now, ok := *entry, true
	if now, ok = entry.Refresh(u.answer.Field, u.answer.Asked, time.Now()); !ok {
		u.store.Forget(u.key)
	} else if !now.Same(entry) {
		u.warn(u.store.Update(u.key, now))
	}
}

// warn tells of the first thing that went wrong with the cache itself.
func (c *cachedFetcher) warn(err error) {
	if err != nil {
		c.warned.Do(func() { c.settings.Tell.Warn("--cache: %v (going on without keeping it)", err) })
	}
}

// usable reports whether the cache may answer the request: a GET for a plain 200,
// of which nothing but the body is looked at.
func (c *cachedFetcher) usable(spec *httpx.Exchange, rec *task.Record) bool {
	t := spec.Task
	if c.settings.personal() {
		return false
	}
	if host := c.hosts.Of(httpx.Origin(&spec.URL)); host != nil && host.Header != nil {
		return false // they may be credentials
	}
	return rec.Method == "GET" && spec.Found == nil && t.Body == nil && t.BodyFile == "" && spec.URL.User == nil && !spec.ShowHeader && spec.Accept(200) &&
		(t.Expect == nil || len(t.Expect.Header) == 0 && t.Expect.Body == "")
}

// ownConditions are the fields with which a request is not one for the cache: it
// has credentials, or asks for something else than the whole, or says itself
// what is to be cached.
var ownConditions = []string{
	"authorization", "proxy-authorization", "cookie", "range", "if-match", "if-none-match", "if-modified-since",
	"if-unmodified-since", "if-range", "cache-control", "pragma",
}

// fields returns the request fields that the user gave for a task, and whether
// the cache can do with them.
func (c *cachedFetcher) fields(t *task.Task) (_ cache.Fields, plain bool) {
	given := slices.Concat(c.settings.Header, t.Header)
	for _, f := range given {
		if slices.Contains(ownConditions, strings.ToLower(f.Name)) && f.Value != "" {
			return nil, false
		}
	}
	return func(name string) string {
		var values []string
		for _, f := range given {
			if strings.EqualFold(f.Name, name) {
				values = append(values, f.Value)
			}
		}
		return strings.Join(values, ", ")
	}, true
}

// key is that of the request: its URL and all that the user gave with it, but for
// our own name, which changes with each version; an answer that depends on that
// says so with Vary.
func (c *cachedFetcher) key(spec *httpx.Exchange) cache.Key {
	u := spec.URL
	u.Fragment, u.RawFragment = "", ""
	parts := append([]string{u.String()}, c.settings.trust()...)
	for _, f := range slices.Concat(c.settings.Header, spec.Task.Header) {
		if name := strings.ToLower(f.Name); name != "user-agent" {
			parts = append(parts, name, f.Value)
		}
	}
	return cache.KeyOf(parts...)
}
