# Everything is built once: demo, tests and checks share the workspace's dev build. Nothing is assumed installed
# but Rust, gcc and, for the tests, Node 20 and Python 3.11; .ci/install brings the rest.

# Where .ci/install puts programs when it is not root.
export PATH := $(CURDIR)/.ci/tools/bin:$(PATH)

TARGET := $(or $(CARGO_TARGET_DIR),target)
CARGO := cargo
ROBUSTNESS := gateway/tests/robustness
BUILD := .ci/phase 'build' $(CARGO) build --locked --workspace

.DEFAULT_GOAL := help

.PHONY: help demo test robustness robustness-compare bench instructions layout check docs

help:
	@echo 'make demo         see a client log in and call a tool through the gateway; stays up for clients of your own'
	@echo 'make demo ONCE=1  the same, and end'
	@echo 'make test         run all tests: unit, end to end, conformance, and the demo once'
	@echo 'make robustness   try what the gateway withstands, and print a table; takes a while'
	@echo 'make robustness-compare'
	@echo '                  the same hostile requests before other proxies, installed in .ci/tools; for docs/robustness.md'
	@echo 'make bench        measure what the gateway costs beside other proxies, for docs/performance.md; half an hour'
	@echo 'make bench QUICK=1'
	@echo '                  the most telling part of it, on the terminal alone; two minutes. ONLY=W1,W4 measures just these'
	@echo 'make instructions count what a request takes, by valgrind, and fail where it is more than the committed bound'
	@echo 'make instructions UPDATE=1'
	@echo '                  the same, and make what was counted the bounds. ONLY=W1,W11 counts just these'
	@echo 'make layout       write down which code requests go through, for the linker to put it side by side'
	@echo 'make check        check formatting, lints, dependencies and the shipped JSON Schema'
	@echo 'make docs         make the book of docs/ in target/book'

demo:
	@.ci/install build
	@$(BUILD)
	@$(TARGET)/debug/tollgate-demo $(if $(filter-out 0,$(ONCE)),--once)

test:
	@.ci/install tests
	@$(BUILD)
	@.ci/phase 'unit and end-to-end tests' $(CARGO) test --locked --workspace
	@cd gateway/tests/conformance && TOLLGATE_BIN='$(abspath $(TARGET))/debug/tollgate' \
	  $(CURDIR)/.ci/phase 'conformance suite' .venv/bin/node run.mjs
	@TOLLGATE_BIN='$(abspath $(TARGET))/debug/tollgate' .ci/phase 'robustness' $(ROBUSTNESS)/run.sh --fast
	@.ci/phase 'demo' $(MAKE) --no-print-directory demo ONCE=1

robustness:
	@.ci/install tests
	@.ci/phase 'release build' $(CARGO) build --locked --release -p tollgate
	@TOLLGATE_BIN='$(abspath $(TARGET))/release/tollgate' $(ROBUSTNESS)/run.sh $(if $(ONLY),--only $(ONLY))

robustness-compare:
	@.ci/install tests
	@.ci/phase 'release build' $(CARGO) build --locked --release -p tollgate
	@TOLLGATE_BIN='$(abspath $(TARGET))/release/tollgate' $$($(ROBUSTNESS)/setup.sh) $(ROBUSTNESS)/compare.py

# A part of it alone leaves the page as it is.
bench:
	@.ci/install bench
	@.ci/phase 'release build' $(CARGO) build --locked --release -p tollgate -p tollgate-floor
	@.ci/phase 'build of the harness' $(CARGO) build --locked --release -p tollgate-benches
	@$(TARGET)/release/bench --tollgate '$(TARGET)/release/tollgate' --floor '$(TARGET)/release/floor' \
	  --json '$(TARGET)/bench.json' $(if $(filter-out 0,$(QUICK)),--quick) $(if $(ONLY),--only $(ONLY)) \
	  $(if $(filter-out 0,$(QUICK))$(ONLY),,--svg docs/performance.svg --page docs/performance.md) $(BENCH)

layout:
	@.ci/install instructions
	@.ci/phase 'release build' $(CARGO) build --locked --release -p tollgate -p tollgate-floor
	@.ci/phase 'build of the harness' $(CARGO) build --locked --release -p tollgate-benches
	@.ci/phase 'layout' python3 benches/instructions/layout.py --tollgate '$(TARGET)/release/tollgate' \
	  --floor '$(TARGET)/release/floor' --bench '$(TARGET)/release/bench'

instructions:
	@.ci/install instructions
	@.ci/phase 'release build' $(CARGO) build --locked --release -p tollgate -p tollgate-floor
	@.ci/phase 'build of the harness' $(CARGO) build --locked --release -p tollgate-benches
	@.ci/phase 'instructions' python3 benches/instructions/run.py --tollgate '$(TARGET)/release/tollgate' \
	  --floor '$(TARGET)/release/floor' --bench '$(TARGET)/release/bench' --profiles '$(TARGET)/instructions' \
	  $(if $(ONLY),--only $(ONLY)) $(if $(filter-out 0,$(UPDATE)),--update)

check:
	@.ci/install build
	@.ci/phase 'formatting' $(CARGO) fmt --all --check
	@.ci/phase 'lints' $(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@$(BUILD)
	@$(TARGET)/debug/tollgate schema | cmp - conf/tollgate.schema.json
	@if command -v cargo-deny >/dev/null; then \
	  .ci/phase 'dependencies' $(CARGO) deny --locked check bans licenses sources; \
	else \
	  echo 'cargo-deny is not installed: the dependencies were not checked against deny.toml'; \
	fi

docs:
	@if command -v mdbook >/dev/null; then \
	  mdbook build docs; \
	else \
	  echo 'mdbook is not installed; the pages of docs/ are readable as they are, from docs/SUMMARY.md on'; \
	fi
