"""Rules: what is wrong is said when it is saved, what is pending is seen, publishing is one step."""

import pytest
from django.test import Client
from django.urls import reverse

from authshield.models import RuleDraft, RulesetVersion
from authshield.tune import rulebook
from authshield.vocabulary.facts import FACTS
from tests.admin.conftest import NOW, Desk, errors_of, limit_form, make_rule, rule_form

ADD = reverse("admin:authshield_ruledraft_add")
RULES = reverse("admin:authshield_ruledraft_changelist")
PUBLISH = reverse("admin:authshield_ruledraft_publish")
VALIDATE = reverse("admin:authshield_ruledraft_validate")
ADD_LIMIT = reverse("admin:authshield_limitdraft_add")


def test_a_rule_is_saved_with_its_author(desk: Desk) -> None:
    """Kinds come from check boxes, and who changed it is kept."""
    answer = desk("tuners").post(ADD, rule_form(kinds=["order", "withdrawal"]))
    assert answer.status_code == 302
    rule = RuleDraft.objects.get()
    assert (rule.kinds, rule.updated_by) == (["order", "withdrawal"], "tuners")


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("order.is_thni", ["Line 1, column 1", "order.is_thin"]),
        ("order.is_thin &&\n order.value > 'x'", ["Line 2, column"]),
        ("order.value + 1", ["true or false"]),
        ("order.is_thin &&", ["Line 1"]),
        ("velocity.nothing_here > 3", ["Line 1, column 1"]),
        ("[1,2].all(x, x > 1)", ["Line 1"]),
        ("", ["required"]),
    ],
)
def test_a_condition_that_cannot_be_used_is_refused_with_its_place(
    condition: str, told: list[str], desk: Desk
) -> None:
    """Unknown field, wrong type, syntax: line, column and hint stand at the field; nothing is saved."""
    page = desk("tuners").post(ADD, rule_form(condition=condition))
    assert page.status_code == 200
    errors = errors_of(page)
    assert list(errors) == ["condition"]
    assert all(part in " ".join(errors["condition"]) for part in told), errors
    assert not RuleDraft.objects.exists()


def test_a_condition_may_name_the_count_of_any_limit(desk: Desk, published: None) -> None:
    """The limits in force and those just drafted are fields, and stand in the reference."""
    del published
    browser = desk("tuners")
    assert browser.post(ADD_LIMIT, limit_form()).status_code == 302
    page = browser.get(ADD).content.decode()
    assert "velocity.orders_5m" in page
    assert browser.post(ADD, rule_form(condition="velocity.orders_5m > 3")).status_code == 302


def test_the_field_reference_names_every_fact(desk: Desk) -> None:
    """Name, type, unit and meaning of each stand beside the condition."""
    page = desk("tuners").get(ADD).content.decode()
    assert all(f"<code>{fact.name}</code>" in page for fact in FACTS)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"action": "challenge"}, "required"),
        ({"action": "deny", "required": "otp"}, "required"),
        ({"points": "0"}, "points"),
        ({"points": "-1"}, "points"),
        ({"points": "nan"}, "points"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["fly"]}, "kinds"),
        ({"identifier": "Not an id"}, "identifier"),
        ({"state": "maybe"}, "state"),
        ({"condition": "true || " * 1000 + "true"}, "condition"),
        ({"points": "5000"}, "__all__"),
        ({"kinds": ["login"], "action": "hold"}, "__all__"),
    ],
)
def test_a_rule_that_makes_no_sense_gets_one_error_at_its_field(
    fields: dict[str, object], field: str, desk: Desk
) -> None:
    """Bad input is named where it stands, and nothing is saved."""
    page = desk("tuners").post(ADD, rule_form(**fields))
    assert list(errors_of(page)) == [field]
    assert not RuleDraft.objects.exists()


def test_the_id_of_a_rule_is_given_once(desk: Desk) -> None:
    """Decisions refer to it: a form that sends another id changes the rule, not its id."""
    rule = make_rule()
    address = reverse("admin:authshield_ruledraft_change", args=[rule.pk])
    desk("tuners").post(address, rule_form(identifier="other", points="7"))
    assert list(RuleDraft.objects.values_list("identifier", "points")) == [("r-new", 7.0)]


