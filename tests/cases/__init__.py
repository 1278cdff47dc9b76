"""Golden cases: a folder each, with a host's state, what is asked for, and what must come of it.

`snapshot.json` and `intent.json` are the input, `state.txt` the same for people. `plan.txt` is what
`plan` prints, `expected.txt` the state afterwards; a refused case has none. They are declared in
moves.py, routes.py and refusals.py and written by record.py:

    python -m tests.cases.record [NAME …]            record anew from this kernel, rarely
    python -m tests.cases.record --texts [NAME …]    write the texts anew, after a planner change

Texts are reviewed like code: a changed plan is a changed behaviour.
"""
