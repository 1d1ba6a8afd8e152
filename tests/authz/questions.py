"""Questions nobody thought of: documents at random that the schema allows, the same per seed."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from graphql import (
    GraphQLCompositeType,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)

from graphql_schema.ids import Kind, read_id
from tests.authz.examples import KIND_NAMED
from tests.authz.walk import MUTATION, QUERY, SDL, concrete_types

DEEPEST = 8
MOST_FIELDS = 4
OFTEN, SOMETIMES = 0.8, 0.3
ONE_CHANGE_IN = 6
SCALARS = {
    "Int": ("0", "1", "2", "3", "20"),
    "Boolean": ("true", "false"),
    "DateTime": ('"2026-11-19T00:00:00Z"', '"2026-11-25T00:00:00Z"', '"1970-01-01T00:00:00Z"'),
}
TYPES_OF = {
    Kind.DISTRICT: ("District",),
    Kind.SCHOOL: ("School",),
    Kind.STUDENT: ("Student",),
    Kind.BROADCAST_TYPE: ("BroadcastType",),
    Kind.CONTACT: ("Contact",),
    Kind.LINK: ("Phone", "Mailbox"),
    Kind.CONSENT_EVENT: ("ConsentEvent",),
    Kind.MESSAGE: ("Message",),
    Kind.CHANGE_REQUEST: ("ChangeRequest",),
}


class Questions:
    """`ids` and `texts` are what the asker knows or guesses; cursors are those she was shown."""

    def __init__(self, rng: random.Random, ids: Sequence[str], texts: Sequence[str]) -> None:
        self.rng = rng
        self.ids = ids
        self.texts = ("Lisa", "%", "en", "21:00", "+12175550100", *texts)
        self.cursors = ["nonsense"]
        self.asked = 0

    def question(self) -> str:
        """Mostly a query, now and then a change."""
        self.asked += 1
        return self.query() if self.asked % ONE_CHANGE_IN else self.change()

    def query(self) -> str:
        if self.rng.random() < SOMETIMES:
            one = self.rng.choice(self.ids)
            shown = self.rng.choice(TYPES_OF[read_id(one)[0]])
            found = f"... on {shown} {self._selection(SDL.type_map[shown], DEEPEST - 1)}"
            return f'{{ nodes(ids: ["{one}", "{self.rng.choice(self.ids)}"]) {{ {found} }} }}'
        return f"{{ {self._field('viewer', QUERY.fields['viewer'], DEEPEST)} }}"

    def change(self) -> str:
        name = self.rng.choice(sorted(MUTATION.fields))
        return f"mutation {{ {self._field(name, MUTATION.fields[name], DEEPEST - 2)} }}"

    def learn(self, data: Any) -> None:
        """Remember the cursors of an answer."""
        if isinstance(data, list):
            for each in data:
                self.learn(each)
        if isinstance(data, dict):
            self.cursors += [data[name] for name in ("cursor", "endCursor") if data.get(name)]
            for each in data.values():
                self.learn(each)

    def _selection(self, on: GraphQLCompositeType, deep: int) -> str:
        if not isinstance(on, GraphQLObjectType):
            concrete = self.rng.choice(concrete_types(on))
            return f"{{ __typename ... on {concrete.name} {self._selection(concrete, deep)} }}"
        wanted = self.rng.sample(sorted(on.fields), min(len(on.fields), MOST_FIELDS))
        fields = [text for name in wanted if (text := self._field(name, on.fields[name], deep))]
        return f"{{ {' '.join(fields) or '__typename'} }}"

    def _field(self, name: str, field: GraphQLField, deep: int) -> str:
        """The field with arguments and what is below it; "" where that would be too deep."""
        said = ", ".join(self._arguments(field))
        asked = f"{name}({said})" if said else name
        below = get_named_type(field.type)
        if not is_composite_type(below):
            return asked
        return f"{asked} {self._selection(below, deep - 1)}" if deep else ""

    def _arguments(self, field: GraphQLField) -> Iterator[str]:
        for name, argument in field.args.items():
            if is_required_argument(argument) or self.rng.random() < SOMETIMES:
                yield f"{name}: {self._value(name, argument.type)}"

    def _value(self, name: str, wanted: GraphQLInputType) -> str:
        if is_list_type(get_nullable_type(wanted)):
            count = self.rng.choice((1, 1, 2))
            values = (self._value(name, get_named_type(wanted)) for _ in range(count))
            return f"[{', '.join(values)}]"
        named = get_named_type(wanted)
        if isinstance(named, GraphQLInputObjectType):
            return f"{{{', '.join(self._input_fields(named))}}}"
        if isinstance(named, GraphQLEnumType):
            return self.rng.choice(sorted(named.values))
        if named.name in SCALARS:
            return self.rng.choice(SCALARS[named.name])
        return f'"{self._text(name, named.name)}"'

    def _input_fields(self, named: GraphQLInputObjectType) -> Iterator[str]:
        for name, field in named.fields.items():
            if is_required_input_field(field) or self.rng.random() < OFTEN:
                yield f"{name}: {self._value(name, field.type)}"

    def _text(self, name: str, scalar: str) -> str:
        if name == "clientMutationId":
            return f"key-{self.rng.randrange(10_000)}"
        if scalar == "ID":
            fitting = [one for one in self.ids if read_id(one)[0] is KIND_NAMED[name]]
            return self.rng.choice(fitting if self.rng.random() < OFTEN else self.ids)
        return self.rng.choice(self.cursors if name == "after" else self.texts)
