"""Start the whole deployment, and stop it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.peers import free_port, peer, serve
from tests.private_sigstore.documents import HOST, Addresses, Keys, client_trust_config, signing_config, trusted_root
from tests.private_sigstore.issuer import AUDIENCE, Issuer


@dataclass(frozen=True, slots=True)
class PrivateSigstore:
    """A deployment that runs. Addresses are URLs; `trusted_root`, `signing_config` and `client_trust_config` are files
    in `folder`."""

    folder: Path
    issuer: Issuer
    addresses: Addresses

    @property
    def trusted_root(self) -> Path:
        return self.folder / "trusted_root.json"

    @property
    def signing_config(self) -> Path:
        return self.folder / "signing_config.json"

    @property
    def client_trust_config(self) -> Path:
        """Both in one file."""
        return self.folder / "client_trust_config.json"

    @property
    def other_trusted_root(self) -> Path:
        """As if another deployment had these addresses: every key is another."""
        return self.folder / "other_trusted_root.json"

    def token(self, email: str = "alice@example.test", **claims: Any) -> str:
        """An identity token; the certificate's issuer is ``issuer.people``, its subject ``email``."""
        return self.issuer.token(email, **claims)

    def ci_token(self, repository: str = "acme/app", **claims: Any) -> str:
        """An identity token; the certificate's issuer is ``issuer.ci``, its subject as `ci_subject` says."""
        return self.issuer.ci_token(repository, **claims)

    def ci_subject(self, repository: str = "acme/app", ref: str = "refs/heads/main") -> str:
        """The URI in a certificate for `ci_token`. Fulcio puts the issuer's address where GitHub's would stand."""
        return f"https://github.com/{repository}/.github/workflows/release.yml@{ref}"

    def ci_environment(self, repository: str = "acme/app") -> dict[str, str]:
        """Variables in which clients find a CI identity by themselves."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.issuer.people}/runner?repository={repository}",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.issuer.runner_secret,
        }


@contextmanager
def running(folder: Path) -> Iterator[PrivateSigstore]:
    """Run a deployment with its files in ``folder`` until the block ends; ready after some 1.5 s."""
    keys = Keys.new()
    for name, data in keys.files().items():
        (folder / name).write_bytes(data)

    with ExitStack() as servers:
        issuer = Issuer()
        servers.callback(issuer.close)
        ct_url = _start_ctlog(servers, folder)
        fulcio_url = _start_fulcio(servers, folder, issuer, ct_url)
        rekor_url = _start_rekor(servers, folder)
        tsa_url = _start_tsa(servers, folder)
        _fill_first_entry(rekor_url)
        addresses = Addresses(fulcio=fulcio_url, rekor=rekor_url, ctlog=ct_url, tsa=tsa_url, people=issuer.people)
        root, config = trusted_root(addresses, keys), signing_config(addresses)
        stack = PrivateSigstore(folder, issuer, addresses)
        for path, document in (
            (stack.trusted_root, root),
            (stack.signing_config, config),
            (stack.client_trust_config, client_trust_config(root, config)),
            (stack.other_trusted_root, trusted_root(addresses, Keys.new())),
        ):
            path.write_text(json.dumps(document, indent=1))
        yield stack


def _start_ctlog(servers: ExitStack, folder: Path) -> str:
    address = f"{HOST}:{free_port()}"
    url = f"http://{address}/log"
    argv: list[str | Path] = [
        peer("ctlog"),
        "-address",
        address,
        "-key",
        folder / "ctlog.key",
        "-roots",
        folder / "fulcio-root.pem",
    ]
    servers.enter_context(serve(argv, f"{url}/ct/v1/get-sth"))
    return url


def _start_fulcio(servers: ExitStack, folder: Path, issuer: Issuer, ct_url: str) -> str:
    # It asks the issuers when it starts. A file in JSON would be read with other names for the same settings.
    lines = ["oidc-issuers:"]
    for address, kind in ((issuer.people, "email"), (issuer.ci, "github-workflow")):
        lines.append(f"  {address}: {{issuer-url: '{address}', client-id: {AUDIENCE}, type: {kind}}}")
    (folder / "fulcio.yaml").write_text("\n".join(lines) + "\n")
    port = free_port()
    url = f"http://{HOST}:{port}"
    settings = {
        "host": HOST,
        "port": port,
        "grpc-host": HOST,
        "grpc-port": free_port(),
        "metrics-port": free_port(),
        "legacy-unix-domain-socket": f"@fulcio-{port}",
        "config-path": folder / "fulcio.yaml",
        "ca": "fileca",
        "fileca-cert": folder / "fulcio.pem",
        "fileca-key": folder / "fulcio.key",
        "fileca-key-passwd": "none: the key is not encrypted",
        "fileca-watch": "false",
        "ct-log-url": ct_url,
        "ct-log-public-key-path": folder / "ctlog.pub",
    }
    servers.enter_context(serve([peer("fulcio"), "serve", *_flags(settings)], f"{url}/healthz"))
    return url


def _start_rekor(servers: ExitStack, folder: Path) -> str:
    port = free_port()
    url = f"http://{HOST}:{port}"
    (folder / "rekor").mkdir()
    settings = {
        "hostname": HOST,
        "http-port": port,
        "grpc-port": free_port(),
        "http-metrics-port": free_port(),
        "storage-dir": folder / "rekor",
        "signer-filepath": folder / "rekor.key",
        "checkpoint-interval": "200ms",
        "batch-max-age": "20ms",
    }
    servers.enter_context(serve([peer("rekor-server"), "serve", *_flags(settings)], f"{url}/healthz"))
    return url


def _start_tsa(servers: ExitStack, folder: Path) -> str:
    address = f"{HOST}:{free_port()}"
    argv: list[str | Path] = [
        peer("tsa"),
        "-address",
        address,
        "-key",
        folder / "tsa.key",
        "-chain",
        folder / "tsa.pem",
    ]
    servers.enter_context(serve(argv, f"http://{address}/ping"))
    return f"http://{address}/api/v1/timestamp"


def _flags(settings: dict[str, object]) -> list[str]:
    return [f"--{name}={value}" for name, value in settings.items()]


def _fill_first_entry(rekor_url: str) -> None:
    """Take entry 0: Go's protojson leaves zeros out, and sigstore-python refuses an entry without `logIndex`."""
    key, message = ec.generate_private_key(ec.SECP256R1()), b"the first entry"
    entry = {
        "digest": _base64(hashlib.sha256(message).digest()),
        "signature": {
            "content": _base64(key.sign(message, ec.ECDSA(hashes.SHA256()))),
            "verifier": {
                "publicKey": {
                    "rawBytes": _base64(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
                },
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            },
        },
    }
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{rekor_url}/api/v2/log/entries", json={"hashedRekordRequestV002": entry}, timeout=20)
    answer.raise_for_status()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
