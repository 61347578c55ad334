"""Text formats of others, read strictly: what two readers could understand differently is refused."""
