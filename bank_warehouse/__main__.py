"""Run the command line: ``python -m bank_warehouse``."""

from bank_warehouse.cli import main

if __name__ == "__main__":
    main()
