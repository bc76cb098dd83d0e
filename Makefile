# LabLink. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# The same flags everywhere, so that all builds share Go's cache. See
# sim/launcher/engine.go.
export GOFLAGS := -trimpath -buildvcs=false -gcflags=all=-dwarf=false
LOCAL := .lablink/bin/lablink-local

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

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

# What works on a stack in its AWS account.
ENGINE = engine=$$($(LOCAL) engine) && export PULUMI_SKIP_UPDATE_CHECK=true PATH="$(CURDIR)/.lablink/bin:$${engine:+$$engine:}$$PATH"
WHICH = $(or $(STACK),$(error say which: make $@ STACK=…))
OPERATOR := $(LOCAL) .lablink/bin/lablink

.PHONY: doctor
doctor: .lablink/bin/lablink ## Say what this computer lacks for a deployment, and with STACK=… the account; change nothing
	@PATH="$$PATH:$(CURDIR)/.lablink/engine" .lablink/bin/lablink doctor $(if $(STACK),--stack "$(STACK)")

.PHONY: bootstrap
bootstrap: $(OPERATOR) ## Once for an AWS account: identity provider, state bucket and key, and its state in there
	@$(ENGINE) && lablink bootstrap $(if $(STACK),--stack $(STACK))

.PHONY: plan
plan: $(OPERATOR) ## Show what deploying STACK to its AWS account would do
	@$(ENGINE) && pulumi preview --non-interactive --diff --stack "$(WHICH)"

.PHONY: deploy
deploy: $(OPERATOR) ## Deploy STACK to its AWS account, without asking
	@$(ENGINE) && pulumi up --non-interactive --yes --skip-preview --stack "$(WHICH)"

.PHONY: verify
verify: $(OPERATOR) ## Wait until what was deployed of STACK runs; fail after ten minutes
	@$(ENGINE) && lablink verify --stack "$(WHICH)" --wait 10m

.PHONY: rollback
rollback: $(OPERATOR) ## Deploy the release of STACK that was there before
	@$(ENGINE) && lablink release rollback --stack "$(WHICH)"

.PHONY: drift
drift: $(OPERATOR) ## Say what of STACK was changed by hand
	@$(ENGINE) && lablink drift --stack "$(WHICH)"

.PHONY: drift-issue
drift-issue: $(OPERATOR) ## The same, into one issue of the repository (GITHUB_REPOSITORY, by gh)
	@$(ENGINE) && .github/scripts/drift.sh "$(WHICH)"

.PHONY: preview-comment
preview-comment: $(OPERATOR) ## The same as plan, as one comment on pull request PR (by gh), or printed without PR
	@$(ENGINE) && .github/scripts/preview.sh "$(WHICH)" $(PR)

.PHONY: destroy
destroy: $(OPERATOR) ## Destroy what is not protected of STACK, and list what stays; WHOLE=1: all or nothing; KEEP_ROLES=1: not those of workflows
	@$(ENGINE) && lablink destroy --stack "$(WHICH)" $(if $(WHOLE),--whole) $(if $(KEEP_ROLES),--keep-roles) $(if $(filter-out undefined,$(origin CONFIRM)),<<<"$$CONFIRM")

.PHONY: end-to-end
end-to-end: $(OPERATOR) ## Deploy STACK (its name ends in -e2e), take a seat on a machine of it, and destroy it whatever became of it
	@$(ENGINE) && .github/scripts/end-to-end.sh "$(WHICH)"

.PHONY: end-to-end-clean
end-to-end-clean: $(OPERATOR) ## Destroy what a run of end-to-end on STACK has left
	@$(ENGINE) && .github/scripts/end-to-end.sh "$(WHICH)" clean

.PHONY: .lablink/bin/lablink
.lablink/bin/lablink: go
	@CGO_ENABLED=0 go build -o $@ ./cli/cmd/lablink

# The agent's binding of NVML is C; its headers warn of two hundred old names.
CGO := CGO_ENABLED=1 CGO_CFLAGS="-O2 -g0 -Wno-deprecated-declarations"

