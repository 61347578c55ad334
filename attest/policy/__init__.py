"""Policies: read strictly, evaluated purely; every outcome has a stable code and names what was found."""
