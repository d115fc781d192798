# Included by the Makefile: locks, packages, the image, and checks of what is released.

LOCK := $(TOOLS)/bin/uv pip compile --quiet --no-config --upgrade --generate-hashes --no-annotate --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock" --output-file
# What the connector, its tests, hosts and the tools need, for all supported Pythons.
UNIVERSAL_LOCKS := requirements.txt requirements-dev.txt release/tools.txt $(HOSTS:%=integration_tests/hosts/%.txt) \
	$(patsubst %.in,%.txt,$(wildcard integration_tests/postgres/*.in)) benchmarks/peers/requirements.txt
# Other programs in environments of their own, for the Python that they are run with.
PROGRAM_LOCKS := $(addprefix integration_tests/airbyte_tools/,pyairbyte.txt source-faker.txt airbyte-ops.txt) \
	benchmarks/findability/requirements.txt

.PHONY: lock
lock: $(TOOLS)/.ready ## Resolve all locks again, with hashes
	@for lock in $(UNIVERSAL_LOCKS); do $(LOCK) $$lock --universal --python-version 3.10 $${lock%.txt}.in || exit; done
	@for lock in $(PROGRAM_LOCKS); do \
		UV_FIND_LINKS="$(PIP_FIND_LINKS)" $(LOCK) $$lock --python-version 3.11 $${lock%.txt}.in || exit; done

.PHONY: test-pythons
test-pythons: dist ## Test on each supported Python that is found here (PYTHONS="3.10 3.13" chooses)
	@release/pythons.sh $(PYTHONS)

# The times of files in the wheel: two builds of a commit are the same.
export SOURCE_DATE_EPOCH := $(shell git log -1 --format=%ct 2>/dev/null)

.PHONY: dist
dist: $(TOOLS)/.ready ## Build the wheel and the source distribution into dist/
	@rm -rf dist build destination_dust.egg-info
	@$(TOOLS)/bin/python -m build --no-isolation >/dev/null
	@ls dist/*

RUNTIME := build/runtime

# Made anew each time: what an earlier wheel left there would hide what this one lacks.
.PHONY: runtime
runtime: dist
	@release/install.sh $(PYTHON) $(RUNTIME)

.PHONY: sbom
sbom: runtime ## List the packages of an installed wheel, as CycloneDX, into dist/
	@$(TOOLS)/bin/cyclonedx-py environment --output-reproducible $(RUNTIME)/bin/python | \
		$(TOOLS)/bin/python -m release.sbom > dist/destination-dust.cdx.json
	@ls dist/*.cdx.json

.PHONY: test-package
test-package: $(READY) sbom ## Run the wheel, in an environment of its own, against the local Dust
	INSTALLED=$(abspath $(RUNTIME)) $(BIN)/python -m pytest integration_tests/package

.PHONY: licences
licences: $(READY) ## Write docs/licences.md from the metadata of the locked packages
	@$(BIN)/python -m release.licences > docs/licences.md.new && mv docs/licences.md.new docs/licences.md

.PHONY: audit
audit: $(TOOLS)/.ready ## Look for known vulnerabilities in the locks (needs PyPI's own answers, not a mirror's)
	@# --strict: a package that the service does not know is a failure, not a package without vulnerabilities. The
	@# benchmark is left out, because its torch comes from elsewhere, so PyPI does not know it.
	@for lock in $(UNIVERSAL_LOCKS) $(filter-out benchmarks/%,$(PROGRAM_LOCKS)); do echo "$$lock" && \
		$(TOOLS)/bin/pip-audit --strict --disable-pip --require-hashes --requirement $$lock || exit; done

.PHONY: check-arm64
check-arm64: $(TOOLS)/.ready ## Ask the package index for a wheel of each locked package for Linux on arm64
	@# 2.28 is the oldest glibc that numpy and pandas still build for; the base image has 2.36.
	@for python in 3.10 3.11 3.12 3.13; do \
		$(TOOLS)/bin/uv pip install --quiet --no-config --dry-run --no-deps --require-hashes --only-binary :all: \
			--python-platform aarch64-manylinux_2_28 --python-version $$python --target build/arm64 \
			--requirement requirements.txt && echo "$$python: wheels for all packages" || exit; done

.PHONY: check-github
check-github: $(TOOLS)/.ready ## Check workflows, issue forms and dependabot's settings, offline
	@cd .github && schema() { name=$$1; shift; ../$(TOOLS)/bin/check-jsonschema --builtin-schema vendor.$$name "$$@"; } && \
		schema github-workflows workflows/*.yml && schema dependabot dependabot.yml && \
		schema github-issue-forms ISSUE_TEMPLATE/[!c]*.yml && schema github-issue-config ISSUE_TEMPLATE/config.yml
	@$(TOOLS)/bin/zizmor --quiet --offline --pedantic .github

.PHONY: check-scripts
check-scripts: $(TOOLS)/.ready ## Check shell scripts
	@$(TOOLS)/bin/shellcheck $(shell git ls-files --cached --others --exclude-standard '*.sh') .ci/run

IMAGE := airbyte/destination-dust:dev
# docker, podman or buildah, whichever is there.
BUILDER ?= $(shell for program in docker podman buildah; do $$program info >/dev/null 2>&1 && echo $$program && break; done)

.PHONY: image
image: ## Build the image with docker, podman or buildah (BASE_IMAGE=… for another base)
	@test -n "$(BUILDER)" || { echo "Needs docker with its daemon, podman or buildah." >&2; exit 1; }
	$(BUILDER) $(if $(filter buildah,$(BUILDER)),bud,build) $(if $(BASE_IMAGE),--build-arg BASE_IMAGE=$(BASE_IMAGE)) --tag $(IMAGE) .

# What runs a container, and options that this machine needs.
IMAGE_RUN ?= $(filter-out buildah,$(BUILDER)) run

.PHONY: test-image
test-image: $(READY) ## Run the image in containers, with docker or podman, against the local Dust
	IMAGE=$(IMAGE) IMAGE_RUN="$(IMAGE_RUN)" $(BIN)/python -m pytest integration_tests/image

.PHONY: release-notes
release-notes: ## Write the changes of a version to dist/notes.md (TAG=v0.2.0), if all files name this version
	@mkdir -p dist && $(PYTHON) -m release.notes $(TAG) > dist/notes.md
