"""first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="normalised"),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    op.create_table(
        "district",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="stable, used by commands"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False, comment="IANA name"),
        sa.Column(
            "region", sa.Text(), nullable=False, comment="of numbers written without a country"
        ),
        sa.Column(
            "opt_out_handling",
            sa.Enum(
                "REVIEW",
                "AUTOMATIC",
                name="optouthandling",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "consent_required",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="channels",
        ),
        sa.Column(
            "contact_edit",
            sa.Enum(
                "REQUEST",
                "LOCKED",
                name="contacteditmode",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "voice_stop_covers",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="channels",
        ),
        sa.Column(
            "quiet_hours",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="channel -> [from, to], HH:MM",
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_district")),
        sa.UniqueConstraint("key", name=op.f("uq_district_key")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("caller", sa.Text(), nullable=False, comment="account or client"),
        sa.Column("key", sa.Text(), nullable=False, comment="clientMutationId"),
        sa.Column("mutation", sa.Text(), nullable=False),
        sa.Column("input_hash", sa.Text(), nullable=False),
        sa.Column(
            "outcome",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="ids of what changed, and errors",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotency_key")),
    )
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_idempotency_key_created_at"), ["created_at"], unique=False
        )

    op.create_table(
        "login_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address_hash", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column(
            "staff", sa.Boolean(), nullable=False, comment="asked for at the desk, not by a parent"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_code")),
    )
    with op.batch_alter_table("login_code", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_login_code_address_hash_created_at"),
            ["address_hash", "created_at"],
            unique=False,
        )

    op.create_table(
        "signing_key",
        sa.Column("id", sa.Text(), nullable=False, comment="kid"),
        sa.Column("private", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "retired_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="signs no more, still verifies",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="kind:id"),
        sa.Column("action", sa.Text(), nullable=False, comment="noun.past_participle"),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column(
            "detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_audit_entry_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_audit_entry_district_id_at_id"),
            ["district_id", "at", "id"],
            unique=False,
        )

    op.create_table(
        "broadcast_type",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "name",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="language -> name",
        ),
        sa.Column(
            "description",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="language -> one sentence",
        ),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column(
            "default",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="channel -> sent when nobody chose",
        ),
        sa.Column(
            "locked",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="channels a parent cannot turn off",
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_broadcast_type_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_broadcast_type")),
        sa.UniqueConstraint("district_id", "code", name=op.f("uq_broadcast_type_district_id_code")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "heads",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="[chain, sequence, hash]",
        ),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False, comment="Ed25519 over the hash, hex"),
        sa.Column("public_key", sa.Text(), nullable=False, comment="hex"),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_checkpoint_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_checkpoint")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_checkpoint_district_id_number")),
    )
    op.create_table(
        "contact",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False, comment="BCP 47"),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column(
            "sis",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="field -> what the SIS said last",
        ),
        sa.Column(
            "unusable",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="the school's text that is no number and no address",
        ),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_event_id", sa.Uuid(), nullable=True),
        sa.Column("brought_by", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="of the contact data, not of choices"
        ),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chain_sequence", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.Text(), nullable=False, comment="of the newest line; hex"),
        sa.Column(
            "chain_signed", sa.Integer(), nullable=False, comment="sequence of the last checkpoint"
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_contact_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_contact")),
        sa.UniqueConstraint(
            "district_id", "source_id", name=op.f("uq_contact_district_id_source_id")
        ),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_unsigned",
            ["district_id"],
            unique=False,
            sqlite_where=sa.text("chain_sequence > chain_signed"),
            postgresql_where=sa.text("chain_sequence > chain_signed"),
        )

    op.create_table(
        "destination",
        sa.Column(
            "kind",
            sa.Enum(
                "PHONE",
                "MAILBOX",
                "DEVICE",
                name="destinationkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "value",
            sa.Text(),
            nullable=False,
            comment="E.164, a normalised address, or a push endpoint",
        ),
        sa.Column(
            "line_type",
            sa.Enum(
                "MOBILE",
                "LANDLINE",
                "VOIP",
                "UNKNOWN",
                name="linetype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "bounced_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="mail or push no longer arrives",
        ),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chain_sequence", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.Text(), nullable=False, comment="of the newest line; hex"),
        sa.Column(
            "chain_signed", sa.Integer(), nullable=False, comment="sequence of the last checkpoint"
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_destination_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_destination")),
        sa.UniqueConstraint(
            "district_id", "kind", "value", name=op.f("uq_destination_district_id_kind_value")
        ),
    )
    with op.batch_alter_table("destination", schema=None) as batch_op:
        batch_op.create_index(
            "ix_destination_unsigned",
            ["district_id"],
            unique=False,
            sqlite_where=sa.text("chain_sequence > chain_signed"),
            postgresql_where=sa.text("chain_sequence > chain_signed"),
        )
        batch_op.create_index(batch_op.f("ix_destination_value"), ["value"], unique=False)

    op.create_table(
        "disclosure",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "VOICE",
                "SMS",
                "EMAIL",
                "PUSH",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_disclosure_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_disclosure")),
        sa.UniqueConstraint(
            "district_id",
            "version",
            "language",
            name=op.f("uq_disclosure_district_id_version_language"),
        ),
    )
    op.create_table(
        "feed_line",
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="consent-event, contact-change, opt-out-report",
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_feed_line_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_feed_line")),
        sa.UniqueConstraint(
            "district_id", "position", name=op.f("uq_feed_line_district_id_position")
        ),
    )
    with op.batch_alter_table("feed_line", schema=None) as batch_op:
        batch_op.create_index(
            "ix_feed_line_unnumbered",
            ["id"],
            unique=False,
            sqlite_where=sa.text("position IS NULL"),
            postgresql_where=sa.text("position IS NULL"),
        )

    op.create_table(
        "login_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("staff", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_login_session_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_login_session_account_id"), ["account_id"], unique=False
        )

    op.create_table(
        "outbox_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=True),
        sa.Column(
            "channel",
            sa.Enum(
                "VOICE",
                "SMS",
                "EMAIL",
                "PUSH",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="which notice: sign-in-code, change-decided, ...",
        ),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column(
            "content",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="subject and text, as they will go",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "failed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="given up: the dead letter",
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_outbox_item_district_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_item")),
    )
    with op.batch_alter_table("outbox_item", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_item_waiting",
            ["not_before"],
            unique=False,
            sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        )

    op.create_table(
        "school",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("brought_by", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_school_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_school")),
        sa.UniqueConstraint(
            "district_id", "source_id", name=op.f("uq_school_district_id_source_id")
        ),
    )
    op.create_table(
        "sender",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="E.164"),
        sa.Column(
            "provider_confirms",
            sa.Boolean(),
            nullable=False,
            comment="the provider answers STOP itself",
        ),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_sender_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_sender")),
        sa.UniqueConstraint(
            "district_id", "provider", "number", name=op.f("uq_sender_district_id_provider_number")
        ),
    )
    with op.batch_alter_table("sender", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sender_number"), ["number"], unique=False)

    op.create_table(
        "access_grant",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "feature",
            sa.Enum(
                "VIEW_CONTACTS",
                "EDIT_PREFERENCES",
                "REVIEW_CHANGES",
                "REVIEW_OPT_OUTS",
                "BLOCK_NUMBERS",
                "IMPORT_DATA",
                "EXPORT",
                "VIEW_AUDIT",
                "MANAGE_ACCESS",
                "MANAGE_SETTINGS",
                name="feature",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_access_grant_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "school_id"],
            ["school.district_id", "school.id"],
            name=op.f("fk_access_grant_district_id_school_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_access_grant_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_access_grant")),
    )
    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_access_grant_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(
            "uq_access_grant_district",
            ["district_id", "account_id", "feature"],
            unique=True,
            sqlite_where=sa.text("school_id IS NULL"),
            postgresql_where=sa.text("school_id IS NULL"),
        )
        batch_op.create_index(
            "uq_access_grant_school",
            ["district_id", "account_id", "feature", "school_id"],
            unique=True,
            sqlite_where=sa.text("school_id IS NOT NULL"),
            postgresql_where=sa.text("school_id IS NOT NULL"),
        )

    op.create_table(
        "broadcast",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("broadcast_type_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("audio_url", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "searched",
            sa.Text(),
            nullable=False,
            comment="subject and body as a search compares them",
        ),
        sa.Column(
            "removed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="text removed by retention",
        ),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "broadcast_type_id"],
            ["broadcast_type.district_id", "broadcast_type.id"],
            name=op.f("fk_broadcast_district_id_broadcast_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "school_id"],
            ["school.district_id", "school.id"],
            name=op.f("fk_broadcast_district_id_school_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_broadcast_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_broadcast")),
        sa.UniqueConstraint(
            "district_id", "source_id", name=op.f("uq_broadcast_district_id_source_id")
        ),
    )
    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_broadcast_district_id_sent_at"), ["district_id", "sent_at"], unique=False
        )

    op.create_table(
        "change_request",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True, comment="who asked; NULL = an import"),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING",
                "APPROVED",
                "PARTLY_APPROVED",
                "REJECTED",
                "WITHDRAWN",
                name="changerequeststatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "reason", sa.Text(), nullable=True, comment="the school's, for the parent to read"
        ),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True, comment="account"),
        sa.Column(
            "decider", sa.Text(), nullable=True, comment="the decider's name, for colleagues"
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status NOT IN ('APPROVED', 'PARTLY_APPROVED', 'REJECTED') OR (decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name=op.f("ck_change_request_a_decision_has_a_decider"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('REJECTED', 'PARTLY_APPROVED') OR reason IS NOT NULL",
            name=op.f("ck_change_request_a_rejection_has_a_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "contact_id"],
            ["contact.district_id", "contact.id"],
            name=op.f("fk_change_request_district_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_change_request_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_change_request")),
    )
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_change_request_district_id_contact_id_submitted_at_id"),
            ["district_id", "contact_id", "submitted_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_change_request_queue", ["district_id", "status", "submitted_at", "id"], unique=False
        )

    op.create_table(
        "link",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("destination_id", sa.Uuid(), nullable=False),
        sa.Column(
            "label",
            sa.Text(),
            nullable=False,
            comment="mobile, home, work, ... as the school says it",
        ),
        sa.Column("extension", sa.Text(), nullable=True),
        sa.Column("display", sa.Text(), nullable=False, comment="as it was typed"),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=True, comment="the place in the source that held it"),
        sa.Column(
            "brought_by", sa.Text(), nullable=True, comment="import source; NULL = a request"
        ),
        sa.Column(
            "verified_at", sa.DateTime(timezone=True), nullable=True, comment="proven by a code"
        ),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "contact_id"],
            ["contact.district_id", "contact.id"],
            name=op.f("fk_link_district_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "destination_id"],
            ["destination.district_id", "destination.id"],
            name=op.f("fk_link_district_id_destination_id"),
        ),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name=op.f("fk_link_district_id")),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_link")),
        sa.UniqueConstraint(
            "district_id",
            "contact_id",
            "destination_id",
            name=op.f("uq_link_district_id_contact_id_destination_id"),
        ),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_link_district_id_destination_id"),
            ["district_id", "destination_id"],
            unique=False,
        )

    op.create_table(
        "refresh_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "successor", sa.Text(), nullable=True, comment="encrypted, for the ten seconds' grace"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["login_session.id"], name=op.f("fk_refresh_token_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_refresh_token_token_hash")),
    )
    with op.batch_alter_table("refresh_token", schema=None) as batch_op:
        batch_op.create_index(
            "ix_refresh_token_sealed",
            ["used_at"],
            unique=False,
            sqlite_where=sa.text("successor IS NOT NULL"),
            postgresql_where=sa.text("successor IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_refresh_token_session_id"), ["session_id"], unique=False
        )

    op.create_table(
        "student",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("brought_by", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "school_id"],
            ["school.district_id", "school.id"],
            name=op.f("fk_student_district_id_school_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_student_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_student")),
        sa.UniqueConstraint(
            "district_id", "source_id", name=op.f("uq_student_district_id_source_id")
        ),
    )
    with op.batch_alter_table("student", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_student_district_id_school_id"),
            ["district_id", "school_id"],
            unique=False,
        )

    op.create_table(
        "binding",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column(
            "link_id",
            sa.Uuid(),
            nullable=False,
            comment="the mailbox it rests on; gone = access gone",
        ),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_binding_account_id")),
        sa.ForeignKeyConstraint(
            ["district_id", "contact_id"],
            ["contact.district_id", "contact.id"],
            name=op.f("fk_binding_district_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "link_id"],
            ["link.district_id", "link.id"],
            name=op.f("fk_binding_district_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_binding_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_binding")),
        sa.UniqueConstraint(
            "district_id",
            "contact_id",
            "account_id",
            name=op.f("uq_binding_district_id_contact_id_account_id"),
        ),
    )
    with op.batch_alter_table("binding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_binding_account_id"), ["account_id"], unique=False)

    op.create_table(
        "change_item",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "field",
            sa.Enum(
                "GIVEN_NAME",
                "FAMILY_NAME",
                "LANGUAGE",
                "ADDRESS",
                "ADD_PHONE",
                "REPLACE_PHONE",
                "REMOVE_PHONE",
                "ADD_EMAIL",
                "REPLACE_EMAIL",
                "REMOVE_EMAIL",
                "NOT_MY_NUMBER",
                "NOT_MY_CHILD",
                "LINK_STUDENT",
                name="contactfield",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("student_id", sa.Uuid(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("corrected", sa.Text(), nullable=True, comment="what staff put in its place"),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "link_id"],
            ["link.district_id", "link.id"],
            name=op.f("fk_change_item_district_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "request_id"],
            ["change_request.district_id", "change_request.id"],
            name=op.f("fk_change_item_district_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "student_id"],
            ["student.district_id", "student.id"],
            name=op.f("fk_change_item_district_id_student_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_change_item_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_change_item")),
        sa.UniqueConstraint(
            "district_id",
            "request_id",
            "position",
            name=op.f("uq_change_item_district_id_request_id_position"),
        ),
    )
    op.create_table(
        "consent_event",
        sa.Column("destination_id", sa.Uuid(), nullable=True, comment="whose chain, or ..."),
        sa.Column("contact_id", sa.Uuid(), nullable=True, comment="... whose chain"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "GRANTED",
                "REVOKED",
                "LAPSED",
                "OPT_IN_PENDING",
                "OPTED_OUT",
                "OPT_OUT_LIFTED",
                "HELD",
                "HOLD_ENDED",
                "BLOCKED",
                "UNBLOCKED",
                "PREFERENCE_SET",
                "PREFERENCE_CLEARED",
                "QUIET_HOURS_SET",
                "PAUSED",
                "PAUSE_ENDED",
                "IMPORTED",
                "ERASED",
                name="consentaction",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "VOICE",
                "SMS",
                "EMAIL",
                "PUSH",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "source",
            sa.Enum(
                "APP",
                "WEB",
                "VOICE",
                "SMS",
                "EMAIL",
                "STAFF",
                "IMPORT",
                "API",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("actor", sa.Text(), nullable=False, comment="kind:id, never a name"),
        sa.Column("actor_contact_id", sa.Uuid(), nullable=True),
        sa.Column(
            "scope",
            sa.Enum(
                "BROADCAST_TYPE",
                "NON_EMERGENCY",
                "ALL",
                name="optoutscope",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("broadcast_type_id", sa.Uuid(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("disclosure_version", sa.Text(), nullable=True),
        sa.Column("disclosure_language", sa.Text(), nullable=True),
        sa.Column(
            "detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("evidence_hash", sa.Text(), nullable=True),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(destination_id IS NULL) <> (contact_id IS NULL)",
            name=op.f("ck_consent_event_exactly_one_chain"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "broadcast_type_id"],
            ["broadcast_type.district_id", "broadcast_type.id"],
            name=op.f("fk_consent_event_district_id_broadcast_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "contact_id"],
            ["contact.district_id", "contact.id"],
            name=op.f("fk_consent_event_district_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "destination_id"],
            ["destination.district_id", "destination.id"],
            name=op.f("fk_consent_event_district_id_destination_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "link_id"],
            ["link.district_id", "link.id"],
            name=op.f("fk_consent_event_district_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_consent_event_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_consent_event")),
        sa.UniqueConstraint(
            "district_id",
            "contact_id",
            "sequence",
            name=op.f("uq_consent_event_district_id_contact_id_sequence"),
        ),
        sa.UniqueConstraint(
            "district_id",
            "destination_id",
            "sequence",
            name=op.f("uq_consent_event_district_id_destination_id_sequence"),
        ),
    )
    with op.batch_alter_table("consent_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_consent_event_district_id_link_id"),
            ["district_id", "link_id"],
            unique=False,
        )

    op.create_table(
        "consent_giver",
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "VOICE",
                "SMS",
                "EMAIL",
                "PUSH",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "link_id"],
            ["link.district_id", "link.id"],
            name=op.f("fk_consent_giver_district_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_consent_giver_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_consent_giver")),
        sa.UniqueConstraint(
            "district_id",
            "link_id",
            "channel",
            name=op.f("uq_consent_giver_district_id_link_id_channel"),
        ),
    )
    op.create_table(
        "guardianship",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column(
            "rights",
            sa.Enum(
                "FULL",
                "RESTRICTED",
                "NO_RIGHTS",
                name="rights",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("brought_by", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "contact_id"],
            ["contact.district_id", "contact.id"],
            name=op.f("fk_guardianship_district_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "student_id"],
            ["student.district_id", "student.id"],
            name=op.f("fk_guardianship_district_id_student_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_guardianship_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_guardianship")),
        sa.UniqueConstraint(
            "district_id",
            "contact_id",
            "student_id",
            name=op.f("uq_guardianship_district_id_contact_id_student_id"),
        ),
    )
    with op.batch_alter_table("guardianship", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_guardianship_district_id_student_id"),
            ["district_id", "student_id"],
            unique=False,
        )

    op.create_table(
        "message",
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the broadcast's; here for the keyset",
        ),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "broadcast_id"],
            ["broadcast.district_id", "broadcast.id"],
            name=op.f("fk_message_district_id_broadcast_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "contact_id"],
            ["contact.district_id", "contact.id"],
            name=op.f("fk_message_district_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_message_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_message")),
        sa.UniqueConstraint(
            "district_id",
            "broadcast_id",
            "contact_id",
            name=op.f("uq_message_district_id_broadcast_id_contact_id"),
        ),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_message_history", ["district_id", "contact_id", "sent_at", "id"], unique=False
        )

    op.create_table(
        "block",
        sa.Column("destination_id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "VOICE",
                "SMS",
                "EMAIL",
                "PUSH",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "destination_id"],
            ["destination.district_id", "destination.id"],
            name=op.f("fk_block_district_id_destination_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "event_id"],
            ["consent_event.district_id", "consent_event.id"],
            name=op.f("fk_block_district_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_block_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_block")),
    )
    with op.batch_alter_table("block", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_block_district_id_destination_id"),
            ["district_id", "destination_id"],
            unique=False,
        )
        batch_op.create_index(
            "uq_block_all",
            ["district_id", "destination_id"],
            unique=True,
            sqlite_where=sa.text("channel IS NULL"),
            postgresql_where=sa.text("channel IS NULL"),
        )
        batch_op.create_index(
            "uq_block_channel",
            ["district_id", "destination_id", "channel"],
            unique=True,
            sqlite_where=sa.text("channel IS NOT NULL"),
            postgresql_where=sa.text("channel IS NOT NULL"),
        )

    op.create_table(
        "consent",
        sa.Column("destination_id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "VOICE",
                "SMS",
                "EMAIL",
                "PUSH",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "UNKNOWN",
                "GRANTED",
                "REVOKED",
                name="consentstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "APP",
                "WEB",
                "VOICE",
                "SMS",
                "EMAIL",
                "STAFF",
                "IMPORT",
                "API",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "contact_id", sa.Uuid(), nullable=True, comment="who said it, where a contact did"
        ),
        sa.Column(
            "opt_in_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="a YES is awaited until then",
        ),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="sequence of the newest event about it"
        ),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "destination_id"],
            ["destination.district_id", "destination.id"],
            name=op.f("fk_consent_district_id_destination_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "event_id"],
            ["consent_event.district_id", "consent_event.id"],
            name=op.f("fk_consent_district_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_consent_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_consent")),
        sa.UniqueConstraint(
            "district_id",
            "destination_id",
            "channel",
            name=op.f("uq_consent_district_id_destination_id_channel"),
        ),
    )
    op.create_table(
        "contact_edit",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column(
            "field",
            sa.Enum(
                "GIVEN_NAME",
                "FAMILY_NAME",
                "LANGUAGE",
                "ADDRESS",
                "ADD_PHONE",
                "REPLACE_PHONE",
                "REMOVE_PHONE",
                "ADD_EMAIL",
                "REPLACE_EMAIL",
                "REMOVE_EMAIL",
                "NOT_MY_NUMBER",
                "NOT_MY_CHILD",
                "LINK_STUDENT",
                name="contactfield",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("destination_id", sa.Uuid(), nullable=True, comment="added or removed"),
        sa.Column(
            "slot", sa.Text(), nullable=True, comment="where the SIS held the replaced value"
        ),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the SIS agrees, or staff gave way",
        ),
        sa.Column("conflict_request_id", sa.Uuid(), nullable=True),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "conflict_request_id"],
            ["change_request.district_id", "change_request.id"],
            name=op.f("fk_contact_edit_district_id_conflict_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "contact_id"],
            ["contact.district_id", "contact.id"],
            name=op.f("fk_contact_edit_district_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "destination_id"],
            ["destination.district_id", "destination.id"],
            name=op.f("fk_contact_edit_district_id_destination_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "item_id"],
            ["change_item.district_id", "change_item.id"],
            name=op.f("fk_contact_edit_district_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_contact_edit_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_contact_edit")),
    )
    with op.batch_alter_table("contact_edit", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_edit_open",
            ["district_id", "contact_id"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "delivery",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("destination_id", sa.Uuid(), nullable=True, comment="NULL when not on file"),
        sa.Column(
            "channel",
            sa.Enum(
                "VOICE",
                "SMS",
                "EMAIL",
                "PUSH",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("sent_to", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "SENT",
                "DELIVERED",
                "FAILED",
                "NOT_ALLOWED",
                name="deliverystatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "why_allowed", sa.Boolean(), nullable=True, comment="NULL = nobody knows any more"
        ),
        sa.Column(
            "why_reason",
            sa.Enum(
                "UNREACHABLE",
                "BLOCKED",
                "NO_RIGHTS",
                "CONSENT_REVOKED",
                "OPTED_OUT",
                "HELD",
                "EMERGENCY",
                "CONSENT_MISSING",
                "PAUSED",
                "QUIET_HOURS",
                "CHOSEN",
                "DEFAULT",
                name="decisionreason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("why_not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why_event_id", sa.Uuid(), nullable=True),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "destination_id"],
            ["destination.district_id", "destination.id"],
            name=op.f("fk_delivery_district_id_destination_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "message_id"],
            ["message.district_id", "message.id"],
            name=op.f("fk_delivery_district_id_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "why_event_id"],
            ["consent_event.district_id", "consent_event.id"],
            name=op.f("fk_delivery_district_id_why_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_delivery_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "district_id", "source_id", name=op.f("uq_delivery_district_id_source_id")
        ),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_delivery_district_id_message_id"),
            ["district_id", "message_id"],
            unique=False,
        )

    op.create_table(
        "evidence",
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column(
            "content",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=True,
            comment="NULL = erased",
        ),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "id"],
            ["consent_event.district_id", "consent_event.id"],
            name=op.f("fk_evidence_district_id_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_evidence_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_evidence")),
    )
    op.create_table(
        "heard_event",
        sa.Column(
            "heard_from",
            sa.Text(),
            nullable=False,
            comment="a provider's name, or kind:id of the client",
        ),
        sa.Column("source_id", sa.Text(), nullable=False, comment="the event's id there"),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "fingerprint",
            sa.Text(),
            nullable=False,
            comment="SHA-256 of what it said, without any number",
        ),
        sa.Column(
            "event_id", sa.Uuid(), nullable=True, comment="its ledger line; NULL = changed nothing"
        ),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "event_id"],
            ["consent_event.district_id", "consent_event.id"],
            name=op.f("fk_heard_event_district_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_heard_event_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_heard_event")),
        sa.UniqueConstraint(
            "district_id",
            "heard_from",
            "source_id",
            name=op.f("uq_heard_event_district_id_heard_from_source_id"),
        ),
    )
    op.create_table(
        "message_student",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "message_id"],
            ["message.district_id", "message.id"],
            name=op.f("fk_message_student_district_id_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "student_id"],
            ["student.district_id", "student.id"],
            name=op.f("fk_message_student_district_id_student_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_message_student_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_message_student")),
        sa.UniqueConstraint(
            "district_id",
            "message_id",
            "student_id",
            name=op.f("uq_message_student_district_id_message_id_student_id"),
        ),
    )
    op.create_table(
        "opt_out",
        sa.Column("destination_id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "VOICE",
                "SMS",
                "EMAIL",
                "PUSH",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "scope",
            sa.Enum(
                "BROADCAST_TYPE",
                "NON_EMERGENCY",
                "ALL",
                name="optoutscope",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("broadcast_type_id", sa.Uuid(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "APP",
                "WEB",
                "VOICE",
                "SMS",
                "EMAIL",
                "STAFF",
                "IMPORT",
                "API",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "contact_id", sa.Uuid(), nullable=True, comment="who said it, where a contact did"
        ),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(scope = 'BROADCAST_TYPE') = (broadcast_type_id IS NOT NULL)",
            name=op.f("ck_opt_out_type_named"),
        ),
        sa.CheckConstraint("scope <> 'ALL'", name=op.f("ck_opt_out_all_is_a_revocation")),
        sa.ForeignKeyConstraint(
            ["district_id", "broadcast_type_id"],
            ["broadcast_type.district_id", "broadcast_type.id"],
            name=op.f("fk_opt_out_district_id_broadcast_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "destination_id"],
            ["destination.district_id", "destination.id"],
            name=op.f("fk_opt_out_district_id_destination_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "event_id"],
            ["consent_event.district_id", "consent_event.id"],
            name=op.f("fk_opt_out_district_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_opt_out_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_opt_out")),
    )
    with op.batch_alter_table("opt_out", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_opt_out_district_id_destination_id"),
            ["district_id", "destination_id"],
            unique=False,
        )
        batch_op.create_index(
            "uq_opt_out_non_emergency",
            ["district_id", "destination_id", "channel"],
            unique=True,
            sqlite_where=sa.text("broadcast_type_id IS NULL"),
            postgresql_where=sa.text("broadcast_type_id IS NULL"),
        )
        batch_op.create_index(
            "uq_opt_out_type",
            ["district_id", "destination_id", "channel", "broadcast_type_id"],
            unique=True,
            sqlite_where=sa.text("broadcast_type_id IS NOT NULL"),
            postgresql_where=sa.text("broadcast_type_id IS NOT NULL"),
        )

    op.create_table(
        "opt_out_report",
        sa.Column("destination_id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "VOICE",
                "SMS",
                "EMAIL",
                "PUSH",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "scope",
            sa.Enum(
                "BROADCAST_TYPE",
                "NON_EMERGENCY",
                "ALL",
                name="optoutscope",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("broadcast_type_id", sa.Uuid(), nullable=True),
        sa.Column("input", sa.Text(), nullable=False, comment="what was pressed or written"),
        sa.Column(
            "source",
            sa.Enum(
                "APP",
                "WEB",
                "VOICE",
                "SMS",
                "EMAIL",
                "STAFF",
                "IMPORT",
                "API",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING",
                "APPLIED",
                "DISMISSED",
                "WITHDRAWN",
                name="optoutreportstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "event_id", sa.Uuid(), nullable=True, comment="the ledger line of hold or effect"
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(scope = 'BROADCAST_TYPE') = (broadcast_type_id IS NOT NULL)",
            name=op.f("ck_opt_out_report_type_named"),
        ),
        sa.CheckConstraint(
            "(status = 'PENDING') = (settled_at IS NULL)",
            name=op.f("ck_opt_out_report_settled_when_not_pending"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "broadcast_type_id"],
            ["broadcast_type.district_id", "broadcast_type.id"],
            name=op.f("fk_opt_out_report_district_id_broadcast_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "destination_id"],
            ["destination.district_id", "destination.id"],
            name=op.f("fk_opt_out_report_district_id_destination_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "event_id"],
            ["consent_event.district_id", "consent_event.id"],
            name=op.f("fk_opt_out_report_district_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_opt_out_report_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_opt_out_report")),
    )
    with op.batch_alter_table("opt_out_report", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_opt_out_report_district_id_destination_id"),
            ["district_id", "destination_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_opt_out_report_district_id_status_due_at"),
            ["district_id", "status", "due_at"],
            unique=False,
        )

    op.create_table(
        "preference",
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "VOICE",
                "SMS",
                "EMAIL",
                "PUSH",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("broadcast_type_id", sa.Uuid(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="sequence of the newest event about it"
        ),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "broadcast_type_id"],
            ["broadcast_type.district_id", "broadcast_type.id"],
            name=op.f("fk_preference_district_id_broadcast_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "event_id"],
            ["consent_event.district_id", "consent_event.id"],
            name=op.f("fk_preference_district_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "link_id"],
            ["link.district_id", "link.id"],
            name=op.f("fk_preference_district_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_preference_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_preference")),
        sa.UniqueConstraint(
            "district_id",
            "link_id",
            "channel",
            "broadcast_type_id",
            name=op.f("uq_preference_district_id_link_id_channel_broadcast_type_id"),
        ),
    )
    op.create_table(
        "quiet_hours",
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "VOICE",
                "SMS",
                "EMAIL",
                "PUSH",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("to_minute", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="sequence of the newest event about it"
        ),
        sa.Column("district_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("channel <> 'EMAIL'", name=op.f("ck_quiet_hours_not_for_mail")),
        sa.CheckConstraint("from_minute <> to_minute", name=op.f("ck_quiet_hours_not_empty")),
        sa.CheckConstraint(
            "from_minute BETWEEN 0 AND 1439", name=op.f("ck_quiet_hours_from_a_minute_of_the_day")
        ),
        sa.CheckConstraint(
            "to_minute BETWEEN 0 AND 1439", name=op.f("ck_quiet_hours_to_a_minute_of_the_day")
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "event_id"],
            ["consent_event.district_id", "consent_event.id"],
            name=op.f("fk_quiet_hours_district_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id", "link_id"],
            ["link.district_id", "link.id"],
            name=op.f("fk_quiet_hours_district_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_quiet_hours_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_quiet_hours")),
        sa.UniqueConstraint(
            "district_id",
            "link_id",
            "channel",
            name=op.f("uq_quiet_hours_district_id_link_id_channel"),
        ),
    )


def downgrade() -> None:
    op.drop_table("quiet_hours")
    op.drop_table("preference")
    with op.batch_alter_table("opt_out_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opt_out_report_district_id_status_due_at"))
        batch_op.drop_index(batch_op.f("ix_opt_out_report_district_id_destination_id"))

    op.drop_table("opt_out_report")
    with op.batch_alter_table("opt_out", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_opt_out_type",
            sqlite_where=sa.text("broadcast_type_id IS NOT NULL"),
            postgresql_where=sa.text("broadcast_type_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_opt_out_non_emergency",
            sqlite_where=sa.text("broadcast_type_id IS NULL"),
            postgresql_where=sa.text("broadcast_type_id IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_opt_out_district_id_destination_id"))

    op.drop_table("opt_out")
    op.drop_table("message_student")
    op.drop_table("heard_event")
    op.drop_table("evidence")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_district_id_message_id"))

    op.drop_table("delivery")
    with op.batch_alter_table("contact_edit", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_contact_edit_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("contact_edit")
    op.drop_table("consent")
    with op.batch_alter_table("block", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_block_channel",
            sqlite_where=sa.text("channel IS NOT NULL"),
            postgresql_where=sa.text("channel IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_block_all",
            sqlite_where=sa.text("channel IS NULL"),
            postgresql_where=sa.text("channel IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_block_district_id_destination_id"))

    op.drop_table("block")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("ix_message_history")

    op.drop_table("message")
    with op.batch_alter_table("guardianship", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_guardianship_district_id_student_id"))

    op.drop_table("guardianship")
    op.drop_table("consent_giver")
    with op.batch_alter_table("consent_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_event_district_id_link_id"))

    op.drop_table("consent_event")
    op.drop_table("change_item")
    with op.batch_alter_table("binding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_binding_account_id"))

    op.drop_table("binding")
    with op.batch_alter_table("student", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_student_district_id_school_id"))

    op.drop_table("student")
    with op.batch_alter_table("refresh_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refresh_token_session_id"))
        batch_op.drop_index(
            "ix_refresh_token_sealed",
            sqlite_where=sa.text("successor IS NOT NULL"),
            postgresql_where=sa.text("successor IS NOT NULL"),
        )

    op.drop_table("refresh_token")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_district_id_destination_id"))

    op.drop_table("link")
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        batch_op.drop_index("ix_change_request_queue")
        batch_op.drop_index(batch_op.f("ix_change_request_district_id_contact_id_submitted_at_id"))

    op.drop_table("change_request")
    with op.batch_alter_table("broadcast", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_broadcast_district_id_sent_at"))

    op.drop_table("broadcast")
    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_access_grant_school",
            sqlite_where=sa.text("school_id IS NOT NULL"),
            postgresql_where=sa.text("school_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_access_grant_district",
            sqlite_where=sa.text("school_id IS NULL"),
            postgresql_where=sa.text("school_id IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_access_grant_account_id"))

    op.drop_table("access_grant")
    with op.batch_alter_table("sender", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sender_number"))

    op.drop_table("sender")
    op.drop_table("school")
    with op.batch_alter_table("outbox_item", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_item_waiting",
            sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        )

    op.drop_table("outbox_item")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_session_account_id"))

    op.drop_table("login_session")
    with op.batch_alter_table("feed_line", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_feed_line_unnumbered",
            sqlite_where=sa.text("position IS NULL"),
            postgresql_where=sa.text("position IS NULL"),
        )

    op.drop_table("feed_line")
    op.drop_table("disclosure")
    with op.batch_alter_table("destination", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_destination_value"))
        batch_op.drop_index(
            "ix_destination_unsigned",
            sqlite_where=sa.text("chain_sequence > chain_signed"),
            postgresql_where=sa.text("chain_sequence > chain_signed"),
        )

    op.drop_table("destination")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_contact_unsigned",
            sqlite_where=sa.text("chain_sequence > chain_signed"),
            postgresql_where=sa.text("chain_sequence > chain_signed"),
        )

    op.drop_table("contact")
    op.drop_table("checkpoint")
    op.drop_table("broadcast_type")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_district_id_at_id"))

    op.drop_table("audit_entry")
    op.drop_table("signing_key")
    with op.batch_alter_table("login_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_code_address_hash_created_at"))

    op.drop_table("login_code")
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_key_created_at"))

    op.drop_table("idempotency_key")
    op.drop_table("district")
    op.drop_table("account")
