"""Run the command line: ``python -m bank_warehouse`` is ``bank``."""

from bank_warehouse.cli import main

if __name__ == "__main__":
    main(prog_name="bank")
