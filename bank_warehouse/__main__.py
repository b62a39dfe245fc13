"""Run the command line: ``python -m bank_warehouse`` is ``bank``."""

from bank_warehouse.cli import program

if __name__ == "__main__":
    program()
