package task

// ErrorType is the closed list behind a record's error.type, apart from HTTP
// statuses, which stand for themselves ("503").
type ErrorType string

// The error types of schema v1.
const (
	ErrDNS             ErrorType = "dns"
	ErrConnect         ErrorType = "connect"
	ErrTLS             ErrorType = "tls"
	ErrCertificate     ErrorType = "certificate"
	ErrTimeoutConnect  ErrorType = "timeout_connect"
	ErrTimeoutRead     ErrorType = "timeout_read"
	ErrTimeoutTotal    ErrorType = "timeout_total"
	ErrReset           ErrorType = "reset"
	ErrShortBody       ErrorType = "short_body"
	ErrBadResponse     ErrorType = "bad_response"
	ErrDecode          ErrorType = "decode"
	ErrTooLarge        ErrorType = "too_large"
	ErrChecksum        ErrorType = "checksum"
	ErrExpect          ErrorType = "expect"
	ErrCircuitOpen     ErrorType = "circuit_open"
	ErrRetryAfter      ErrorType = "retry_after_too_long"
	ErrRedirectLimit   ErrorType = "redirect_limit"
	ErrRedirectDenied  ErrorType = "redirect_denied"
	ErrDeniedAddress   ErrorType = "denied_address"
	ErrInput           ErrorType = "input"
	ErrOutput          ErrorType = "output"
	ErrOutputCollision ErrorType = "output_collision"
	ErrCanceled        ErrorType = "canceled"
	ErrExit            ErrorType = "exit"
	ErrSignal          ErrorType = "signal"
	ErrStart           ErrorType = "start"
)

// Unanswered reports whether the type says that no target answered at all:
// what exit status 3 means, and what is worth running again later.
func (t ErrorType) Unanswered() bool {
	switch t {
	case ErrDNS, ErrConnect, ErrTLS, ErrTimeoutConnect, ErrTimeoutRead, ErrTimeoutTotal, ErrReset, ErrCircuitOpen:
		return true
	}
	return false
}

// Integrity reports whether the type is one that must never be retried away:
// exit status 4.
func (t ErrorType) Integrity() bool { return t == ErrChecksum || t == ErrCertificate }

// Error is why a task did not end ok. It is an error, and what a record's
// "error" key holds. Message is one line for people and holds no secrets.
type Error struct {
	Type    ErrorType
	Message string
	Err     error // the cause, for errors.Is; never encoded
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorType returns the type as a string, which becomes error.type on a span.
func (e *Error) ErrorType() string { return string(e.Type) }
