"""interfaces(5) of ifupdown 0.8, ifupdown2 and ifupdown-ng: parsed, rendered and rewritten."""
