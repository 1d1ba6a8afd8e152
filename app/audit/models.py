"""Table of what staff and operators did; ids and words, never a personal value."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, DistrictRow


class AuditEntry(DistrictRow, Base):
    __tablename__ = "audit_entry"
    __table_args__ = (sa.Index(None, "district_id", "at", "id"),)

    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(comment="kind:id")
    action: Mapped[str] = mapped_column(comment="noun.past_participle")
    subject_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
