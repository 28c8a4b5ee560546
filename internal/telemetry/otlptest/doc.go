// Package otlptest has what tests of telemetry need: a collector in the
// process (Receiver), collectors that misbehave (Bad), and spans printed as a
// tree that golden files can hold (Tree). It is for tests only and listens on
// loopback addresses only.
package otlptest
