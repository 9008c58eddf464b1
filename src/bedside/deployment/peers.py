"""What a package's task asks: its networks in an engine, or a simple model with numpy alone.

Enters: a package, or a `Peer` and what its package holds. Leaves: callables on named arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.deployment.engine import engine_version, open_engine
from bedside.errors import PackageError, sentence
from bedside.modalities import describes_with

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.baselines.peer import Peer
    from bedside.deployment.engine import EngineName, Precision
    from bedside.deployment.package import Contents, Package
    from bedside.schema import Arrays, Modality, Network

MAIN = "network"
"""The name that a task of one network asks for."""


def open_networks(
    package: Package, *, engine: EngineName, threads: int | None
) -> tuple[Mapping[str, Network], Precision, str]:
    """Networks by name, the arithmetic they compute in, and what computes, with its version."""
    if package.peer is not None:
        return {MAIN: peer_network(package.peer, package.contents)}, "float32", "numpy"
    # the other engine computes in float32 alone, which is never less exact
    precision = package.precision if engine == "openvino" else "float32"
    networks = {
        name: open_engine(content, engine=engine, threads=threads, precision=precision)
        for name, content in package.networks.items()
    }
    return networks, precision, f"{engine} {engine_version(engine)} {precision}"


def peer_network(peer: Peer, contents: Contents) -> Network:
    """The peer as a callable on prepared arrays that answers calibrated logits."""

    def network(arrays: Arrays) -> Arrays:
        raw = {"logits": peer.logits(contents.modalities, arrays)}
        return contents.task.calibrated(raw, contents.task_state)

    return network


def refuse_unservable(peer: Peer, modalities: Mapping[str, Modality], *, model: str) -> None:
    """Refuse a peer whose features serving cannot compute.

    Raises:
        PackageError: it sees features that need a library beside the base install.
    """
    from bedside.baselines.plain_scorers import constant

    if constant(peer.answers):
        return
    for name in peer.described:
        if (library := describes_with(modalities[name])) is not None:
            raise PackageError(
                sentence(
                    f"Model '{model}'",
                    expected="features that the base install computes",
                    got=f"those of input '{name}', which need {library}",
                    remedy="Use the package of the run's network, whose input is the data itself",
                )
            )
