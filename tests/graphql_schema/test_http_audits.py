"""The GraphQL-over-HTTP specification, as the audits of its reference implementation judge it."""

import json
from pathlib import Path

from tests.graphql_schema.npm import installed_packages, run_node
from tests.serving import serving


def test_all_audits_of_graphql_over_http_pass_on_the_development_profile(tmp_path: Path):
    installed_packages()
    application = "tests.graphql_schema.example:example_app"
    with serving(application, tmp_path, environment="development") as server:
        results = json.loads(run_node("audit.js", f"{server.url}/graphql"))
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61
