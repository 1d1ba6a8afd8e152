"""Small rosters by hand, in tidy CSV."""

from pathlib import Path

from app.exchange.roster import RosterReport, import_roster
from tests.world import World

BASE = {
    "schools.csv": "source_id,name\nsch-1,North School\n",
    "students.csv": (
        "source_id,given_name,family_name,grade,school\n"
        "s-1,Lisa,Simpson,02,sch-1\n"
        "s-2,Bart,Simpson,04,sch-1\n"
    ),
    "contacts.csv": (
        "source_id,given_name,family_name,language\n"
        "c-1,Marge,Simpson,en\n"
        "c-2,Homer,Simpson,en\n"
        "c-3,Abraham,Simpson,es\n"
    ),
    "guardianships.csv": (
        "student,contact,relation,rights\n"
        "s-1,c-1,mother,FULL\n"
        "s-2,c-1,mother,FULL\n"
        "s-1,c-2,father,FULL\n"
        "s-1,c-3,grandfather,RESTRICTED\n"
    ),
    "phones.csv": (
        "contact,number,label,extension,line_type,priority\n"
        "c-1,217-555-0101,mobile,,MOBILE,1\n"
        "c-1,217-555-0100,home,,LANDLINE,2\n"
        "c-2,217-555-0102,mobile,,MOBILE,1\n"
        "c-2,217-555-0100,home,,LANDLINE,2\n"
        "c-3,217-555-0103,mobile,,,1\n"
    ),
    "emails.csv": (
        "contact,address,label,priority\nc-1,marge@example.org,home,1\nc-2,homer@example.org,home,1\n"
    ),
}


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


class Sis:
    """The school's system: says its files, and can change a line of one."""

    def __init__(self, world: World, folder: Path, files: dict[str, str] = BASE) -> None:
        self.world = world
        self.folder = folder
        self.files: dict[str, str | bytes] = dict(files)

    def change(self, name: str, old: str, new: str) -> None:
        content = self.text(name)
        assert old in content, f"{old!r} does not stand in {name}"
        self.files[name] = content.replace(old, new)

    def add(self, name: str, line: str) -> None:
        self.files[name] = f"{self.text(name)}{line}\n"

    def text(self, name: str) -> str:
        content = self.files[name]
        assert isinstance(content, str)
        return content

    def brings(self, **options: object) -> RosterReport:
        """Import what the files say now."""
        for old in self.folder.glob("*"):
            old.unlink()
        world = self.world
        path = write(self.folder, self.files)
        options = {"allow_retiring": 100} | options
        return import_roster(world.database, world.service, world.district.key, path, **options)  # type: ignore[arg-type]
