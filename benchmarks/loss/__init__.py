"""The parts of outage.py: how many packets each method of the move loses."""
