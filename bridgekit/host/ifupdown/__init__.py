"""The installed ifupdown: which one, what it says of new files, and its record of what is up."""
