package asynccore

import "fmt"

// Priority is the class of a Job. The zero value is PriorityNormal; the values
// have no other order than the one their names tell.
//
// A class is a head start, not a rank: a job runs as if it had been submitted
// with the class's slack (RunnerConfig.Slack) added to its time, and whoever is
// earliest by that reckoning goes first. So an urgent job overtakes less urgent
// ones, but only those that have waited for less than the difference of their
// slacks, and no class starves another.
type Priority uint8

// The classes, and their slack unless RunnerConfig says otherwise.
const (
	PriorityNormal     Priority = iota // 5 s
	PriorityCritical                   // none
	PriorityHigh                       // 1 s
	PriorityLow                        // 20 s
	PriorityBackground                 // 60 s
)

// classes is the number of Priority values.
const classes = 5

var (
	priorityNames = [classes]string{
		PriorityCritical: "critical", PriorityHigh: "high", PriorityNormal: "normal", PriorityLow: "low", PriorityBackground: "background",
	}

	// priorityRanks gives the places of the classes, from the most urgent, in
	// every array that is kept by class.
	priorityRanks = [classes]uint8{
		PriorityCritical: 0, PriorityHigh: 1, PriorityNormal: 2, PriorityLow: 3, PriorityBackground: 4,
	}
)

// ParsePriority returns the Priority whose String is text: critical, high,
// normal, low or background.
func ParsePriority(text string) (Priority, error) {
	for p, name := range priorityNames {
		if name == text {
			return Priority(p), nil
		}
	}
	return PriorityNormal, fmt.Errorf("%q is not a priority (critical, high, normal, low or background)", text)
}

// String returns the name of p in lower case.
func (p Priority) String() string {
	if !p.valid() {
		return fmt.Sprintf("Priority(%d)", uint8(p))
	}
	return priorityNames[p]
}

// MarshalText returns the name of p, or an error if p has none.
func (p Priority) MarshalText() ([]byte, error) {
	if !p.valid() {
		return nil, fmt.Errorf("%v is not a priority", p)
	}
	return []byte(priorityNames[p]), nil
}

// UnmarshalText is ParsePriority. It leaves p alone when it fails.
func (p *Priority) UnmarshalText(text []byte) error {
	parsed, err := ParsePriority(string(text))
	if err == nil {
		*p = parsed
	}
	return err
}

func (p Priority) valid() bool { return p < classes }
