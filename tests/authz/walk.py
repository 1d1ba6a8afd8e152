"""The schema as an attacker reads it: every place for an id, every way to an object."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import graphql
from graphql import (
    GraphQLCompositeType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_input_object_type,
    is_leaf_type,
    is_required_argument,
)

from graphql_schema.schema import schema

SDL = graphql.build_schema(schema.as_str())
QUERY, MUTATION = SDL.type_map["Query"], SDL.type_map["Mutation"]
assert isinstance(QUERY, GraphQLObjectType)
assert isinstance(MUTATION, GraphQLObjectType)
NODE = SDL.type_map["Node"]
assert isinstance(NODE, GraphQLInterfaceType)
NODE_TYPES = sorted(kind.name for kind in SDL.get_possible_types(NODE))
OBJECTS = [
    each
    for each in SDL.type_map.values()
    if isinstance(each, GraphQLObjectType) and not each.name.startswith("__")
]
ITS_OWN_KEY = "clientMutationId"
_DECLARED = {
    (name, str(field.type))
    for one in NODE_TYPES
    for name, field in SDL.type_map[one].fields.items()
}
AMBIGUOUS = {name for name, count in Counter(name for name, _ in _DECLARED).items() if count > 1}


def id_places() -> dict[str, list[str]]:
    """`"Viewer.desk"` -> its arguments that take an id, each as a path: `"filter.schoolId"`."""
    return {
        f"{owner.name}.{name}": places
        for owner in OBJECTS
        for name, field in owner.fields.items()
        if (places := list(_places_of(field)))
    }


def _places_of(field: GraphQLField) -> Iterator[str]:
    for name, argument in field.args.items():
        yield from _ids_in(name, get_named_type(argument.type))


def _ids_in(path: str, type: graphql.GraphQLNamedType) -> Iterator[str]:
    if type.name == "ID" and not path.endswith(ITS_OWN_KEY):
        yield path
    if is_input_object_type(type):
        for name, field in type.fields.items():
            yield from _ids_in(f"{path}.{name}", get_named_type(field.type))


def input_fields() -> dict[str, list[str]]:
    return {
        each.name: list(each.fields)
        for each in SDL.type_map.values()
        if isinstance(each, GraphQLInputObjectType)
    }


class Step(NamedTuple):
    """One field on the way; `on` where the type above it is an interface."""

    on: str | None
    name: str
    page: str
    type: GraphQLCompositeType


Way = tuple[Step, ...]


def ways_from(start: GraphQLCompositeType, most: int = 20) -> Iterator[Way]:
    """Every way from a type to an object with an id, at most so many fields, no type twice."""
    yield from _ways(start, (), frozenset({start.name}), most)


def _ways(
    start: GraphQLCompositeType, so_far: Way, seen: frozenset[str], most: int
) -> Iterator[Way]:
    for step in _steps(start):
        way = (*so_far, step)
        if step.type.name in seen or len(way) > most:
            continue
        if step.type.name in {"Node", "Destination", *NODE_TYPES}:
            yield way
        yield from _ways(step.type, way, seen | {step.type.name}, most)


def _steps(start: GraphQLCompositeType) -> Iterator[Step]:
    for concrete in concrete_types(start):
        on = concrete.name if concrete is not start else None
        for name, field in concrete.fields.items():
            named = get_named_type(field.type)
            if is_composite_type(named) and not any(map(is_required_argument, field.args.values())):
                page = "(first: 3)" if "first" in field.args else ""
                yield Step(on, name, page, named)


def concrete_types(type: GraphQLCompositeType) -> Sequence[GraphQLObjectType]:
    return [type] if isinstance(type, GraphQLObjectType) else SDL.get_possible_types(type)


def along(way: Way) -> str:
    """The selection that goes this way and shows what stands at its end."""
    selection = plain_values(way[-1].type)
    for step in reversed(way):
        selection = f"{step.name}{step.page} {{ {selection} }}"
        if step.on:
            selection = f"... on {step.on} {{ {selection} }}"
    return selection


def plain_values(shown: GraphQLCompositeType) -> str:
    """Everything of an object that holds no other object."""
    common = set() if isinstance(shown, GraphQLObjectType) else set(_leaves(shown))
    return " ".join(
        ["__typename", *sorted(common)]
        + [
            f"... on {concrete.name} {{ {' '.join(own)} }}"
            for concrete in concrete_types(shown)
            if (own := [leaf for leaf in _leaves(concrete) if leaf not in common])
        ]
    )


def _leaves(owner: GraphQLObjectType | GraphQLInterfaceType) -> Iterator[str]:
    """Where two types have another field of one name, each needs its own in one answer."""
    for name, field in owner.fields.items():
        if is_leaf_type(get_named_type(field.type)):
            yield f"{name}_of_{owner.name}: {name}" if name in AMBIGUOUS else name
