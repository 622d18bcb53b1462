# Everything a developer or CI does. `make` lists the targets.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
# Templates are not inlined: every page would be in the program twice, in its
# package and in that of its handler. The calendar is drawn by hand and hot.
OWN      := github.com/bandstand-app/bandstand
GCFLAGS  := -gcflags='$(OWN)/views/...=-l' -gcflags='$(OWN)/views/calendar='
CACHE    := $(CURDIR)/.cache
LINT_VERSION := v2.15.0
VULN_VERSION := v1.9.0
LINT     := $(CACHE)/bin/golangci-lint-$(LINT_VERSION)
TEMPL    := go tool -modfile=.tools/go.mod templ
# SQLite has the search index and knows nothing of extensions it could load.
export GOFLAGS := -tags=sqlite_omit_load_extension
export CGO_ENABLED := 1

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

.PHONY: build
build: ## build bin/bandstand
	go build -trimpath -ldflags '$(LDFLAGS)' $(GCFLAGS) -o bin/bandstand ./cmd/bandstand

.PHONY: demo
demo: build ## try it: a furnished club in practice mode, nothing leaves this computer
	./bin/bandstand demo

.PHONY: test
test: ## all tests that need nothing but Go, with the race detector where it can find something
	go test -race -shuffle=on -timeout=60m ./...
	$(MAKE) unraced

