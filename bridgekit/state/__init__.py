"""Values: what a host's network state is made of. Nothing here touches the machine."""
