package telemetry

import (
	"fmt"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// readSampler reads OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG. onTrial
// says that the sampler lets spans be recorded that it did not sample, for
// keep to judge. A value that is not understood is an error beside the default
// sampler: the specification asks for a warning, not for a refusal.
//
// The SDK reads both variables itself, but offers no way to get at the ratio.
func readSampler() (s sdktrace.Sampler, onTrial bool, err error) {
	always := sdktrace.ParentBased(sdktrace.AlwaysSample())
	switch name := strings.ToLower(lookup("OTEL_TRACES_SAMPLER")); name {
	case "", "parentbased_always_on":
		return always, false, nil
	case "always_on":
		return sdktrace.AlwaysSample(), false, nil
	case "always_off":
		return sdktrace.NeverSample(), false, nil
	case "parentbased_always_off":
		return sdktrace.ParentBased(sdktrace.NeverSample()), false, nil
	case "traceidratio", "parentbased_traceidratio":
		ratio, err := readRatio()
		return &trialSampler{
			ratio:       sdktrace.TraceIDRatioBased(ratio),
			parentBased: name == "parentbased_traceidratio",
		}, true, err
	default:
		return always, false, fmt.Errorf("OTEL_TRACES_SAMPLER: %q is not supported; every span is sampled", name)
	}
}

func readRatio() (float64, error) {
	v := lookup("OTEL_TRACES_SAMPLER_ARG")
	if v == "" {
		return 1, nil
	}
	ratio, err := strconv.ParseFloat(v, 64)
	if err != nil || !(ratio >= 0 && ratio <= 1) { // NaN is neither
		return 1, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG: want a number from 0 to 1, not %q; every span is sampled", v)
	}
	return ratio, nil
}

// trialSampler samples by ratio, and lets every span that the ratio leaves out
// be recorded all the same, without the sampled flag: it is on trial. What a
// remote parent decided is kept, also that nothing is wanted.
type trialSampler struct {
	ratio       sdktrace.Sampler
	parentBased bool
}

// ShouldSample decides for one span.
func (s *trialSampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanFromContext(p.ParentContext)
	psc := parent.SpanContext()
	if s.parentBased && psc.IsValid() {
		decision := sdktrace.Drop
		switch {
		case psc.IsSampled():
			decision = sdktrace.RecordAndSample
		case parent.IsRecording(): // ours, and on trial itself
			decision = sdktrace.RecordOnly
		}
		return sdktrace.SamplingResult{Decision: decision, Tracestate: psc.TraceState()}
	}
	res := s.ratio.ShouldSample(p)
	if res.Decision == sdktrace.Drop {
		res.Decision = sdktrace.RecordOnly
	}
	return res
}

// Description names the sampler.
func (s *trialSampler) Description() string { return "Trial{" + s.ratio.Description() + "}" }
