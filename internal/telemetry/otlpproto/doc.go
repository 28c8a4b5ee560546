// Package otlpproto writes spans and metrics as OTLP in protobuf, and reads what
// a collector answers (https://opentelemetry.io/docs/specs/otlp).
//
// It appends, without a protobuf library, because of what the official exporters
// are linked with: the collector's messages bring gRPC and its gateway, which
// nothing here calls. Measured, they cost each start of the program 1.3 to 2 of
// its 6 to 9 ms, with no telemetry configured too, and a fifth of its size. The
// tests hold what is written against what the official exporters write.
//
// It writes what this program makes: spans of one resource and one scope,
// attributes as package telemetry sets them, counters of int64, histograms of
// float64. Whatever the texts are, the message is valid: what is not UTF-8 in
// them becomes U+FFFD.
package otlpproto
