"""One person: what their page asks and changes."""
