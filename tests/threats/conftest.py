"""The rows about families share one case."""

from tests.authz.conftest import ask, custody

__all__ = ["ask", "custody"]
