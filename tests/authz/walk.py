"""The schema as an attacker reads it: every place for an id, every way to an object."""

from collections.abc import Iterator

import graphql
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_input_object_type,
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