# The race detector makes a test ten times as dear. Files of tests that start no
# goroutines of their own, or a whole program for each case, say "!race" and run
# here: found by that line, so that none can be forgotten.
.PHONY: unraced
unraced: ## the tests whose files say "go:build !race", the fault table among them
	@grep -rl --include='*_test.go' '^//go:build !race$$' . | xargs -n1 dirname | sort -u | while read -r dir; do \
	  names=$$(grep -l '^//go:build !race$$' $$dir/*_test.go | xargs grep -hoE '^func Test[A-Za-z0-9_]+' | sed 's/^func //' | paste -sd'|'); \
	  echo "unraced $$dir $$names"; \
	  go test -shuffle=on -timeout=60m -run="^($$names)$$" $$dir </dev/null || exit 1; \
	done

# The targets are found by their names, so that none can be forgotten. Seeds run in
# every "make test"; the time goes to packages whose code changed
# since the last landed commit: where the branch left main, or the one before.
FUZZ      ?= 20s
FUZZ_CALM ?= 3s
# The go tool may fail at the very end of its time with nothing but "context
# deadline exceeded", and no input that failed (golang/go#75804). Only that passes.
.PHONY: fuzz
fuzz: ## let every parser of foreign bytes read nonsense: 20 s each where its code changed, else 3 s
	@mkdir -p $(CACHE)
	@since=$$(git merge-base HEAD origin/main 2>/dev/null || true); \
	[ -n "$$since" ] && [ "$$since" != "$$(git rev-parse HEAD)" ] || since=$$(git rev-parse -q --verify HEAD^ || true); \
	changed() { [ -z "$$since" ] || ! git diff --quiet "$$since" -- ":(glob)$$1/*.go"; }; \
	grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9]+' . | sed -E 's|/[^/]+:func | |' | sort | while read -r dir name; do \
	  time=$(FUZZ_CALM); ! changed "$$dir" || time=$(FUZZ); \
	  echo "fuzz $$dir $$name $$time"; \
	  go test -run='^$$' -fuzz="^$$name$$" -fuzztime=$$time -fuzzminimizetime=1s -timeout=2h $$dir > $(CACHE)/fuzz.txt 2>&1 </dev/null || \
	    { grep -q '^ *context deadline exceeded$$' $(CACHE)/fuzz.txt && ! grep -qE 'Failing input|_test\.go:|panic|hung or terminated' $(CACHE)/fuzz.txt; } || { cat $(CACHE)/fuzz.txt; exit 1; }; \
	  grep -E 'execs:|baseline coverage: [1-9]' $(CACHE)/fuzz.txt | tail -n 1 || { cat $(CACHE)/fuzz.txt; echo "$$name did not run"; exit 1; }; \
	done

.PHONY: fuzz-all
fuzz-all: ## the same for every target as long (FUZZ=10m)
	$(MAKE) fuzz FUZZ_CALM=$(FUZZ)

.PHONY: browser
browser: chromium ## the tests in headless Chromium, with accessibility
	go test -tags=browser,sqlite_omit_load_extension -count=1 -timeout=60m ./internal/e2e/browser -run Browser

.PHONY: look
look: chromium ## a picture of every screen, light and dark, at 320, 768 and 1280 pixels, in ./screenshots
	BANDSTAND_TEST_LOOK=1 go test -tags=browser,sqlite_omit_load_extension -count=1 -timeout=60m ./internal/e2e/browser -run BrowserEveryScreen

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing Chromium"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; \
	  else echo "Chromium is missing: install the package chromium"; exit 1; fi; }

.PHONY: test-pds
test-pds: ## the Bluesky contract against a real server (npm; installs into .cache/pds)
	sh platforms/bluesky/testdata/pds/install.sh $(CACHE)/pds
	BANDSTAND_TEST_PDS=$(CACHE)/pds go test -tags=pds,sqlite_omit_load_extension -count=1 -v -run RealServer ./platforms/bluesky

# What builds and runs with failpoints, and the tests that kill it.
CRASH_TEST := go test -tags=crash,sqlite_omit_load_extension -count=1 -v ./internal/e2e/crash

.PHONY: crash
crash: ## kill the real program 300 times while it publishes (KILLS=...)
	go test -tags=failpoints,sqlite_omit_load_extension -count=1 ./internal/failpoint
	BANDSTAND_TEST_KILLS=$(KILLS) $(CRASH_TEST) -timeout=60m -run 'TestCrash|TestStop|TestOldCopy|TestRelease|TestReconnect|TestSecondInstance'

.PHONY: crash-long
crash-long: KILLS ?= 10000
crash-long: ## the same, 10,000 times (KILLS=..., BANDSTAND_TEST_SEED=...)
	BANDSTAND_TEST_KILLS=$(KILLS) $(CRASH_TEST) -timeout=12h -run TestCrash

.PHONY: soak
soak: ## let the real program work for two hours and watch it grow (SOAK=10m)
	BANDSTAND_TEST_SOAK=$(SOAK) $(CRASH_TEST) -timeout=24h -run TestSoak

.PHONY: generate
generate: ## write *_templ.go from *.templ
	$(TEMPL) fmt views platforms
	$(TEMPL) generate

.PHONY: drift
drift: ## fail if generated files are not what generate writes
	@$(TEMPL) generate >/dev/null
	@git diff --exit-code --stat -- '*_templ.go' || { echo "generated files differ: run make generate and commit"; exit 1; }

.PHONY: fmt
fmt: $(LINT) ## format all Go code
	$(LINT) fmt

.PHONY: lint
lint: $(LINT) ## format check and linters
	$(LINT) fmt --diff
	$(LINT) run --build-tags=browser,pds,crash,failpoints,sqlite_omit_load_extension ./...

$(LINT):
	GOFLAGS= GOBIN=$(CACHE)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv $(CACHE)/bin/golangci-lint $@

.PHONY: vuln
vuln: ## look for known vulnerabilities that our code reaches
	@GOFLAGS= go run golang.org/x/vuln/cmd/govulncheck@$(VULN_VERSION) ./... > $(CACHE)/vuln.txt 2>&1 && tail -n 3 $(CACHE)/vuln.txt || { \
	  if grep -qE 'dial tcp|no such host|connection refused|Forbidden|fetching vulnerabilities|x509|timeout' $(CACHE)/vuln.txt && ! grep -q '^Vulnerability #' $(CACHE)/vuln.txt; then \
	    echo "NOT RUN: the vulnerability database cannot be reached from here"; \
	  else cat $(CACHE)/vuln.txt; exit 1; fi; }

.PHONY: bench
bench: ## measure the goals of PERFORMANCE.md (POSTS=2000000 for all of them)
	BENCH_POSTS=$(POSTS) BENCH_ONLY=$(ONLY) BENCH_MARKDOWN=$(MARKDOWN) go test -run '^$$' -bench . -benchtime=1x -timeout=40m ./internal/bench

# The parts of CI, in the order in which they fail soonest.
PARTS := drift lint test fuzz crash browser vuln

.PHONY: check
check: ## exactly what CI runs; 35 minutes on 2 cores, and no more
	@mkdir -p $(CACHE)
	@begin=$$SECONDS; spent=; \
	for part in $(PARTS); do \
	  from=$$SECONDS; $(MAKE) $$part || { echo "make check: $$part failed"; exit 1; }; \
	  spent+=$$(printf '%-9s %2d min %02d s' $$part $$(( (SECONDS - from) / 60 )) $$(( (SECONDS - from) % 60 )))$$'\n'; \
	done; \
	printf '%s' "$$spent"; \
	printf '%-9s %2d min %02d s\n' together $$(( (SECONDS - begin) / 60 )) $$(( (SECONDS - begin) % 60 ))
	@echo "make check: all green"
