package contest

// Way does the work of a case once and returns its figure: in most cases the
// nanoseconds an item.
type Way func() (float64, error)

// Case is one thing to do, in asynccore's way and in those of others.
type Case struct {
	Name   string
	Unit   string // of the figures, for example "ns"
	Ours   Way
	Bound  float64 // Ours must not be above it; 0 means that only the rivals count
	Rivals []Rival
}

// Rival is somebody else's way of doing it.
type Rival struct {
	Name  string
	Way   Way
	Ratio float64 // ours/theirs must not be above it; 0 means that it is only shown
}

// Size is how much work a measurement is.
type Size struct {
	Jobs  int // submitted to a runner or a pool
	Items int // that go through a stream
	Slow  int // jobs of a millisecond
}

// Full is a size whose measurements take some 0.1 s each.
var Full = Size{Jobs: 100_000, Items: 1_000_000, Slow: 2000}

// Cases returns all cases.
func Cases(s Size) []Case {
	var all []Case
	all = append(all, submitCases(s.Jobs)...)
	all = append(all, taskCases(s.Jobs)...)
	all = append(all, spreadCase(s.Jobs))
	all = append(all, settleCase(s.Jobs))
	all = append(all, streamCase(s.Items))
	all = append(all, parMapCases(s.Items/5)...)
	all = append(all, slowCase(s.Slow))
	all = append(all, heapCase(3*s.Jobs))
	all = append(all, passCases(s.Jobs)...)
	all = append(all, behindCase(s.Jobs/10), pausedCase())
	return all
}
