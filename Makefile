# kura's targets. `make` builds; `make test` is what CI runs (through .ci/run),
# and needs nothing but Go, make and a Debian 12: it installs the rest, as root.

GO       ?= go
PREFIX   ?= /usr/local
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null)
BIN      := bin

# For make fuzz, and which numbers make bench measures: empty is all.
FUZZTIME ?= 10s
BENCH    ?=

# The dependencies are those of go.sum, whatever the caller's environment says.
# Whose checkout it is must not matter either: root in a container may build a
# clone of somebody else.
export GOFLAGS = -mod=readonly -buildvcs=false

LDFLAGS  := -s -w $(if $(VERSION),-X github.com/kura-build/kura.Version=$(VERSION))

# golangci-lint takes minutes to build and is no part of kura: it is kept.
TOOLS    ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kura/tools
LINT_VERSION := v2.15.0
LINT     := $(TOOLS)/golangci-lint-$(LINT_VERSION)

.DEFAULT_GOAL := build
.PHONY: help build install demo demo-stop test quick lint laws fuzz bench micro clean

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

build: ## bin/kura, the whole program
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/kura ./cmd/kura

install: build ## bin/kura to $(DESTDIR)$(PREFIX)/bin
	install -D -m 0755 $(BIN)/kura $(DESTDIR)$(PREFIX)/bin/kura

demo: build ## The main job on real input; leaves the hub running. ONCE=1 stops it, BASE=address takes another base
	test/bootstrap demo
	$(GO) build -o $(BIN)/demo ./test/demo
	$(BIN)/demo -kura $(BIN)/kura $(if $(BASE),-base '$(value BASE)') $(if $(ONCE),-once)

demo-stop: ## Stop the hub that make demo left running
	$(GO) build -o $(BIN)/demo ./test/demo
	$(BIN)/demo -stop

test: ## Everything that must hold, on SQLite and PostgreSQL
	GO='$(GO)' test/run

quick: ## The tests alone, of PKG=./... : the loop while writing
	$(GO) run ./test/postgres -- $(GO) test $(or $(PKG),./...)

laws: ## Who may import whom, and the other laws of the house
	$(GO) test -count=1 ./test/lint

lint: $(LINT) ## golangci-lint, with all of .golangci.yml
	$(LINT) run ./...

$(LINT):
	GOBIN=$(TOOLS) GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv $(TOOLS)/golangci-lint $@

fuzz: ## Every fuzzer for FUZZTIME each
	@grep -rhoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' --with-filename . | sort | \
	while IFS=: read -r file func; do \
		echo "fuzz: $${file%/*} $${func#func }"; \
		$(GO) test -run '^$$' -fuzz "^$${func#func }\$$" -fuzztime $(FUZZTIME) "$${file%/*}" || exit 1; \
	done

bench: ## The numbers that people wait for, each beside what it is compared with; BENCH=roots,signer for some
	test/bootstrap test
	$(GO) run ./test/postgres -- $(GO) run ./test/bench $(if $(BENCH),-only '$(BENCH)')

micro: ## Every Go benchmark, or those of PKG=./some/room
	$(GO) run ./test/postgres -- $(GO) test -run '^$$' -bench . -benchmem -timeout 60m $(or $(PKG),./...)

clean: ## What was built
	rm -rf $(BIN)
