# The seven things that people do here. `just` lists them.

default:
    @just --list

# Install demosnap and what its tests and checks need into the active virtual environment.
install:
    pip install -r .ci/requirements.txt -e '.[test]'

# Run the tests on SQLite, and on the servers that answer; with words: only what they pick.
test *words:
    pytest -n 2 -q {{words}}

# Lint, format and check types, as CI does.
check:
    ruff check .
    ruff format .
    mypy

# Measure against other tools, as docs/performance.md says.
bench *words:
    python -m benchmarks {{words}}

# Show which lines and branches no test runs.
coverage *words:
    pytest -n 2 -q --cov --cov-report term:skip-covered {{words}}

# Tell which changes of modules no test sees, as docs/development.md says.
mutants *modules:
    .ci/mutants {{modules}}

# Run everything that must hold before a change lands.
ci:
    bash .ci/run