def test_the_list_tells_what_changed_since_the_publication(desk: Desk, published: None) -> None:
    """New, changed and dropped rules are seen before they are published."""
    del published
    first, second = RuleDraft.objects.all()[:2]
    first.points += 1
    first.save()
    dropped = second.pk
    second.delete()
    make_rule()
    page = desk("auditors").get(RULES).content.decode()
    assert "changed: points" in page
    assert ">new<" in page
    assert f"not drafted any more: {dropped}" in page
    assert "3 changes are not published yet" in page
    assert "Order of evaluation" in page


def test_only_who_may_publish_is_offered_to(desk: Desk, published: None) -> None:
    """The tuner drafts, the approver publishes."""
    del published
    tuner, approver = desk("tuners"), desk("approvers")
    assert PUBLISH not in tuner.get(RULES).content.decode()
    assert tuner.get(PUBLISH).status_code == 403
    assert tuner.post(PUBLISH, {"reason": "x"}).status_code == 403
    assert PUBLISH in approver.get(RULES).content.decode()
    assert RulesetVersion.objects.count() == 1


def test_publishing_says_what_changes_asks_why_and_numbers_it(desk: Desk, published: None) -> None:
    """The page lists each change; without a reason nothing happens; then there is version 2."""
    del published
    make_rule()
    approver = desk("approvers")
    page = approver.get(PUBLISH)
    assert "new rule r-new" in page.content.decode()
    assert approver.post(PUBLISH, {"reason": ""}).status_code == 409
    assert RulesetVersion.objects.count() == 1
    answer = approver.post(PUBLISH, {"reason": "thin symbols"}, follow=True)
    assert "Version 2 is published." in answer.content.decode()
    version = RulesetVersion.objects.get(number=2)
    assert (version.reason, version.author and version.author.username) == ("thin symbols", "approvers")
    assert "Nothing changed since version 2" in approver.get(PUBLISH).content.decode()


def test_what_does_not_compile_is_refused_whole(desk: Desk, published: None) -> None:
    """Every problem is shown at once, and no version is made."""
    del published
    make_rule("r-one", condition="order.nothing")
    make_rule("r-two", condition="1 +")
    approver = desk("approvers")
    for answer in (approver.post(PUBLISH, {"reason": "try"}), approver.get(VALIDATE)):
        page = answer.content.decode()
        assert "r-one" in page
        assert "r-two" in page
    assert RulesetVersion.objects.count() == 1


def test_validation_says_that_all_is_well(desk: Desk, published: None) -> None:
    """One page compiles all drafts."""
    del published
    assert "All drafts can be published" in desk("auditors").get(VALIDATE).content.decode()


def test_validation_and_publication_are_closed_to_strangers(desk: Desk) -> None:
    """Their pages have doors of their own."""
    for address in (VALIDATE, PUBLISH):
        assert Client().get(address).status_code == 302
        assert desk(f"clerk{len(address)}").get(address).status_code == 403


def test_drafts_that_are_no_ruleset_do_not_break_their_list(desk: Desk, published: None) -> None:
    """A row that somebody damaged is named on the list, which still opens."""
    del published
    make_rule("r-odd", kinds=["fly"])
    browser = desk("approvers")
    assert "fly" in browser.get(RULES).content.decode()
    assert browser.get(PUBLISH).status_code == 200
    assert browser.get(reverse("admin:authshield_ruledraft_change", args=["r-odd"])).status_code == 200


def test_the_first_publication_needs_no_version_before_it(desk: Desk) -> None:
    """An empty desk can begin."""
    make_rule()
    approver = desk("approvers")
    assert "Nothing is published yet." in approver.get(RULES).content.decode()
    assert approver.post(PUBLISH, {"reason": "begin"}).status_code == 302
    published = rulebook.published()
    assert published is not None
    assert [rule.id for rule in published.rules] == ["r-new"]
    assert RulesetVersion.objects.get().created_at > NOW
