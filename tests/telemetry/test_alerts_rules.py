"""Rules are data: what a team's file says stands, what makes no sense is refused, and the docs list all."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from missions.errors import InputError, SettingsError
from telemetry.alerts.rule import Rule, When
from telemetry.alerts.rules_file import DEFAULT, KINDS, load_rules, settings_of
from telemetry.alerts.specs import SPECS
from telemetry.alerts.states import Priority

DOCS = Path(__file__).parent.parent.parent / "docs" / "telemetry_alerts.md"


Write = Callable[[str], Path]


@pytest.fixture
def team(tmp_path: Path) -> Write:
    """Writes a team's file."""

    def write(text: str) -> Path:
        path = tmp_path / "ours.toml"
        path.write_text(text)
        return path

    return write


def of(kind: str, name: str, path: Path | None = None) -> Rule:
    return next(rule for rule in load_rules(path).of(kind) if rule.name == name)


def test_the_shipped_file_sets_everything_itself() -> None:
    shipped = tomllib.loads(DEFAULT.read_text())
    for spec in SPECS.values():
        missing = set(settings_of(spec)) - set(shipped[spec.name])
        assert not missing, f"{spec.name} lacks {missing}"


def test_every_kind_has_rules_and_an_unknown_one_those_of_a_copter() -> None:
    rules = load_rules()
    assert {rule.name for rule in rules.of("copter")} == set(SPECS)
    assert {rule.name for rule in rules.of("plane")} == set(SPECS)
    assert "gps_fix" not in {rule.name for rule in rules.of("sub")}
    assert "clearance_low" not in {rule.name for rule in rules.of("rover")}
    assert rules.of(None) == rules.of("balloon") == rules.of("copter")


def test_a_team_changes_single_settings(team: Write) -> None:
    path = team('[height_above_ground]\nlimit_m = 60\npriority = "high"\n')
    rule, shipped = of("copter", "height_above_ground", path), of("copter", "height_above_ground")
    assert (rule["limit_m"], rule.priority) == (60.0, Priority.HIGH)
    assert (rule.on_delay_s, rule.deadband, rule.when) == (shipped.on_delay_s, shipped.deadband, When.FLYING)


def test_a_kind_stands_over_the_rule_whichever_file_it_is_in(team: Write) -> None:
    path = team("[separation]\nlimit_m = 45\nvertical_m = 12\n[separation.copter]\nlimit_m = 40\n")
    assert of("copter", "separation", path)["limit_m"] == 40
    assert of("copter", "separation", path)["vertical_m"] == 12
    assert of("rover", "separation", path)["limit_m"] == 45
    assert of("plane", "separation", path)["limit_m"] == 60


def test_a_rule_is_switched_off_for_one_kind_or_all(team: Write) -> None:
    path = team("[gps_hdop]\nenabled = false\n[off_route.plane]\nenabled = false\n")
    rules = load_rules(path)
    assert not [rule for kind in KINDS for rule in rules.of(kind) if rule.name == "gps_hdop"]
    assert "off_route" not in {rule.name for rule in rules.of("plane")}
    assert "off_route" in {rule.name for rule in rules.of("copter")}


def test_what_suppresses_comes_before_what_is_suppressed() -> None:
    for kind in KINDS:
        names = [rule.name for rule in load_rules().of(kind)]
        for rule in load_rules().of(kind):
            if rule.suppressed_by in names:
                assert names.index(rule.suppressed_by) < names.index(rule.name)


def test_the_age_of_what_is_known_is_a_setting(team: Write) -> None:
    assert load_rules().stale_s == 3
    assert load_rules(team("[desk]\nstale_s = 12.5\n")).stale_s == 12.5