# The race detector makes SQLite, which is C translated to Go and keeps its memory
# where the detector does not look, twenty times as slow, and the sums of passwords, which
# are slow by themselves. What calls them is watched.
RACE := -race '-gcflags=modernc.org/sqlite/lib=-dwarf=false -race=false' '-gcflags=golang.org/x/crypto/...=-dwarf=false -race=false'

# What takes longest begins first, and everything else runs beside it. What go vet has
# looked at just before is not looked at once more.
.PHONY: test
test: $(LOCAL) .lablink/bin/gotestsum ## Run all tests; installs what they need
	@$(LOCAL) prepare
	@echo '• Checking that the code is formatted and the modules are tidy'
	@bad=$$(gofmt -l .); test -z "$$bad" || { echo "Not formatted, run gofmt -w on: $$bad" >&2; exit 1; }
	@go mod tidy -diff
	@CGO_ENABLED=0 go vet $$(go list ./... | grep -v /agent) && $(CGO) go vet -tags gpu ./agent/...
	@echo '• An hour without an allocator for a thousand agents: the race detector, as below, would make too much of it'
	@$(CGO) go test -run '^TestAThousandAgents' -timeout 20m $(TESTFLAGS) ./agent
	@echo '• Testing: about twenty minutes on two cores, and more the first time'
	@$(CGO) .lablink/bin/gotestsum --format pkgname -- $(RACE) -vet=off -shuffle=on -timeout 60m $(TESTFLAGS) ./sim/system ./...

# One machine after the other: each has systemd, cloud-init and two binaries to load.
.PHONY: test-boot
ifneq ($(SUDO),)
test-boot:
	@sudo --preserve-env env "PATH=$$PATH" make test-boot SUDO=
else
test-boot: $(LOCAL) ## Boot hosts and clients of all templates with systemd and cloud-init, as root (SUDO=1: by sudo)
	@$(LOCAL) prepare --boot
	@CGO_ENABLED=0 go vet -tags boot ./sim/machine ./sim/system
	@echo '• Booting machines: about twenty minutes on two cores'
	@CGO_ENABLED=0 go test -tags boot -count=1 -p 1 -timeout 60m -run '^TestBoot' $(TESTFLAGS) ./sim/machine ./sim/system
endif

# make test kills 25 times on each database, beside everything else.
.PHONY: test-crash
test-crash: $(LOCAL) ## Kill the allocator at 200 random points of workshops' lives, on SQLite and on PostgreSQL (CRASHES=…)
	@$(LOCAL) prepare
	@echo '• Killing: about half an hour for each database on two cores'
	@$(CGO) go test -count=1 -timeout 240m -v -run 'KilledAtAnyMoment$$' ./sim/system -parallel 1 -crashes $(or $(CRASHES),200) $(TESTFLAGS)

.PHONY: test-gpu
test-gpu: ## Compare what the agent reads of this machine's NVIDIA GPUs with nvidia-smi
	@$(CGO) go test -tags gpu -count=1 $(TESTFLAGS) ./agent/nvml

.PHONY: lint
lint: $(LOCAL) .lablink/bin/golangci-lint .lablink/bin/actionlint ## Run the linters, and look whether links between documents lead somewhere
	@$(LOCAL) prepare --lint
	@echo '• Linting Go: .golangci.yml says with what'
	@$(CGO) .lablink/bin/golangci-lint run
	@echo '• Linting workflows and shell scripts'
	@.lablink/bin/actionlint
	@# What machines run is checked as it is rendered, in testdata.
	@git ls-files -z --cached --others --exclude-standard '*.sh' .ci/run ':!infra/userdata/boot.sh' | xargs -0 shellcheck
	@echo '• Following links between documents'
	@CGO_ENABLED=0 go test -run Link .

.PHONY: vuln
vuln: go .lablink/bin/govulncheck ## Look for known vulnerabilities, in https://vuln.go.dev or what VULNDB names
	@$(CGO) .lablink/bin/govulncheck -db '$(or $(VULNDB),https://vuln.go.dev)' ./... || { echo 'There are vulnerabilities, or nobody could tell: the database has to be reached, https://vuln.go.dev or what VULNDB names.' >&2; exit 1; }

