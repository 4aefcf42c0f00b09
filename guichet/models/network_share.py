"""Whether a path lies on a network share, where SQLite's locks do not hold and two desks spoil the file."""

import ctypes
import os
import sys
from pathlib import Path

_NETWORK_FILE_SYSTEMS = {
    "afs", "ceph", "cifs", "davfs", "fuse.davfs2", "fuse.glusterfs", "fuse.rclone", "fuse.smbnetfs",
    "fuse.sshfs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs",
}  # fmt: skip
_WINDOWS_DRIVE_REMOTE = 4


def is_on_network_share(path: Path) -> bool:
    """Whether `path` (which need not exist) is on a share: a UNC path, a mapped drive, a network mount."""
    if str(path).startswith(("\\\\", "//")):
        return True
    absolute = path.absolute()
    if sys.platform == "win32":
        kind: int = ctypes.windll.kernel32.GetDriveTypeW(f"{absolute.drive}\\")
        return kind == _WINDOWS_DRIVE_REMOTE
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return False
    real = Path(os.path.realpath(absolute))
    return file_system_of(real, mounts.read_text(encoding="utf-8", errors="replace")) in _NETWORK_FILE_SYSTEMS


def file_system_of(path: Path, mounts: str) -> str | None:
    """The type of the file system that holds `path`, by a table written as Linux writes /proc/self/mounts."""
    held_by: tuple[int, str] | None = None
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        # Spaces, tabs and backslashes of a mount point are written in octal.
        point = Path(fields[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        if path.is_relative_to(point) and (held_by is None or len(point.parts) >= held_by[0]):
            held_by = (len(point.parts), fields[2])
    return held_by[1] if held_by else None
