"""No act reaches the journal's reader as a code: each has a French name, a group to filter by, a subject with a name."""

import ast
import re
from pathlib import Path

import guichet
from guichet.services import journal_subjects, journal_words

CODE = re.compile(r"[a-z]+\.[a-z_]+")
WRITERS = {"record", "Entry", "Step", "How", "_note", "_write_note"}


def _written() -> tuple[set[str], set[str]]:
    """Every act and kind of subject that the sources write to the journal as plain text."""
    acts: set[str] = set()
    kinds: set[str] = set()
    for path in (Path(guichet.__file__).parent / "services").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                if any(name.endswith("_ACTION") for name in names):
                    acts.add(str(node.value.value))
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called not in WRITERS:
                continue
            values = [*node.args, *(word.value for word in node.keywords if word.arg in ("action", None))]
            acts |= {
                value.value
                for value in values
                if isinstance(value, ast.Constant)
                and isinstance(value.value, str)
                and CODE.fullmatch(value.value)
            }
            subjects = [word.value for word in node.keywords if word.arg == "subject"]
            for subject in subjects:
                if isinstance(subject, ast.Tuple) and isinstance(subject.elts[0], ast.Constant):
                    kinds.add(str(subject.elts[0].value))
    return acts, kinds


def test_every_act_is_said_in_french_and_can_be_filtered() -> None:
    acts, _ = _written()
    assert len(acts) > 30
    assert {act for act in acts if act not in journal_words.ACTS} == set()
    assert {act for act in journal_words.ACTS if act.partition(".")[0] not in journal_words.GROUPS} == set()


def test_every_kind_of_subject_is_named() -> None:
    _, kinds = _written()
    assert len(kinds) > 8
    assert {kind for kind in kinds if kind not in journal_subjects.KINDS} == set()
