"""Run the checks: ``python -m python_checks``."""

from python_checks.cli import main

if __name__ == "__main__":
    main(prog_name="python -m python_checks")
