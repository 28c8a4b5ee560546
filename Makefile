# Everything here needs Go, git and make, and nothing else.

GO      ?= go
TOOL    := $(GO) tool -modfile=tools.mod
BIN     := bin/specify
FUZZ    ?= 60s

# go test keeps to itself which tests were skipped: these are for want of a program.
MISSING = without() { for p in $$2; do command -v $$p >/dev/null && return; done; echo "make: no $$1 here: its tests are skipped"; }; \
	without nginx nginx; without tmux tmux; without strace strace; without tc tc; without Chromium "chromium chromium-browser google-chrome chrome"

GORELEASER := $(GO) run github.com/goreleaser/goreleaser/v2@v2.14.0

.PHONY: docs build extras package reproducible demo test test-collector torture cluster bench-queue bench-partitions soak vuln lint check fuzz bench bench-peers profile cover examples clean help

build: ## build bin/specify
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o $(BIN) ./cmd/specify

demo: build ## see the main job: a list of good, slow, flaky, throttled, broken and dead URLs
	@$(GO) run ./internal/faultserver/demo -- sh -c '\
	  echo "$$ specify batch --file urls.txt --results out.ndjson"; \
	  $(BIN) batch --file {urls} --results {dir}/out.ndjson --retry-delay 200ms --breaker-cooldown 2s --read-timeout 2s \
	    --report html=bin/demo.html; \
	  status=$$?; \
	  echo; echo "$$ head -2 out.ndjson"; head -2 {dir}/out.ndjson; \
	  echo; echo "the same to look at: bin/demo.html"; \
	  echo "specify ended with exit status $$status: some of these URLs are broken, and it says so."'

test: ## run all tests with the race detector
	@$(MISSING)
	$(GO) test -race -shuffle=on -p 1 -timeout 20m ./... # one package at a time: many of them measure time
	$(GO) -C bench test -p 1 -timeout 5m ./... # a module of its own
	@$(MISSING)

torture: ## the whole form of the tests that kill, starve and flood the program
	SPECIFY_TORTURE=1 $(GO) test -count=1 -timeout 60m -v -run 'Killed|Results|Full|ReadOnly|Rename|Stopped|Signal|Deadline|Paused|Resume|Ordered|Lines|TraceFile|Injected|ShortWrites|PacketLoss|Suspended|SizeAttacks' ./cmd/specify

cluster: ## 100,000 tasks over three NATS servers and four workers, while servers, a worker and the collector are killed
	SPECIFY_CLUSTER=1 $(GO) test -count=1 -timeout 20m -v -run '^TestCluster$$' ./cmd/specify

bench-queue: ## what more workers bring over a queue, and what a queue costs (docs/scale.md)
	SPECIFY_BENCH_QUEUE=1 $(GO) test -count=1 -timeout 20m -v -run '^TestQueueSpeed$$' ./cmd/specify

bench-partitions: ## how hot origins load the busiest of some workers (docs/scale.md)
	$(GO) -C bench run ./partitions

SOAK ?= 1000000

soak: ## SOAK (1000000) tasks of every kind: right counts, and no descriptor, goroutine or MiB too many
	SPECIFY_SOAK=$(SOAK) $(GO) test -count=1 -timeout 60m -v -run Soak ./cmd/specify

vuln: ## ask Go's vulnerability database about what the binary uses (needs the network)
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./cmd/specify

docs: ## write docs/reference and the man pages in bin/man
	$(GO) run ./internal/docgen -md docs/reference -man bin/man

extras: build ## what packages hold besides the program, in bin: man pages, completions
	$(GO) run ./internal/docgen -man bin/man
	gzip -9nk bin/man/*.1
	mkdir -p bin/completions
	for shell in bash zsh fish; do $(BIN) completion $$shell > bin/completions/specify.$$shell || exit 1; done

package: ## archives, deb and rpm of the commit that is checked out, in dist (some minutes at first)
	$(GORELEASER) release --snapshot --clean --skip=sbom

reproducible: ## build this commit twice, in two folders with two caches, and compare
	packaging/reproducible.sh

test-collector: ## the test against the real OpenTelemetry collector, built from its Go modules (some minutes at first)
	$(GO) build -C internal/telemetry/collector -ldflags='-s -w' -o $(CURDIR)/bin/collector .
	SPECIFY_COLLECTOR=$(CURDIR)/bin/collector $(GO) test -count=1 -v -run RealCollector ./cmd/specify

lint: ## formatting, vet, modernity, tidiness, static analysis
	test -z "$$(gofmt -l .)"
	$(GO) vet ./...
	$(GO) -C bench vet ./...
	$(GO) fix -diff ./...
	$(GO) mod tidy -diff
	$(GO) mod verify
	$(TOOL) staticcheck -checks all ./...
	@! grep -rn 'synctest\.Test(' --include='*_test.go' . || { echo 'use bubble.Test: see internal/bubble'; false; }

check: lint test ## lint and test

fuzz: ## run each fuzz target for FUZZ (60s)
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZ) $$pkg || exit 1; \
	  done; \
	done

bench: ## one after the other against concurrently, asynccore and children against others, and what tracing costs
	$(GO) -C bench run ./sidebyside
	$(GO) -C bench run ./ratios
	$(GO) -C bench run ./tracing
	$(GO) -C bench run ./children

bench-peers: ## the whole program against curl, wget2, aria2c, xargs, net/http and wrk (docs/performance.md)
	$(GO) -C bench run ./peers

profile: ## processor and heap profiles of a batch of 100,000 URLs, in bin/profile
	$(GO) -C bench run ./profile -o ../bin/profile

cover: ## test coverage, as a table and in coverage.html
	$(GO) test -coverprofile=coverage.out ./...
	$(GO) tool cover -func=coverage.out | tail -1
	$(GO) tool cover -html=coverage.out -o coverage.html

examples: ## run the examples, those of the concurrency patterns among them
	$(GO) test -run '^Example' -v ./internal/...

clean: ## remove what was built
	rm -rf bin dist coverage.out coverage.html

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