WRONG = [
    ("[fence_brech]\nlimit_m = 1\n", "ours.toml", "Did you mean fence_breach?"),
    ("[zzz]\n", "ours.toml", "There are desk, link_lost"),
    ("[fence_breach]\nlimit = 1\n", "[fence_breach]", "Did you mean limit_m?"),
    ("[fence_breach]\ndeadband_s = 1\n", "[fence_breach]", "Did you mean deadband_m?"),
    ("[fence_near.plane]\nahead = 1\n", "[fence_near.plane]", "Did you mean ahead_s?"),
    ("[fence_near.plain]\nahead_s = 1\n", "[fence_near]", "there is no setting 'plain'"),
    ("[desk]\nstale = 1\n", "[desk]", "Did you mean stale_s?"),
    ("[desk.plane]\nstale_s = 1\n", "[desk]", "there is no setting 'plane'"),
    ("[desk]\nstale_s = 0\n", "[desk], stale_s", "a number from 0.5 to 600"),
    ("[link_lost]\nlimit_s = 0.4\n", "[link_lost], limit_s", "a number from 0.5 to 3600"),
    ("[link_lost]\nlimit_s = 3601\n", "[link_lost], limit_s", "a number from 0.5 to 3600"),
    ("[link_lost]\nlimit_s = nan\n", "[link_lost], limit_s", "a number from 0.5 to 3600"),
    ("[link_lost]\nlimit_s = inf\n", "[link_lost], limit_s", "a number from 0.5 to 3600"),
    ("[link_lost]\nlimit_s = true\n", "[link_lost], limit_s", "a number from 0.5 to 3600"),
    ('[link_lost]\nlimit_s = "5"\n', "[link_lost], limit_s", "a number from 0.5 to 3600"),
    ("[link_lost]\non_delay_s = -1\n", "[link_lost], on_delay_s", "a number from 0 to 600"),
    ('[link_lost]\npriority = "urgent"\n', "[link_lost], priority", '"high", "medium", "low"'),
    ('[link_lost]\nwhen = "airborne"\n', "[link_lost], when", '"always", "armed", "flying"'),
    ("[link_lost]\nenabled = 1\n", "[link_lost], enabled", "true or false"),
    ('[link_lost]\nlatched = "yes"\n', "[link_lost], latched", "true or false"),
    ('[link_lost]\nsuppressed_by = "x"\n', "[link_lost], suppressed_by", '"fence_breach"'),
    (
        '[link_lost]\nsuppressed_by = "link_lost"\n',
        "[link_lost], suppressed_by",
        "Name a rule that none suppresses",
    ),
    ('[gps_fix]\nsuppressed_by = "ekf"\n', "suppressed_by", "Name a rule that none suppresses"),
    ("link_lost = 5\n", "[link_lost]", "Write [link_lost]"),
    ("[link_lost\n", "ours.toml", "not TOML"),
]


@pytest.mark.parametrize(("text", "where", "said"), WRONG)
def test_what_makes_no_sense_is_one_clear_error(team: Write, text: str, where: str, said: str) -> None:
    path = team(text)
    with pytest.raises(SettingsError) as caught:
        load_rules(path)
    assert str(path) in str(caught.value)
    assert where in caught.value.where
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.toml"):
        load_rules(tmp_path / "nowhere.toml")


def test_the_ends_of_every_range_are_allowed(team: Write) -> None:
    for spec in SPECS.values():
        for end in ("low", "high"):
            lines = [f"{figure.name} = {float(getattr(figure, end))}" for figure in spec.figures]
            load_rules(team(f"[{spec.name}]\n" + "\n".join(lines) + "\n"))


def test_the_docs_list_every_rule_and_figure_with_its_shipped_value() -> None:
    rows = {row.split("`")[1]: row for row in DOCS.read_text().splitlines() if row.startswith("| `")}
    for rule in load_rules().of("copter"):
        row = rows[rule.name]
        for name, value in rule.figures.items():
            assert re.search(rf"`{name}` {value:g}(?![\d.])", row), f"{rule.name}: {name} {value:g}"
        plane = of("plane", rule.name)
        for name, value in plane.figures.items():
            if value != rule[name]:
                assert re.search(rf"`{name}` {rule[name]:g} \(plane {value:g}\)", row), f"{rule.name}: {name}"


def test_the_docs_list_every_common_setting_and_every_priority() -> None:
    text = DOCS.read_text()
    own = {figure.name for spec in SPECS.values() for figure in spec.figures}
    for spec in SPECS.values():
        for name in set(settings_of(spec)) - own:
            assert f"`{name}`" in text, name
    priorities = {row.split("|")[1].strip(): row for row in text.splitlines() if row.startswith("| ")}
    for rule in load_rules().of("copter"):
        assert f"`{rule.name}`" in priorities[rule.priority]
