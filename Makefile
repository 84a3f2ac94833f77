# The two commands: `make demo` runs the main job, `make test` passes every test. Each sets itself up.
.PHONY: demo test quick lint campaign bench lock clean
BIN := .venv/bin
DEMO ?= operations/demo
PYTEST_ARGS ?= -n 2 --dist loadfile --no-loadscope-reorder

demo: .venv/.ready ## a whole operation, then the command room page (HEADLESS=1: without)
	@$(BIN)/droneteam demo $(DEMO) $(if $(HEADLESS),--headless)

test: lint ## every test but the long campaigns
	@$(BIN)/python -m pytest -m "not campaign" $(PYTEST_ARGS)

quick: .venv/.ready ## tests without real autopilots and browsers
	@$(BIN)/python -m pytest -m "not campaign and not sitl and not browser" $(PYTEST_ARGS)

lint: .venv/.ready ## style, types, the ladder of rooms, and what the repository holds
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/test_repository.py

campaign: .venv/.ready ## the long ones; their figures go to docs/measured.md
	@$(BIN)/python -m pytest -m campaign $(PYTEST_ARGS)

bench: .venv/.ready ## ratios against named peers; what is not here is skipped and named
	@$(BIN)/python tests/bench/run_all.py

lock: .venv/.ready ## renew requirements.lock from pyproject.toml
	@$(BIN)/python -m pip install --quiet pip-tools
	@$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --no-emit-options --strip-extras --allow-unsafe \
	  --extra test --extra dronekit --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/.ready: requirements.lock pyproject.toml tools/set_up.sh
	@tools/set_up.sh
