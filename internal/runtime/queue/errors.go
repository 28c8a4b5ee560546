package queue

import (
	"errors"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ConfigError is an error of the call, the server's set-up or the versions of
// those who share it: the same call will meet it again.
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// ErrLost is the cause of the end of work that this worker may no longer do:
// the server has not heard of it for too long, and another may have it by now.
var ErrLost = errors.New("the queue has not been reached for too long")

// ErrTooLarge is a task or a record that is longer than the server's messages.
var ErrTooLarge = errors.New("longer than the queue's messages may be")

// configError makes err a *ConfigError if it is one.
func configError(err error) error {
	if err == nil {
		return nil
	}
	for _, is := range []error{
		nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrPermissionViolation,
		jetstream.ErrJetStreamNotEnabled, jetstream.ErrJetStreamNotEnabledForAccount,
	} {
		if errors.Is(err, is) {
			return &ConfigError{err}
		}
	}
	// Files of credentials and certificates, which nats.go opens, have no error of their own.
	if text := err.Error(); strings.Contains(text, "x509:") || strings.Contains(text, "no such file") || strings.Contains(text, "nkeys:") {
		return &ConfigError{err}
	}
	return err
}

// final reports an error that waiting does not cure.
func final(err error) bool {
	if _, wrong := errors.AsType[*ConfigError](err); wrong {
		return true
	}
	return errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrAuthorization) || errors.Is(err, ErrTooLarge)
}
