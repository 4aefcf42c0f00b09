"""Every field the exchange may ask to change has its name, its policy and its place on a sheet."""

from datetime import date

import pytest

from guichet.models.people import Family, Membership, Person
from guichet.portal import payloads
from guichet.rules.proposals import FieldPolicy
from guichet.services import sheet_fields, sheets

_SECTIONS = {
    "responsable": payloads.AdultFields,
    "conjoint": payloads.AdultFields,
    "fiscal": payloads.FiscalFields,
    "caf": payloads.CafFields,
    "bank": payloads.BankFields,
    "identity": payloads.ChildIdentity,
    "health": payloads.HealthFields,
    "photo_consent": payloads.PhotoConsent,
}
PATHS = [f"{section}.{name}" for section, model in _SECTIONS.items() for name in model.model_fields]


@pytest.mark.parametrize("path", PATHS)
def test_every_field_of_the_exchange_is_known(path: str) -> None:
    field = sheet_fields.FIELDS[path]
    assert field.label
    assert sheet_fields.label_of(path) == field.label


@pytest.mark.parametrize("path", PATHS)
def test_every_field_can_be_read_from_an_empty_sheet(path: str) -> None:
    family = sheets.FamilyRows(Family(number="1", label="X"))
    child = sheets.ChildRows(Person(last_name="X", first_name="Y"))
    is_child = path.partition(".")[0] in ("identity", "health", "photo_consent")
    value = sheets.read_child(child, path) if is_child else sheets.read_family(family, path)
    assert value in (None, False, "X", "Y")


@pytest.mark.parametrize("name", payloads.AdultFields.model_fields)
def test_what_is_written_of_an_adult_is_what_is_read(name: str) -> None:
    if sheets.consent_kind(name) is not None:
        return  # a consent is a line of history, proved with the effects
    values = {"civility": "MME", "birth_date": "1990-02-03", "situation": "marie"}
    person, membership = Person(last_name="X", first_name="Y"), Membership()
    sheets.write_adult(person, membership, name, values.get(name, "valeur"))
    rows = sheets.FamilyRows(Family(number="1", label="X"), [(membership, person)])
    assert sheets.read_family(rows, f"responsable.{name}") == values.get(name, "valeur")


def test_phones_are_automatic_and_addresses_an_agent_s() -> None:
    assert sheet_fields.FIELDS["responsable.phone_mobile"].policy is FieldPolicy.AUTOMATIC
    assert sheet_fields.FIELDS["photo_consent.given"].policy is FieldPolicy.AUTOMATIC
    assert sheet_fields.FIELDS["responsable.address_line1"].policy is FieldPolicy.AGENT
    assert sheet_fields.FIELDS["authorised_persons.add"].policy is FieldPolicy.AGENT


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0611223344", "06 11 22 33 44"),
        ("06.11.22.33.44", "06 11 22 33 44"),
        ("+33 6 11 22 33 44", "06 11 22 33 44"),
        ("+41 22 123 45 67", "+41 22 123 45 67"),
    ],
)
def test_a_phone_is_kept_in_one_form(given: str, kept: str) -> None:
    assert sheet_fields.check_phone(given) == kept


@pytest.mark.parametrize("wrong", ["12", "abc", "06112233", "=1+1", "<b>06</b>"])
def test_what_is_no_phone_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="numéro de téléphone"):
        sheet_fields.check_phone(wrong)


@pytest.mark.parametrize("wrong", ["x", "a@b", "a b@c.fr", "a@" + "b" * 300 + ".fr"])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="adresse électronique"):
        sheet_fields.check_email(wrong)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        ("", "—"),
        (True, "oui"),
        (False, "non"),
        ("2018-05-12", "12/05/2018"),
        (date(2018, 5, 12), "12/05/2018"),
        (["sans_porc", "sans_gluten"], "sans_porc, sans_gluten"),
        ({"first_name": "Ana", "last_name": "Petit", "phone": None}, "Ana, Petit"),
        (3, "3"),
    ],
)
def test_values_are_shown_in_french(value: object, shown: str) -> None:
    assert sheet_fields.shown(value) == shown
