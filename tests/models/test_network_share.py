"""A SQLite file on a network share is refused before anything is written there."""

from pathlib import Path

import pytest

from guichet.models import network_share
from guichet.models.database import open_database
from guichet.rules.errors import UserError

MOUNTS = """\
/dev/sda1 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
serveur:/partage /mnt/mairie nfs4 rw,vers=4.2 0 0
//serveur/guichet /mnt/dossier\\040commun cifs rw 0 0
/dev/sdb1 /mnt/mairie/local ext4 rw 0 0
agent@serveur: /home/agent/distant fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/var/lib/guichet.db", "ext4"),
        ("/mnt/mairie/guichet.db", "nfs4"),
        ("/mnt/mairie/2026/guichet.db", "nfs4"),
        ("/mnt/mairie-annexe/guichet.db", "ext4"),
        ("/mnt/mairie/local/guichet.db", "ext4"),
        ("/mnt/dossier commun/guichet.db", "cifs"),
        ("/home/agent/distant/guichet.db", "fuse.sshfs"),
    ],
)
def test_the_nearest_mount_point_says_the_file_system(path: str, expected: str) -> None:
    assert network_share.file_system_of(Path(path), MOUNTS) == expected


@pytest.mark.parametrize(
    "url", ["sqlite://///serveur/partage/guichet.db", r"sqlite:///\\serveur\partage\guichet.db"]
)
def test_a_base_named_on_a_share_is_refused_with_the_reason(url: str) -> None:
    with pytest.raises(UserError, match="partage réseau") as refusal:
        open_database(url)
    assert refusal.value.field == "database"


def test_a_base_on_a_mounted_share_is_refused_and_nothing_is_made_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No share can be mounted in the tests: only the table of mounts is made up."""
    share = tmp_path / "partage"
    table = f"/dev/sda1 / ext4 rw 0 0\nserveur:/p {share} nfs rw 0 0\n"
    real = network_share.file_system_of
    monkeypatch.setattr(network_share, "file_system_of", lambda path, _: real(path, table))
    with pytest.raises(UserError, match="partage réseau"):
        open_database(f"sqlite:///{share / 'guichet.db'}")
    assert not share.exists()
    open_database(f"sqlite:///{tmp_path / 'ici' / 'guichet.db'}").dispose()


def test_a_local_disk_is_not_taken_for_a_share(tmp_path: Path) -> None:
    assert not network_share.is_on_network_share(tmp_path / "guichet.db")
