"""What is asked: of the portal as its app asks it, of the bare handler in one statement."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from graphql_schema.ids import Kind, global_id
from tests.bench.district import Parent

COUNTER = "<new number>"  # the load generator writes another number here each time
HOME = """
query Home {
  viewer {
    email
    language
    contacts {
      id givenName familyName language version pausedUntil
      students { id givenName familyName grade school { id name } }
      destinations {
        __typename id label version verifiedAt summary
        ... on Phone { number display extension lineType }
        ... on Mailbox { address }
        channels {
          channel
          consent { status since source pendingOptIn version }
          optOuts { scope since source held }
          quietHours { from to version }
          preferences {
            broadcastType { id code name emergency }
            wanted locked version
            decision { allowed reason explanation notBefore }
          }
        }
      }
    }
  }
}
"""
HISTORY = """
query History {
  viewer {
    messages(first: 50) {
      pageInfo { hasNextPage endCursor }
      edges {
        cursor
        node {
          id subject snippet sentAt readAt
          broadcastType { id name }
          school { id name }
          students { id givenName }
          deliveries { channel sentTo status at }
        }
      }
    }
  }
}
"""
WRITE = """
mutation Write($input: SetPreferencesInput!) {
  setPreferences(input: $input) {
    preferences { wanted version }
    errors { code message path }
    clientMutationId
  }
}
"""


@dataclass(frozen=True, slots=True)
class Question:
    """`ask` gives two requests, to be sent in turn; `expected` stands in every right answer."""

    name: str
    document: str
    variables: Callable[[Parent, bool], dict[str, Any]]
    expected: str
    expected_bare: str

    def ask(self, parent: Parent, token: str) -> list[str]:
        return [self._request(parent, token, wanted) for wanted in (False, True)]

    def _request(self, parent: Parent, token: str, wanted: bool) -> str:
        body = {"query": self.document, "variables": self.variables(parent, wanted)}
        return _post("/graphql", orjson.dumps(body).decode(), token)

    def ask_bare(self, parent: Parent) -> list[str]:
        return [
            _post(
                f"/{self.name}",
                orjson.dumps(
                    {
                        "district": parent.district_id.hex,
                        "contact": parent.contact_id.hex,
                        "link": parent.link_id.hex,
                        "type": parent.type_id.hex,
                        "wanted": wanted,
                    }
                ).decode(),
            )
            for wanted in (False, True)
        ]


def _nothing(_parent: Parent, _wanted: bool) -> dict[str, Any]:
    return {}


def _one_preference(parent: Parent, wanted: bool) -> dict[str, Any]:
    district = parent.district_id
    preference = {
        "destinationId": global_id(Kind.LINK, district, parent.link_id),
        "channel": "SMS",
        "broadcastTypeId": global_id(Kind.BROADCAST_TYPE, district, parent.type_id),
        "wanted": wanted,
    }
    return {"input": {"clientMutationId": COUNTER, "preferences": [preference]}}


def _post(path: str, body: str, token: str = "") -> str:
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\n{bearer}Content-Length: {len(body)}\r\n\r\n{body}"
    )


QUESTIONS = (
    Question("home", HOME, _nothing, '"explanation":', "consents"),
    Question("history", HISTORY, _nothing, '"sentTo":"+1217', "sent_to"),
    Question("write", WRITE, _one_preference, '"errors":[]', "version"),
)
