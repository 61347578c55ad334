"""Evidence: collected as candidates, bound to a subject, verified or rejected, never anything in between."""
