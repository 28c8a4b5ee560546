package bubble

import (
	"sync"
	"testing"
	"time"
)

// TestTimersSurviveTheRaceDetector receives from expired timers while others
// fire. With synctest.Test and two processors the program dies within a second
// under -race.
func TestTimersSurviveTheRaceDetector(t *testing.T) {
	for range 3 {
		Test(t, func(*testing.T) {
			var running sync.WaitGroup
			for range 8 {
				running.Go(func() {
					for range 50 {
						var expired [20]*time.Timer
						for i := range expired {
							expired[i] = time.NewTimer(time.Millisecond)
							time.AfterFunc(time.Millisecond, func() {})
						}
						time.Sleep(time.Millisecond)
						for _, timer := range expired {
							<-timer.C
						}
					}
				})
			}
			running.Wait()
		})
	}
}
