# LabLink. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# The same flags everywhere, so that all builds share Go's cache. See
# sim/launcher/engine.go.
export GOFLAGS := -trimpath -buildvcs=false -gcflags=all=-dwarf=false
LOCAL := .lablink/bin/lablink-local

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: up
up: $(LOCAL) ## Deploy LabLink on this computer: a URL and a password at the end
	@$(LOCAL) up

.PHONY: down
down: $(LOCAL) ## Take it away again: no process, no port, no state
	@$(LOCAL) down $(if $(DISCARD),--discard)

.PHONY: preview
preview: $(LOCAL) ## Show what deploying STACK=local|test|prod|account or TEMPLATE=… would do
	@$(LOCAL) preview $(if $(TEMPLATE),--template $(TEMPLATE),$(or $(STACK),local))

.PHONY: env
env: $(LOCAL) ## Print the exports with which plain pulumi works on the local stack
	@$(LOCAL) env

# The operator's command, with the Pulumi engine of this working copy before the
# PATH where there is no other.
LABLINK = engine=$$($(LOCAL) engine) && PATH="$${engine:+$$engine:}$$PATH" .lablink/bin/lablink

.PHONY: bootstrap
bootstrap: $(LOCAL) .lablink/bin/lablink ## Once for an AWS account: identity provider, state bucket and key, and its state in there
	@$(LABLINK) bootstrap $(if $(STACK),--stack $(STACK))

.PHONY: destroy
destroy: $(LOCAL) .lablink/bin/lablink ## Destroy what is not protected of STACK, and list what stays
	@$(LABLINK) destroy --stack "$(or $(STACK),$(error say which: make destroy STACK=…))"

.PHONY: .lablink/bin/lablink
.lablink/bin/lablink: go
	@CGO_ENABLED=0 go build -o $@ ./cli/cmd/lablink

# The agent's binding of NVML is C; its headers warn of two hundred old names.
CGO := CGO_ENABLED=1 CGO_CFLAGS="-O2 -g0 -Wno-deprecated-declarations"

# The race detector makes SQLite, which is C translated to Go and keeps its memory
# where the detector does not look, twenty times as slow. What calls it is watched.
RACE := -race '-gcflags=modernc.org/sqlite/lib=-dwarf=false -race=false'

# What takes longest begins first, and everything else runs beside it.
.PHONY: test
test: $(LOCAL) .lablink/bin/gotestsum ## Run all tests; installs what they need
	@$(LOCAL) prepare
	@echo '• Checking that the code is formatted and the modules are tidy'
	@bad=$$(gofmt -l .); test -z "$$bad" || { echo "Not formatted, run gofmt -w on: $$bad" >&2; exit 1; }
	@go mod tidy -diff
	@CGO_ENABLED=0 go vet $$(go list ./... | grep -v /agent) && $(CGO) go vet ./agent/...
	@echo '• Testing: about twenty minutes on two cores, and more the first time'
	@$(CGO) .lablink/bin/gotestsum --format pkgname -- $(RACE) -shuffle=on -timeout 60m $(TESTFLAGS) ./sim/system ./...

.PHONY: bench
bench: $(LOCAL) ## Measure; the figures go to bench.txt, a line each: name value unit
	@$(LOCAL) prepare
	@CGO_ENABLED=0 go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./sim/system >.lablink/bench.log || { cat .lablink/bench.log; exit 1; }
	@awk '/^Benchmark/ { for (i = 3; i < NF; i += 2) if (split($$(i + 1), name, ":") == 2) print name[1], $$i, name[2] }' .lablink/bench.log | tee bench.txt

.PHONY: release
release: go ## Build what is published of VERSION=vX.Y.Z, into .lablink/release
	@CGO_ENABLED=0 go run ./infra/release/cmd/lablink-release -version='$(VERSION)'

.PHONY: screenshots
screenshots: $(LOCAL) ## Take the pictures in docs/images from the running pages
	@$(LOCAL) prepare
	@mkdir -p .lablink/screenshots docs/images
	@LABLINK_SCREENSHOTS="$(CURDIR)/.lablink/screenshots" CGO_ENABLED=0 go test -count=1 -run TwoBrowsers ./sim/system
	@cp .lablink/screenshots/{workshop-wide,seat-narrow}-light.png docs/images/

.PHONY: $(LOCAL)
$(LOCAL): go
	@CGO_ENABLED=0 go build -o $@ ./sim/cmd/lablink-local

.lablink/bin/gotestsum: tools/gotestsum/go.mod
	@cd tools/gotestsum && CGO_ENABLED=0 go build -o "$(CURDIR)/$@" gotest.tools/gotestsum

.PHONY: go
go:
	@command -v go >/dev/null || { echo 'Go is missing: install Go 1.26 or newer from https://go.dev/dl/ and try again.' >&2; exit 1; }
