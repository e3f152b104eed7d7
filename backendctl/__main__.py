"""`python -m backendctl`."""

from backendctl.cli.main import main

if __name__ == "__main__":
    main()
