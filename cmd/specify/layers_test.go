package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/specify-cli/specify/"

// A rule is what a package may import of this module, and why. A package
// without a rule fails, so that a new package starts with a decision.
type rule struct {
	imports []string // prefixes below the module, "internal/runtime/" meaning all of them
	reason  string
}

var mayImport = map[string]rule{
	"cmd/specify":              {[]string{"internal/"}, "main sees all and wires them"},
	"internal/commands":        {[]string{"internal/ops", "internal/task", "internal/asynccore", "internal/nearest", "internal/report"}, "a command turns flags into a request and calls one operation; what it tells is in the words of reports"},
	"internal/ops":             {[]string{"internal/runtime/", "internal/asynccore", "internal/task", "internal/report", "internal/hashset", "internal/splice", "internal/stack"}, "operations decide, adapters do"},
	"internal/report":          {[]string{"internal/task"}, "records in, documents out"},
	"internal/runtime/cache":   {nil, "adapters do not know each other; an answer is fields and bytes to it"},
	"internal/runtime/config":  {[]string{"internal/nearest"}, "adapters do not know each other; settings are flags to it"},
	"internal/docgen":          {[]string{"internal/commands"}, "the reference is made of the commands"},
	"internal/nearest":         {nil, "compares words"},
	"internal/flock":           {nil, "locks files"},
	"internal/hashset":         {nil, "a set of numbers"},
	"internal/splice":          {nil, "moves bytes between descriptors"},
	"internal/stack":           {nil, "grows a goroutine's stack"},
	"internal/bubble":          {nil, "runs tests on a clock of their own"},
	"internal/runtime/files":   {[]string{"internal/task", "internal/hashset", "internal/flock", "internal/splice"}, "adapters do not know each other"},
	"internal/runtime/httpx":   {[]string{"internal/asynccore", "internal/task", "internal/splice", "internal/stack", "internal/runtime/httpx/"}, "adapters do not know each other"},
	"internal/runtime/journal": {[]string{"internal/flock"}, "the journal deals in encoded lines"},
	"internal/runtime/process": {[]string{"internal/task", "internal/asynccore"}, "adapters do not know each other"},
	"internal/runtime/lists":   {nil, "a list is lines to it, not tasks"},
	"internal/runtime/queue":   {[]string{"internal/asynccore"}, "adapters do not know each other; tasks and records are bytes to it"},
	"internal/asynccore":       {nil, "the heart knows nothing of this program"},
	"internal/telemetry":       {[]string{"internal/splice", "internal/asynccore"}, "telemetry is put around the others from outside"},
	"internal/task":            {[]string{"internal/asynccore"}, "the nouns; a task's priority is the scheduler's"},
}

// withoutThese are packages that a layer does without.
var withoutThese = map[string]rule{
	"internal/ops":       {[]string{"net/http", "os", "os/exec", "net"}, "operations are pure: what they need of the outside is an interface"},
	"internal/asynccore": {[]string{"net/http", "net", "os/exec"}, "concurrency primitives open no connection and start no process"},
	"internal/task":      {[]string{"net/http", "net", "os", "os/exec"}, "nouns do no work"},
	"internal/commands":  {[]string{"net/http", "net", "os/exec"}, "commands are thin"},
}

// onlyIn are imports that only one folder may have.
var onlyIn = map[string]rule{
	"go.opentelemetry.io/":                  {[]string{"internal/telemetry"}, "spans are made by wrapping, not by hand"},
	"github.com/hashicorp/go-retryablehttp": {[]string{"internal/runtime/httpx"}, "the retry library stays a detail behind Client.Fetch"},
	"github.com/sony/gobreaker":             {[]string{"internal/asynccore"}, "breakers are asynccore's"},
	"github.com/spf13/viper":                {[]string{"internal/runtime/config"}, "configuration is one adapter's"},
	"github.com/spf13/cobra":                {[]string{"internal/commands", "internal/telemetry", "cmd/specify", "internal/docgen"}, "the command line is one layer's; telemetry wraps its tree"},
	"github.com/nats-io/":                   {[]string{"internal/runtime/queue"}, "which queue it is stays a detail of one adapter"},
	"os/exec":                               {[]string{"internal/runtime/process"}, "subprocesses are one adapter's"},
}

// testSupport is imported by tests and by the demo alone.
const testSupport = "internal/faultserver"

func TestLayers(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := make(map[string]bool)
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkg := strings.TrimPrefix(p.ImportPath, module)
		if strings.HasPrefix(pkg, testSupport) {
			continue
		}
		seen[pkg] = true
		checkPackage(t, pkg, p.Imports)
	}
	for pkg := range mayImport {
		if !seen[pkg] {
			t.Errorf("%s has a rule but is not there: drop the rule", pkg)
		}
	}
}

// notLinked are modules that no package of the program may bring in, not by way
// of another module either. Tests may have them.
var notLinked = map[string]string{
	"google.golang.org/": "gRPC and protobuf initialise for 2 ms at every start and are a fifth of the program; internal/telemetry/otlpproto writes what collectors want",
}

func TestNotLinked(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", module+"cmd/specify").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		for prefix, reason := range notLinked {
			if strings.HasPrefix(path, prefix) {
				t.Errorf("%s is linked: %s", path, reason)
			}
		}
	}
}

func checkPackage(t *testing.T, pkg string, imports []string) {
	own, ok := ruleFor(pkg)
	if !ok {
		t.Errorf("%s has no rule in mayImport: decide what it may import, and why", pkg)
		return
	}
	for _, path := range imports {
		if in, ours := strings.CutPrefix(path, module); ours && !within(in, own.imports) && !within(in, []string{pkg + "/"}) {
			t.Errorf("%s must not import %s: %s", pkg, in, own.reason)
		}
		for _, banned := range withoutThese[pkg].imports {
			if path == banned {
				t.Errorf("%s must not import %s: %s", pkg, path, withoutThese[pkg].reason)
			}
		}
		for prefix, r := range onlyIn {
			if strings.HasPrefix(path, prefix) && !within(pkg, r.imports) {
				t.Errorf("%s must not import %s: %s", pkg, path, r.reason)
			}
		}
	}
}

// ruleFor returns the rule of pkg, or of the folder that it is a part of.
func ruleFor(pkg string) (rule, bool) {
	for ; pkg != ""; pkg = pkg[:max(0, strings.LastIndexByte(pkg, '/'))] {
		if r, ok := mayImport[pkg]; ok {
			return r, true
		}
	}
	return rule{}, false
}

// within reports whether path is one of allowed, or below one.
func within(path string, allowed []string) bool {
	for _, a := range allowed {
		if path == strings.TrimSuffix(a, "/") || strings.HasPrefix(path, strings.TrimSuffix(a, "/")+"/") {
			return true
		}
	}
	return false
}
