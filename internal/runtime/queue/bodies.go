package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Bodies are in the stream specify-bodies, in pieces, each with a subject of its
// own: specify.bodies.RUN.SEQ.DELIVERY.PIECE. A piece that is sent twice changes
// nothing, deliveries of one task do not mix, and whatever killed workers have
// left goes with its task or its run. The object store of jetstream, which is
// such a stream too, names pieces by chance, so that what was left could not be
// told from what is needed; and it keeps a message of each object that was.

// Fields of messages.
const (
	bodiesField = "Specify-Bodies" // of a task: its run collects bodies
	bodyField   = "Specify-Body"   // of a record: the delivery under which its body is there
)

// pieceSize is what a message holds of a body: more slows the server's other
// clients down (it is also the object store's).
const pieceSize = 128 << 10

// ErrNoBody is a body that is not on the queue, or not all of it.
var ErrNoBody = errors.New("its body is not on the queue")

// WantsBody reports whether the run of the task collects bodies.
func (m *Message) WantsBody() bool { return m.msg.Headers().Get(bodiesField) != "" }

// PutBody puts the body of the task with that place on the queue, for the record
// that Done will publish. It waits while there is no room. The error is the
// cause of the end of ctx, body's, or one that waiting does not cure.
func (m *Message) PutBody(ctx context.Context, seq int64, body io.ReadSeeker) error {
	q, delivery := m.s.w.q, rand.Text()
	subject := bodySubject(m.run(), seq) + "." + delivery
	err := q.putPieces(ctx, subject, body, false)
	if errors.Is(err, errNoRoom) {
		// Workers that each wait with a part of a body stored would wait for ever:
		// so of those of this process one waits, and the others with nothing stored.
		q.purgeBody(ctx, subject)
		err = q.room.Use(ctx, func(ctx context.Context) error { return q.putPieces(ctx, subject, body, true) })
	}
	if err != nil {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second) // else it goes with the task
		defer cancel()
		q.purgeBody(limited, subject)
		return err
	}
	m.body = delivery
	return nil
}

// errNoRoom is a piece that the server refuses to store.
var errNoRoom = errors.New("no room")

// putPieces stores body under the subject. Where there is no room it waits, or
// returns errNoRoom.
func (q *Queue) putPieces(ctx context.Context, subject string, body io.ReadSeeker, wait bool) error {
	left, err := body.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = body.Seek(0, io.SeekStart)
	}
	piece := make([]byte, min(pieceSize, int64(q.MaxRecord()), left))
	for i := 0; left > 0 && err == nil; i++ {
		piece = piece[:min(left, int64(len(piece)))]
		if _, err = io.ReadFull(body, piece); err == nil {
			err = q.putPiece(ctx, subject+"."+strconv.Itoa(i), piece, wait)
		}
		left -= int64(len(piece))
	}
	return err
}

func (q *Queue) putPiece(ctx context.Context, subject string, piece []byte, wait bool) error {
	full := false
	err := q.persist(ctx, "store a body", func(ctx context.Context) error {
		_, err := q.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: piece})
		if _, refused := errors.AsType[*jetstream.APIError](err); refused && !wait {
			full, err = true, nil
		}
		return err
	})
	if full {
		return errNoRoom
	}
	return err
}

// Body writes the n bytes of a body to w: that of the task with that place which
// the record said to be there as delivery. It returns ErrNoBody for one that is
// not there as long, the cause of the end of ctx, or w's error as it is.
func (q *Queue) Body(ctx context.Context, run string, seq int64, delivery string, n int64, w io.Writer) error {
	subject := bodySubject(run, seq) + "." + delivery
	for i := 0; n > 0; i++ {
		piece, err := q.piece(ctx, subject+"."+strconv.Itoa(i))
		if err != nil {
			return err
		}
		if n -= int64(len(piece)); n < 0 || len(piece) == 0 {
			return ErrNoBody
		}
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// piece asks the leader of the stream, since others may not have it yet; it is
// asked a second time before a piece counts as missing, since it may just have
// become the leader.
func (q *Queue) piece(ctx context.Context, subject string) (piece []byte, err error) {
	missing := 0
	err = q.persist(ctx, "fetch a body", func(ctx context.Context) error {
		m, err := q.bodies.GetLastMsgForSubject(ctx, subject)
		switch {
		case err == nil:
			piece = m.Data
		case errors.Is(err, jetstream.ErrMsgNotFound):
			if missing++; missing > 1 {
				err = nil
			}
		}
		return err
	})
	if err == nil && piece == nil {
		err = ErrNoBody
	}
	return piece, err
}

// RemoveBodies removes all bodies of the task with that place. What fails here
// goes with the run.
func (q *Queue) RemoveBodies(ctx context.Context, run string, seq int64) {
	q.purgeBody(ctx, bodySubject(run, seq))
}

func (q *Queue) purgeBody(ctx context.Context, subject string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = q.bodies.Purge(ctx, jetstream.WithPurgeSubject(subject+".>"))
}

func runBodies(run string) string { return "specify.bodies." + run }

func bodySubject(run string, seq int64) string { return fmt.Sprintf("%s.%d", runBodies(run), seq) }

// bodiesConfig is the stream's. It does not let replicas answer for the leader.
func bodiesConfig(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: bodiesStream, Subjects: []string{"specify.bodies.*.*.*.*"}, Discard: jetstream.DiscardNew,
		MaxAge: 30 * 24 * time.Hour, Replicas: replicas, Duplicates: 2 * time.Minute,
	}
}
