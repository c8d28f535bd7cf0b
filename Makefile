SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TOOL    := go tool -modfile=tools/go.mod
# The longest package takes a minute or two; a test that hangs should say so
# before the 15 minutes of the whole run are over.
TESTS   := go test -shuffle=on -timeout=6m

.PHONY: help run build test race generate lint gofmt verify bench bench-serve soak load load-proof stress stress-kill test-cache

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build, then serve a demo fleet on http://localhost:8080
	bin/exodrive serve --demo

build: ## build bin/exodrive, one static file
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/exodrive ./cmd/exodrive

# The race detector makes SQLite 33 times slower, so it runs on Postgres only.
test: ## run all tests: on SQLite, then on Postgres under the race detector
	scripts/setup
	EXO_TEST_ENGINES=sqlite $(TESTS) ./...
	EXO_TEST_ENGINES=postgres $(TESTS) -race ./...

race: ## run the tests of PKG (default: all) on Postgres under the race detector
	scripts/setup
	EXO_TEST_ENGINES=postgres $(TESTS) -race $(or $(PKG),./...)

generate: build ## write the files that the program generates: api/openapi.*
	bin/exodrive openapi > api/openapi.json
	bin/exodrive openapi --yaml > api/openapi.yaml

lint: gofmt ## run the linters on Go and OpenAPI
	$(TOOL) golangci-lint run ./...
	scripts/vulncheck
	scripts/lint-openapi

gofmt:
	@wrong=$$(gofmt -l .); if [[ -n $$wrong ]]; then echo "gofmt: these files are not formatted, run gofmt -w on them:"; echo "$$wrong"; exit 1; fi

verify: gofmt build ## check that generated files, formatting and module files are up to date
	scripts/verify

bench: ## measure: start, reads of a large fleet on both engines (some ten minutes)
	go test ./bench -run='^$$' -bench=Start -benchtime=5x -timeout=10m
	go test ./bench -run='^$$' -bench=Hit -benchtime=200000x -count=$(or $(COUNT),3)
	go test ./bench -run='^$$' -bench=Instrumentation -benchtime=300000x -count=$(or $(COUNT),3)
	go test ./cache -run='^$$' -bench='Judge|Memory|Miss' -count=$(or $(COUNT),3)
	go test ./bench -run='^$$' -bench=MemoryRead -benchtime=1000000x
	go test ./bench -run='^$$' -bench=Jobs -benchtime=4000x -timeout=10m
	go test ./bench -run='^$$' -bench=Writes -benchtime=1000x -count=$(or $(COUNT),3) -timeout=20m
	go test ./bench -run='^$$' -bench=Timeline -benchtime=2000x -count=$(or $(COUNT),3) -timeout=30m
	go test ./bench -run='^$$' -bench='Bookings$$' -benchtime=3000x -timeout=20m
	go test ./bench -run='^$$' -bench=BookingsAlone -benchtime=1x -count=$(or $(COUNT),3) -timeout=20m
	go test ./bench -run='^$$' -bench=Reads -benchtime=3000x -count=$(or $(COUNT),3) -timeout=60m

bench-serve: ## measure hits beside a bare server, nginx and Varnish (some ten minutes)
	scripts/setup bench
	go run ./bench/serve -rounds=$(or $(COUNT),5)

# k6 has a module of its own, so that ours stays small. Its first build takes a minute.
bin/k6: tools/k6/go.mod tools/k6/go.sum
	go build -modfile=tools/k6/go.mod -o $@ go.k6.io/k6

load: bin/k6 ## run k6 against a server that it starts; LOAD=postgres: Postgres, Redis, two nodes; BREAK=slow or nocache must fail
	scripts/setup
	go build -o bin/load ./bench/load
	bin/load -stores=$(or $(LOAD),embedded) -break=$(BREAK) $(FLAGS)

load-proof: bin/k6 ## see that the load test is green, and red when a target is broken (some three minutes)
	scripts/setup
	EXO_LOAD=1 go test ./bench/load -count=1 -timeout=15m -v

stress: ## ask for more and more until a server breaks, far beyond that, and see it come back; STRESS=postgres: Postgres, Redis
	scripts/setup
	go build -o bin/stress ./bench/stress
	bin/stress -stores=$(or $(STRESS),embedded) $(FLAGS)

test-cache: ## check hit ratio, stampede, coherence and warming in one report; CACHE=embedded, postgres or redis: that store alone
	scripts/setup
	go build -o bin/caching ./bench/caching
	bin/caching $(if $(CACHE),-stores=$(CACHE)) $(FLAGS)

# EXO_SEED brings the random choices of a run back, EXO_FAULT leaves only the faults
# with that text in their names.
soak: ## check the cache's promises among faults for SOAK (default: 10m) on each engine
	scripts/setup
	EXO_SOAK=$(or $(SOAK),10m) go test ./e2e -run=History -count=1 -timeout=0 -v

stress-kill: ## kill a server KILLS (default: 50) times while clients book, on each engine, and check what is left
	scripts/setup
	EXO_KILLS=$(or $(KILLS),50) go test ./e2e -run=KilledWhileBooking -count=1 -timeout=0 -v
