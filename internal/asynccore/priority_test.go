package asynccore_test

import (
	"encoding/json"
	"testing"

	"github.com/specify-cli/specify/internal/asynccore"
)

func TestPriorityText(t *testing.T) {
	tests := []struct {
		priority asynccore.Priority
		text     string
	}{
		{asynccore.PriorityCritical, "critical"},
		{asynccore.PriorityHigh, "high"},
		{asynccore.PriorityNormal, "normal"},
		{asynccore.PriorityLow, "low"},
		{asynccore.PriorityBackground, "background"},
	}
	for _, tt := range tests {
		if got := tt.priority.String(); got != tt.text {
			t.Errorf("String of %d: %q, want %q", tt.priority, got, tt.text)
		}
		if got, err := asynccore.ParsePriority(tt.text); err != nil || got != tt.priority {
			t.Errorf("ParsePriority(%q): %v, %v", tt.text, got, err)
		}
		out, err := json.Marshal(tt.priority)
		if err != nil || string(out) != `"`+tt.text+`"` {
			t.Errorf("JSON of %v: %s, %v", tt.priority, out, err)
		}
		var back asynccore.Priority
		if err := json.Unmarshal(out, &back); err != nil || back != tt.priority {
			t.Errorf("JSON %s gives %v, %v", out, back, err)
		}
	}
	var zero asynccore.Priority
	if zero != asynccore.PriorityNormal {
		t.Errorf("the zero Priority is %v", zero)
	}
	if got := asynccore.Priority(5).String(); got != "Priority(5)" {
		t.Errorf("String of a value without a name: %q", got)
	}
	if _, err := asynccore.Priority(5).MarshalText(); err == nil {
		t.Error("a value without a name has a text")
	}
}

// What parses prints as it was, and nothing else changes the value.
func FuzzParsePriority(f *testing.F) {
	for _, text := range []string{"critical", "background", "Normal", "", "low ", "5"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := asynccore.ParsePriority(text)
		if err == nil && p.String() != text {
			t.Errorf("%q parses as %v", text, p)
		}
		kept := asynccore.PriorityBackground
		if unmarshal := kept.UnmarshalText([]byte(text)); (unmarshal == nil) != (err == nil) {
			t.Errorf("UnmarshalText: %v, ParsePriority: %v", unmarshal, err)
		} else if err != nil && kept != asynccore.PriorityBackground {
			t.Errorf("a failed UnmarshalText left %v", kept)
		}
	})
}
