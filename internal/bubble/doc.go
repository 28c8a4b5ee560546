// Package bubble runs the tests of this module that need a clock of their own.
//
// [Test] is [testing/synctest.Test] with one difference: under the race
// detector a bubble has one processor. All timers of a bubble share one race
// context, which the goroutine that advances the clock and one that receives
// from an expired timer use at the same time when there are two processors;
// the detector then overwrites its own memory and dies of a signal
// (https://go.dev/issue/78156, seen with Go 1.26.8). Races are found all the
// same: the detector judges by what happens before what, not by collisions.
package bubble
