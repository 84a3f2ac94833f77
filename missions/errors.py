"""Every error that Droneteam raises on purpose.

    DroneteamError
    ├── InputError              a file or an argument that cannot be used
    │   ├── AreaError           an area that is no area: empty, crossing itself, out of range
    │   ├── CatalogueError      an aircraft or a camera that nobody described
    │   ├── FormatError         a file that is not what it should be, or of another version
    │   ├── PhotoError          a picture that cannot be read or placed
    │   └── SettingsError       a setting that makes no sense
    ├── OutputError             a file or a folder that cannot be written
    ├── PlanRefused             a plan with blocking findings was about to be flown
    ├── LinkError               a link that cannot be opened or was lost
    │   ├── NoAnswer            nobody answered in the time given
    │   └── Refused             the other side answered, and said no
    ├── AlignmentError          photos that do not make one scene
    ├── SimulatorError          a simulator that is missing or does not run
    └── EvidenceError           a bundle or a log that is not what was sealed

Each says what was wrong, where, and what to do about it. The command line prints it on one line and
leaves with `exit_code`.
"""


class DroneteamError(Exception):
    """What was wrong, where (a file and a place in it, a link, a setting) and the remedy."""

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what.rstrip(".")
        self.where = where
        self.remedy = remedy.rstrip(".")
        super().__init__(str(self))

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}." if self.where else f"{self.what}."
        return f"{sentence} {self.remedy}." if self.remedy else sentence


class InputError(DroneteamError):
    """A file or an argument that cannot be used."""


class AreaError(InputError):
    """An area that is no area."""


class CatalogueError(InputError):
    """An aircraft or a camera that nobody described."""


class FormatError(InputError):
    """A file that is not what it should be, or of another version."""


class PhotoError(InputError):
    """A picture that cannot be read or placed."""


class SettingsError(InputError):
    """A setting that makes no sense."""


class OutputError(DroneteamError):
    """A file or a folder that cannot be written."""


class PlanRefused(DroneteamError):
    """A plan with blocking findings was about to be flown."""


class LinkError(DroneteamError):
    """A link that cannot be opened or was lost."""


class NoAnswer(LinkError):
    """Nobody answered in the time given."""


class Refused(LinkError):
    """The other side answered, and said no."""


class AlignmentError(DroneteamError):
    """Photos that do not make one scene."""


class SimulatorError(DroneteamError):
    """A simulator that is missing or does not run."""


class EvidenceError(DroneteamError):
    """A bundle or a log that is not what was sealed."""

    exit_code = 1
