"""One folder an assignment: its reference network, its probes, its hidden tests, its profiles."""
