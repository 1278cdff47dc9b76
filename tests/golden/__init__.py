"""What a user sees, frozen: help, text, JSON, exit codes, and the files that are left.

Each file in `help/` and `said/` is a session of a shell in a lab host of its own (the full state of
bridgekit/lab/layout.py). A line `$ …` is what is typed; below it comes what the command printed,
each line behind two spaces, then what it said on standard error behind `! `, then `= ` and the exit
code if that is not 0. What differs from run to run is in transcript.VARIES.

To freeze more, write `$ …` lines into a file. After a wanted change, record anew and read the
difference like code:

    python -m tests.golden.record [FILE …]
"""
