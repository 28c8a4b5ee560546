package commands

import (
	"errors"
	"fmt"

	"github.com/specify-cli/specify/internal/ops"
)

// outputFlags are the flags that batch and worker share about bodies.
type outputFlags struct {
	b    ops.Bodies
	sums string
}

// output makes the group of them.
func (f *settingsFlags) output(g *group, o *outputFlags) {
	g.in("Output")
	g.StringVar(&o.b.OutputDir, "output-dir", "", "keep bodies below folder `D`, as HOST/PATH or as the line says")
	g.BoolVarP(&o.b.Continue, "continue", "c", false, continueHelp)
	g.StringVar(&o.sums, "checksums", "", "verify bodies against `SUMSFILE` (SHA256SUMS, SHA512SUMS)")
	f.cache(g)
	o.b.Inline.Max = 1 << 20
	g.BoolVar(&o.b.Inline.Keep, "inline-body", false, "put bodies into the records: as JSON, as text or in base64")
	g.Var((*sizeValue)(&o.b.Inline.Max), "inline-max", "leave a body longer than `SIZE` out of the record")
}

// bodies is what the flags say, checked. read reads a file of checksums.
func (o *outputFlags) bodies(read func(name string) (ops.Sums, error)) (b ops.Bodies, err error) {
	b = o.b
	if b.Inline.Max > ops.MaxInline {
		return b, &UsageError{errors.New("--inline-max: at most 16M; --output-dir keeps longer bodies")}
	}
	if o.sums != "" {
		if b.Sums, err = read(o.sums); err != nil {
			return b, &UsageError{fmt.Errorf("--checksums: %w", err)}
		}
	}
	return b, nil
}
