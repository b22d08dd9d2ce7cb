# Ledger for Go. Needs Go and make, nothing else; `make` alone lists the targets.

# Settings, given as in `make bench BENCH=Append COUNT=6`:
# P: packages built or tested at once; with more of them timing tests starve each other.
# T: fuzzing time per target. BENCH: which benchmarks. COUNT: runs of each. ARGS: of the demo.
GO    ?= go
P     ?= 2
T     ?= 30s
BENCH ?= .
COUNT ?= 1
ARGS  ?=

# Every module is built as its users build it, on its own go.mod. go.work is for editors
# and for commands at the top of the tree; it would make each command below fetch what
# the heaviest module needs.
export GOWORK := off

# The end-to-end module builds an OpenTelemetry Collector, so it goes last.
SLOW    := ./internal/itest/e2e
MODULES := $(shell find . -name go.mod -not -path '*/.*' -not -path '*/testdata/*' | sed 's|/go.mod$$||' | sort)
MODULES := $(filter-out $(SLOW),$(MODULES)) $(filter $(SLOW),$(MODULES))

# What is mostly other people's code is tested without the race detector, which doubles the
# longest builds: the programs that tests start, and the adapters, which are thin. make race
# has it on for the adapters too.
CHILDREN := $(SLOW) ./internal/itest/otel
THIN     := ./bench $(filter ./bridge/% ./middleware/% ./otel ./examples/% ./internal/itest/loggers ./internal/itest/routers,$(MODULES))
empty    :=
comma    := ,
list      = $(subst $(empty) $(empty),$(comma),$(strip $(1)))
RUN      := $(GO) run ./scripts/testall -p $(P) -norace
TESTALL  := $(RUN) $(call list,$(CHILDREN) $(THIN))

GOLANGCI_VERSION := v2.15.0
GOLANGCI         := $(CURDIR)/bin/golangci-lint-$(GOLANGCI_VERSION)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## outage and kill -9 under load, with a count of what was lost (ARGS=-keep to stay up)
	@$(GO) run ./examples/demo $(ARGS)

.PHONY: test
test: ## every test of every module; those of our own code with -race, where there is a C compiler
	@$(TESTALL) $(MODULES)

.PHONY: race
race: ## the tests of the adapters with -race too
	@$(RUN) $(call list,$(CHILDREN)) $(filter-out $(CHILDREN) .,$(MODULES))

# Without the race detector, which make test has on: with it the exhaustive tests take an hour.
.PHONY: crash
crash: ## the long form of what kills, cuts power, damages and fills disks, with a line per fault
	@LEDGER_CRASH=long $(RUN) .,./internal/itest/powercut -faults . ./internal/itest/powercut -- -timeout 60m

.PHONY: fuzz
fuzz: ## every fuzz target, T=30s each
	@GO='$(GO)' sh scripts/fuzz.sh $(T) $(MODULES)

.PHONY: bench
bench: ## benchmarks, one package at a time (BENCH=regexp COUNT=n)
	@sh scripts/each.sh '$(GO) test -p 1 -run "^$$" -bench "$(BENCH)" -benchmem -count $(COUNT) ./...' \
		. $(filter ./bench,$(MODULES))

.PHONY: cover
cover: ## test coverage of the library, per package, and coverage.out for go tool cover
	@GO='$(GO)' sh scripts/cover.sh

.PHONY: lint
lint: $(GOLANGCI) ## golangci-lint in every module
	@sh scripts/each.sh 'sh $(CURDIR)/scripts/lint.sh $(GOLANGCI) $(CURDIR)/.golangci.yml' $(MODULES)

.PHONY: fmt
fmt: $(GOLANGCI) ## format every module as lint wants it
	@sh scripts/each.sh '$(GOLANGCI) fmt --config $(CURDIR)/.golangci.yml ./...' $(MODULES)

.PHONY: vet-cross
vet-cross: ## go vet for Windows, a build for macOS and a 32-bit machine
	@set -e; for target in 'windows/amd64 vet' 'darwin/arm64 build' 'linux/386 build'; do \
		set -- $$target; \
		echo "== $$1"; \
		CGO_ENABLED=0 GOOS=$${1%/*} GOARCH=$${1#*/} $(GO) $$2 ./...; \
	done

.PHONY: tidy
tidy: ## fail if a go.mod or go.sum is not tidy, and show the difference
	@sh scripts/each.sh '$(GO) mod tidy -diff' $(MODULES)

.PHONY: build
build: ## every package, and the two commands into bin/
	@sh scripts/each.sh '$(GO) build ./...' $(filter-out $(SLOW),$(MODULES))
	$(GO) build -trimpath -o bin/ ./cmd/ledger-replay
	cd cmd/ledger-server && $(GO) build -trimpath -o ../../bin/ .

# Built from source by the Go toolchain (some minutes, once per version) and kept out of
# every go.mod: nothing of it reaches those who import the library.
$(GOLANGCI):
	@echo "building golangci-lint $(GOLANGCI_VERSION), once"
	@rm -f bin/golangci-lint*
	@GOBIN='$(CURDIR)/bin' $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv bin/golangci-lint '$@'
