"""How many packets a way to a bridge loses: the parts of outage.py."""
