"""What a workstation knows, and what its settings file may not hold."""

from pathlib import Path

import pytest

from guichet import config
from guichet.models.database import open_database
from guichet.rules.errors import EnvironmentProblem, UserError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "guichet.toml"


def test_without_a_file_the_base_is_embedded_and_opens(own_home: Path) -> None:
    settings = config.load(environment={})
    assert settings.database.startswith("sqlite:///")
    assert settings.database.endswith("/guichet.db")
    assert settings.file is None
    database = open_database(settings.database)
    with database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT 1").scalar() == 1
    database.dispose()


def test_the_file_says_where_the_base_and_the_folder_are(file: Path) -> None:
    file.write_text(
        'database = "postgresql://serveur/guichet"\n[folders]\nincoming = "dépôt"\n',
        encoding="utf-8",
    )
    settings = config.load(file, {})
    assert settings.database == "postgresql://serveur/guichet"
    assert settings.incoming_folder == file.parent / "dépôt"
    assert settings.file == file


def test_a_file_written_by_notepad_with_its_mark_is_read(file: Path) -> None:
    file.write_text('database = "sqlite:///ici.db"\n', encoding="utf-8-sig")
    assert config.load(file, {}).database == "sqlite:///ici.db"


def test_the_environment_names_the_file_and_overrides_its_base(file: Path) -> None:
    file.write_text('database = "sqlite:///fichier.db"\n[folders]\nincoming = "~/dépôt"\n', encoding="utf-8")
    environment = {"GUICHET_CONFIG": str(file), "GUICHET_DATABASE": "sqlite:///variable.db"}
    settings = config.load(environment=environment)
    assert settings.database == "sqlite:///variable.db"
    assert settings.incoming_folder == Path("~/dépôt").expanduser()


@pytest.mark.parametrize(
    ("content", "field", "says"),
    [
        ('database = "postgresql://agent:secret@serveur/guichet"', "database", "mot de passe"),
        ('database = "postgresql://[oups"', "database", "n’est pas lisible"),
        ('[folders]\nentrant = "secret"', "config", "folders.entrant"),
        ('base = "sqlite:///x.db"', "config", "«\u00a0base\u00a0» est inconnu"),
        ("database = 3", "config", "texte"),
        ('folders = "ici"', "config", "[folders]"),
        ("database = ", "config", "n’est pas lisible"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused_by_its_name(
    file: Path, content: str, field: str, says: str
) -> None:
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as refusal:
        config.load(file, {})
    assert refusal.value.field == field
    assert says in refusal.value.message
    assert "secret" not in refusal.value.message


def test_a_named_file_that_is_not_there_is_an_error_and_not_the_defaults(file: Path) -> None:
    with pytest.raises(UserError, match="n’existe pas"):
        config.load(file, {})
    with pytest.raises(UserError, match="n’existe pas"):
        config.load(environment={"GUICHET_CONFIG": str(file)})


def test_a_file_that_cannot_be_read_is_a_problem_of_the_machine(file: Path) -> None:
    file.mkdir()
    with pytest.raises(EnvironmentProblem, match="ne peut pas être lu"):
        config.load(file, {})
