"""What reading an ecosystem's own service takes: its address in the client's configuration, and patient requests."""
