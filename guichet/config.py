"""What a workstation knows: where the base is, where files from the portal are dropped. Never a secret.

Read from a TOML file that people edit, then from the environment:

    database = "postgresql://serveur/guichet"

    [folders]
    incoming = "D:/Portail/depot"

What every desk shares, such as the portals and their addresses, is in the base.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from platformdirs import user_config_path, user_data_path

from guichet.rules.errors import EnvironmentProblem, UserError

APPLICATION = "guichet"
DATABASE_VARIABLE = "GUICHET_DATABASE"
FILE_VARIABLE = "GUICHET_CONFIG"
_KEYS = {"": {"database", "folders"}, "folders": {"incoming"}}


@dataclass(frozen=True)
class Config:
    """The settings of this workstation; `file` is where they were read, None when there is no file."""

    database: str
    incoming_folder: Path
    file: Path | None = None


def load(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """The settings from `file` (by default GUICHET_CONFIG, else the person's own), GUICHET_DATABASE coming before it.

    A file that was named must exist; without one the defaults are a SQLite base and folders of the person's own.
    Raises UserError on a setting that cannot be understood or holds a secret, EnvironmentProblem on an unreadable file.
    """
    variables = os.environ if environment is None else environment
    named = file or _path(variables.get(FILE_VARIABLE))
    if named is not None and not named.exists():
        raise UserError(f"Le fichier de réglages {named} n’existe pas.", field="config")
    source = named or default_file()
    settings = _read(source) if source.exists() else {}
    folders = settings.get("folders", {})
    database = variables.get(DATABASE_VARIABLE) or _database(settings, source)
    return Config(
        database=database or default_database(),
        incoming_folder=_folder(folders, "incoming", source, user_data_path(APPLICATION, False) / "portail"),
        file=source if source.exists() else None,
    )


def default_file() -> Path:
    """Where a person's own settings are looked for."""
    return user_config_path(APPLICATION, False) / "guichet.toml"


def default_database() -> str:
    """The embedded SQLite base of this account, as a URL."""
    return f"sqlite:///{(user_data_path(APPLICATION, False) / 'guichet.db').as_posix()}"


def _read(source: Path) -> dict[str, Any]:
    try:
        settings = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except OSError as failure:
        raise EnvironmentProblem(
            f"Le fichier de réglages {source} ne peut pas être lu : {failure.strerror}."
        ) from failure
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
        raise UserError(
            f"Le fichier de réglages {source} n’est pas lisible : {failure}.", field="config"
        ) from failure
    for section, keys in _KEYS.items():
        values = settings.get(section, {}) if section else settings
        if not isinstance(values, dict):
            raise UserError(
                f"Dans {source}, « {section} » doit être une rubrique : [{section}].", field="config"
            )
        for key, value in values.items():
            name = f"{section}.{key}".removeprefix(".")
            if key not in keys:
                raise UserError(f"Dans {source}, le réglage « {name} » est inconnu.", field="config")
            if name not in _KEYS and not isinstance(value, str):
                raise UserError(
                    f"Dans {source}, le réglage « {name} » doit être un texte entre guillemets.",
                    field="config",
                )
    return settings


def _database(settings: dict[str, Any], source: Path) -> str | None:
    url: str | None = settings.get("database")
    if url and _split(url, "database").password is not None:
        raise UserError(
            f"Le fichier {source} contient un mot de passe : retirez-le de l’adresse de la base. "
            "Guichet le demandera et le confiera au trousseau de ce poste.",
            field="database",
        )
    return url


def _split(url: str, field: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise UserError(f"L’adresse « {url} » n’est pas lisible.", field=field) from None


def _folder(folders: dict[str, str], key: str, source: Path, default: Path) -> Path:
    written = _path(folders.get(key))
    return default if written is None else source.parent / written


def _path(written: str | None) -> Path | None:
    return Path(written).expanduser() if written else None