.PHONY: check
check: test lint vuln ## All that a merge needs

.PHONY: bench
bench: $(LOCAL) ## Measure; the figures go to bench.txt, a line each: name value unit
	@$(LOCAL) prepare
	@CGO_ENABLED=0 go test -run '^$$' -bench . -benchtime 1x -timeout 45m -p 1 ./sim/system ./sim/load ./allocator/web >.lablink/bench.log || { cat .lablink/bench.log; exit 1; }
	@awk '/^Benchmark/ { for (i = 3; i < NF; i += 2) if (split($$(i + 1), name, ":") == 2) print name[1], $$i, name[2] }' .lablink/bench.log | tee bench.txt

.PHONY: release
release: go ## Build what is published of VERSION=vX.Y.Z, into .lablink/release
	@CGO_ENABLED=0 go run ./infra/release/cmd/lablink-release -version='$(VERSION)'

.PHONY: screenshots
screenshots: $(LOCAL) ## Take the pictures in docs/images from the running pages
	@$(LOCAL) prepare
	@mkdir -p .lablink/screenshots docs/images
	@LABLINK_SCREENSHOTS="$(CURDIR)/.lablink/screenshots" CGO_ENABLED=0 go test -count=1 -run ThreePeople ./sim/system
	@for name in $$(grep -oh 'images/[a-z-]*\.png' README.md docs/guides/*.md | sed 's,images/,,; s,\.png$$,,' | sort -u); do cp ".lablink/screenshots/$$name-wide-light.png" "docs/images/$$name.png"; done

.PHONY: $(LOCAL)
$(LOCAL): go
	@CGO_ENABLED=0 go build -o $@ ./sim/cmd/lablink-local

.PHONY: cross-compiler
cross-compiler: ## Install the C compiler for the other architecture, which make release takes (Debian and Ubuntu, by sudo)
	@case "$$(uname -m)" in x86_64) other='gcc-aarch64-linux-gnu libc6-dev-arm64-cross' ;; *) other='gcc-x86-64-linux-gnu libc6-dev-amd64-cross' ;; esac; \
	sudo apt-get update -q && sudo apt-get install -y --no-install-recommends $$other

.PHONY: sbom
sbom: .lablink/bin/cyclonedx-gomod ## Write what each program of make release is made of beside it, as CycloneDX
	@for program in .lablink/release/lablink-*_linux_{amd64,arm64}; do .lablink/bin/cyclonedx-gomod bin -json $(if $(VERSION),-version '$(VERSION)') -output "$$program.cdx.json" "$$program" || exit 1; done

.PHONY: provenance
provenance: go .lablink/bin/cosign ## Sign which run built what make release wrote, beside each file; in a workflow only
	@CGO_ENABLED=0 go run ./infra/release/cmd/lablink-provenance >.lablink/provenance.json
	@for file in .lablink/release/lablink-*_linux_{amd64,arm64} .lablink/release/release.json; do .lablink/bin/cosign attest-blob --yes --type slsaprovenance1 --predicate .lablink/provenance.json --bundle "$$file.sigstore.json" "$$file" || exit 1; done

.PHONY: publish
publish: ## Publish what make release, sbom and provenance wrote at GitHub, as VERSION, by gh
	@cd .lablink/release && sha256sum -- lablink-* release.json* >SHA256SUMS && gh release create "$(VERSION)" --verify-tag --generate-notes -- *

# The programs that only make runs. Each is the tool of a module of its own.
.lablink/bin/%: tools/%/go.mod
	@echo '• Building $(@F), once'
	@cd $(<D) && CGO_ENABLED=0 go build -o "$(CURDIR)/$@" tool

.PHONY: go
go:
	@command -v go >/dev/null || { echo 'Go is missing: install Go 1.26 or newer from https://go.dev/dl/ and try again.' >&2; exit 1; }
