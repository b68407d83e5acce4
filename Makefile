# Thin aliases: the work is in eulab itself. `make help` lists them.
#
# make's own exit status is 2 whatever a recipe's was; the status of RUN stands in its last line ("Error 42"), and
# `dist/eulab.mjs boot -- COMMAND` ends with it.

MAKEFLAGS += --no-print-directory
EULAB = node dist/eulab.mjs
ENGINE ?= auto
# As it was typed, with its dollars: make would expand them.
override RUN := $(value RUN)
export RUN
export ENGINE

sources = $(shell find src -name '*.ts') package.json scripts/bundle.mjs

.DEFAULT_GOAL = help

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: boot
boot: kernel ramdisk ## from source to a shell; to a command's output and status with RUN='uname -a'
ifdef RUN
	@$(EULAB) boot -- sh -c "$$RUN"
else
	@$(EULAB) boot
endif

.PHONY: kernel
kernel: setup ## artifacts/bzImage; ENGINE=podman, docker, buildah, compose or host chooses what builds
	@$(EULAB) build kernel --engine $(ENGINE) >&2

.PHONY: ramdisk
ramdisk: setup ## artifacts/initramfs.cpio.gz
	@$(EULAB) build ramdisk --engine $(ENGINE) >&2

.PHONY: build
build: kernel ramdisk ## both

.PHONY: verify
verify: dist/eulab.mjs ## kernel and ramdisk built again from their records, and compared byte by byte; PRODUCT=kernel or ramdisk: one
	@$(EULAB) verify $(PRODUCT)

.PHONY: release
release: kernel ramdisk ## eulab-NAME.tar: both as one file for others, with a bill of materials and digests
	@$(EULAB) release

.PHONY: deb
deb: dist/eulab.mjs ## eulab_VERSION_all.deb: a package for Debian, with manual pages and completions
	@node scripts/deb.mjs

.PHONY: net-up
net-up: dist/eulab.mjs ## the host's network for machines; NET='--uplink enp4s0 ...' has the options of `eulab net up`
	@$(EULAB) net up $(NET)

.PHONY: net-down
net-down: dist/eulab.mjs ## what it was before
	@$(EULAB) net down $(NET)

.PHONY: setup
setup: node_modules/.package-lock.json dist/eulab.mjs ## what eulab needs: packages of the system, of npm, the bundle
	@sh scripts/packages $(ENGINE) >&2

node_modules/.package-lock.json: package-lock.json
	@npm ci >&2
	@touch $@

dist/eulab.mjs: node_modules/.package-lock.json $(sources)
	@npm run --silent bundle >&2

.PHONY: test
test: setup ## all tests: format, lint, types, unit, integration, e2e
	@sh scripts/packages test >&2
	@node scripts/test.mjs

.PHONY: check
check: node_modules/.package-lock.json ## format, lint, types and unit tests, in seconds
	@npm run --silent check

.PHONY: bench
bench: setup ## the measurements behind the figures in docs/
	@node scripts/bench.mjs

.PHONY: clean
clean: dist/eulab.mjs ## what eulab made, but for the cache
	@$(EULAB) clean
