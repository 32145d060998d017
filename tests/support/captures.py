"""Changes of demo rows and stamps that a capture looks at."""

from __future__ import annotations

from support.small import Chain


def rename(chain: Chain, title: str) -> None:
    """Change a demo row."""
    chain.database.execute(f"UPDATE cards SET title = '{title}' WHERE id = 1")


def no_stamps(chain: Chain) -> bool:
    """Say whether no scenario is stamped."""
    return not chain.project.current()


def below_the_head(chain: Chain) -> None:
    """Go down to v1 of two versions, and change a demo row there."""
    chain.project.downgrade("general", "v1")
    rename(chain, "changed at v1")
