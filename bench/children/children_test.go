package main

import (
	"os/exec"
	"strings"
	"testing"
)

// A short form: each program that is here starts every child.
func TestChildren(t *testing.T) {
	all, err := prepare(t.TempDir(), 40, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := measure(t.Context(), all, 2); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.version == "" {
			t.Logf("%s is not here", s.name)
			continue
		}
		if len(s.used) != 2 || s.median(cpu) <= 0 || s.median(wall) <= 0 || s.median(peak) <= 0 {
			t.Errorf("%s: a figure is missing: %+v", s.name, s.used)
		}
	}
	var table strings.Builder
	printTable(&table, all)
	t.Logf("\n%s", &table)
}

// What starts fewer children than it should is not measured, and what is not
// installed is named.
func TestNothingForLess(t *testing.T) {
	all, err := prepare(t.TempDir(), 40, 2)
	if err != nil {
		t.Fatal(err)
	}
	few, gone := *all[0], *all[1]
	few.n++
	if err := few.once(t.Context()); err == nil || !strings.Contains(err.Error(), "40 results of 41 children") {
		t.Errorf("one child too few: %v", err)
	}
	gone.version = ""
	if err := measure(t.Context(), []*starter{&gone}, 1); err != nil || gone.used != nil {
		t.Errorf("a program that is not here was measured: %+v, %v", gone.used, err)
	}
	var table strings.Builder
	printTable(&table, []*starter{all[0], &gone})
	if !strings.Contains(table.String(), "GNU parallel  skipped: it is not here") {
		t.Errorf("it is not named:\n%s", &table)
	}
	if _, err := exec.LookPath("xargs"); err == nil && all[2].version == "" {
		t.Error("xargs is here, but was not found")
	}
}
