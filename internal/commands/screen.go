package commands

import (
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Screen is standard error with, on a terminal, one line at the bottom that is
// drawn again and again. All that is written to the terminal goes through it,
// so that nothing is torn: what comes stands above the line. Its methods are
// safe for concurrent use.
//
// The cursor rests at the beginning of the line, which therefore is erased by
// "erase below" alone. A terminal that wraps the line when it is made narrower
// keeps the cursor at the character it stood on (mpb and pb leave it elsewhere,
// and torn lines behind: seen in tmux), one that does not wrap has nothing to
// erase below. What ends without a word, a crash, leaves the cursor in sight
// and in the first column.
type Screen struct {
	err *os.File

	mu   sync.Mutex // guards text, and what is on the terminal
	text string     // of the line; empty is none
}

// eraseBelow takes away the line that the cursor is at the beginning of, and
// what a wrapped line has left below (ED, ECMA-48 §8.3.39). The space comes first
// because terminals, tmux for one, take an erasure from the first place on the
// screen for a cleared screen, of which they keep a copy in their history.
const eraseBelow = " \x1b[J\r"

// NewScreen returns the Screen of standard error. Nobody else may write to it
// before Close.
func NewScreen(err *os.File) *Screen { return &Screen{err: err} }

// terminal reports whether it is one.
func (s *Screen) terminal() bool { return term.IsTerminal(int(s.err.Fd())) }

// Write writes whole lines to standard error, above the line.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.above(s.err, p)
}

// Over returns a writer to f, also above the line where f is the same terminal.
// What is written to it must be whole lines.
func (s *Screen) Over(f *os.File) io.Writer {
	a, errA := f.Stat()
	b, errB := s.err.Stat()
	if errA != nil || errB != nil || !os.SameFile(a, b) {
		return f
	}
	return over{s, f}
}

type over struct {
	*Screen
	f *os.File
}

func (o over) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.above(o.f, p)
}

// above writes p and the line after it in one write(2): whatever else writes to
// the terminal comes between two of them. s.mu is held.
func (s *Screen) above(w io.Writer, p []byte) (int, error) {
	if s.text == "" {
		return w.Write(p)
	}
	n, err := w.Write(slices.Concat([]byte(eraseBelow), p, s.line()))
	return min(max(0, n-len(eraseBelow)), len(p)), err
}

// line is the text as far as it fits, and the way back to its beginning. s.mu
// is held.
func (s *Screen) line() []byte {
	width, _, err := term.GetSize(int(s.err.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	// The last column stays free: a character there makes some terminals wrap.
	return []byte(s.text[:min(len(s.text), width-1)] + "\r")
}

// draw makes text the line, unless another program has the terminal. It has
// only printable ASCII, a column a character; what is too long for the terminal
// is left out.
func (s *Screen) draw(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !foreground(s.err) {
		s.text = ""
		return
	}
	s.text = text
	if _, err := s.err.Write(append([]byte(eraseBelow), s.line()...)); err != nil {
		s.text = "" // the terminal is gone
	}
}

// hide takes the line away.
func (s *Screen) hide() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text != "" {
		s.text = ""
		_, _ = s.err.WriteString(eraseBelow)
	}
}

// Close takes the line away, unless that takes long: a terminal may be stopped
// (Ctrl-S), and whoever ends the process at once does not wait for it.
func (s *Screen) Close() {
	hidden := make(chan struct{})
	go func() { // nobody waits for it where it takes long: the process ends
		s.hide()
		close(hidden)
	}()
	select {
	case <-hidden:
	case <-time.After(100 * time.Millisecond):
	}
}

// ascii is s with everything else written as '?', so that its length is its
// width.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
