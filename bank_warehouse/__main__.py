"""Run the command line: ``bank``."""

from bank_warehouse.cli import main

if __name__ == "__main__":
    main()
