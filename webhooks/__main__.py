"""`python -m webhooks` is `coachcal`."""

from webhooks.cli import main

if __name__ == "__main__":
    main(prog_name="coachcal")
