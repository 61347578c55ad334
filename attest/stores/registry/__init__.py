"""Any OCI registry as a store, on the distribution API."""

from attest.stores.registry.options import RegistryOptions
from attest.stores.registry.store import RegistryStore

__all__ = ["RegistryOptions", "RegistryStore"]
