# LabLink. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# The same flags everywhere, so that all builds share Go's cache. See
# sim/launcher/engine.go.
export GOFLAGS := -trimpath -gcflags=all=-dwarf=false
LOCAL := .lablink/bin/lablink-local

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: up
up: $(LOCAL) ## Deploy LabLink on this computer: a URL and a password at the end
	@$(LOCAL) up

.PHONY: down
down: $(LOCAL) ## Take it away again: no process, no port, no state
	@$(LOCAL) down

.PHONY: preview
preview: $(LOCAL) ## Show what deploying STACK=local|test|prod|account would do
	@$(LOCAL) preview $(or $(STACK),local)

.PHONY: env
env: $(LOCAL) ## Print the exports with which plain pulumi works on the local stack
	@$(LOCAL) env

.PHONY: $(LOCAL)
$(LOCAL): go
	@CGO_ENABLED=0 go build -o $@ ./sim/cmd/lablink-local

.PHONY: go
go:
	@command -v go >/dev/null || { echo 'Go is missing: install Go 1.26 or newer from https://go.dev/dl/ and try again.' >&2; exit 1; }
