"""The transaction's protocol: pure programs that say what to do next, and in which order.

A program yields an effect and is sent what came of it. `bridgekit.transaction` carries the effects
out on the machine; tests/protocol carries them out in a simulated world and explores every order
in which processes, faults and time can meet. Both run the same programs.
"""
