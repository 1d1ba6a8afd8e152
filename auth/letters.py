"""What the mails of the sign-in say, in the reader's language."""

from typing import NamedTuple
from urllib.parse import urlsplit

from app.translation import say

CODE = """\
Your code is {code}

Type it where you asked for it. It works once, for {minutes} minutes.

You did not ask for a code? Then you can forget this mail. Do not tell the code to anyone. \
Nobody from the school will ask you for it.
"""
OPENED = """\
Someone signed in at {url} with another e-mail address that the school has for you. \
They can now read the messages the school sends you and change how it reaches you.

Was it you? Then you are done.

Was it not you? Please call the school office. They can take that address off your record.
"""


class Letter(NamedTuple):
    subject: str
    text: str


def code_letter(language: str, code: str, minutes: int, public_url: str) -> Letter:
    """The one-time code. The last line ties it to our host: a phone offers it nowhere else."""
    text = say(language, CODE, code=code, minutes=minutes)
    bound = f"@{urlsplit(public_url).hostname} #{code}\n"
    return Letter(say(language, "Your sign-in code"), f"{text}\n{bound}")


def opened_letter(language: str, public_url: str) -> Letter:
    """To a contact's other mailboxes. Names nobody: others may read there too."""
    subject = say(language, "Someone signed in with your e-mail address")
    return Letter(subject, say(language, OPENED, url=public_url))
