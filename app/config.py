"""Settings, from the environment (PORTAL_*). A wrong or missing value stops the start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

EX_CONFIG = 78
DEVELOPMENT_KEY = "development-only-key-do-not-use-in-production"
SHORTEST_KEY = 32


class SettingsError(Exception):
    """One line that names the setting; the command exits with EX_CONFIG."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator decides.

    `database_url` is an SQLAlchemy URL, `public_url` the address families see (webhook
    signatures and links are made from it, never from a request's headers), `ledger_dir`
    where signed checkpoints are written outside the database.
    """

    environment: str = "production"
    database_url: str = "sqlite:///var/portal.db"
    public_url: str = "http://localhost:8000"
    secret_key: str = ""
    smtp_url: str = ""
    mail_from: str = "portal@localhost"
    ledger_dir: Path = Path("var/ledger")

    @property
    def development(self) -> bool:
        return self.environment == "development"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read PORTAL_*; raises SettingsError on an unknown or unusable value."""
        known = {f"PORTAL_{name.upper()}": name for name in cls.__dataclass_fields__}
        unknown = sorted(k for k in environ if k.startswith("PORTAL_") and k not in known)
        if unknown:
            raise SettingsError(f"{unknown[0]} is not a setting of the portal")
        values = {name: environ[key] for key, name in known.items() if key in environ}
        if "public_url" in values:
            values["public_url"] = values["public_url"].rstrip("/")
        if "ledger_dir" in values:
            values["ledger_dir"] = Path(values["ledger_dir"])  # type: ignore[assignment]
        settings = cls(**values)  # type: ignore[arg-type]
        settings.require_usable()
        return settings

    def require_usable(self) -> None:
        if self.environment not in ("production", "development"):
            raise SettingsError("PORTAL_ENVIRONMENT must be production or development")
        if not self.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise SettingsError(
                "PORTAL_DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://"
            )
        if urlsplit(self.public_url).scheme not in ("http", "https"):
            raise SettingsError("PORTAL_PUBLIC_URL must be an http or https address")
        if self.smtp_url and urlsplit(self.smtp_url).scheme not in ("smtp", "smtps"):
            raise SettingsError("PORTAL_SMTP_URL must begin with smtp:// or smtps://")
        if not self.secret_key and self.development:
            object.__setattr__(self, "secret_key", DEVELOPMENT_KEY)
        if len(self.secret_key) < SHORTEST_KEY:
            raise SettingsError(
                f"PORTAL_SECRET_KEY must be set, at least {SHORTEST_KEY} characters"
            )
        if self.secret_key == DEVELOPMENT_KEY and not self.development:
            raise SettingsError("PORTAL_SECRET_KEY is the development key")
