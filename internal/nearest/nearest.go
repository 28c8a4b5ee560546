// Package nearest finds the known name that a mistyped one was meant to be. It
// is for error messages only: nothing is ever done in the name's stead.
package nearest

// Name returns the one of known that is fewest edits away from name: letters
// added, dropped, replaced, or swapped with their neighbour. It returns "" when
// none is near enough to be meant; of equals, the first.
func Name(name string, known []string) string {
	best, least := "", min(3, 1+len(name)/3)
	for _, k := range known {
		if d := distance(name, k); d < least || d == least && best == "" {
			best, least = k, d
		}
	}
	return best
}

// distance is the optimal string alignment distance of a and b, in bytes.
func distance(a, b string) int {
	// Rows of the table of distances between beginnings of a and b: the one
	// before the last, the last, and the one being filled.
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			replaced := last[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(replaced, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
