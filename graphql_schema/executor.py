"""The library's executor, with a short way for fields that only hand out an attribute.

Most fields of an answer are such: for them the general way, ready for resolvers, promises and
streams, costs ten times what they do. Whatever is out of the ordinary still takes it. Resolvers
without arguments are called as they are.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    Undefined,
    get_nullable_type,
    is_leaf_type,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

# The finished value of a field of this object, or Undefined where the general way must find it.
Reader = Callable[[Any], Any]


class Executor(StrawberryGraphQLCoreExecutionContext):
    """For schemas whose resolvers are all synchronous."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> dict[str, Any]:
        readers = _readers(parent_type)
        results: dict[str, Any] = {}
        for response_name, details in grouped_field_set.items():
            read = readers.get(details[0].node.name.value)
            result = read(source_value) if read else Undefined
            if result is Undefined:
                field_path = Path(path, response_name, parent_type.name)
                result = self.execute_field(
                    parent_type, source_value, details, field_path, position_context
                )
            if result is not Undefined:
                results[response_name] = result
        return results


def call_directly(schema: GraphQLSchema) -> None:
    """Spare resolvers without arguments the steps that read arguments."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                defined = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
                if defined and defined.base_resolver and not (field.args or defined.extensions):
                    field.resolve = _direct(defined)


def _direct(field: StrawberryField) -> Callable[[Any, GraphQLResolveInfo[Any]], Any]:
    resolver = field.base_resolver
    assert resolver is not None
    resolve = cast("Callable[..., Any]", resolver.wrapped_func)
    if resolver.info_parameter is None:
        return lambda source, _info: resolve(source)
    return lambda source, info: resolve(source, strawberry.Info(_raw_info=info, _field=field))


@cache
def _readers(parent_type: GraphQLObjectType) -> dict[str, Reader]:
    """By field; the types of a schema last as long as the process."""
    return {
        name: _reader(field) for name, field in parent_type.fields.items() if _is_attribute(field)
    }


def _is_attribute(field: GraphQLField) -> bool:
    """It has no resolver of its own and its value has no fields below it."""
    return getattr(field.resolve, "_is_default", False) and is_leaf_type(
        get_nullable_type(field.type)
    )


def _reader(field: GraphQLField) -> Reader:
    attribute: str = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].python_name
    leaf = cast("GraphQLLeafType", get_nullable_type(field.type))
    absent = None if leaf is field.type else Undefined
    coerce = _named(leaf) if isinstance(leaf, GraphQLEnumType) else leaf.coerce_output_value

    def read(source: Any) -> Any:
        try:
            value = getattr(source, attribute)
            if value is None:
                return absent
            coerced = coerce(value)
        except Exception:  # noqa: BLE001 (the general way meets it again, and says where)
            return Undefined
        return Undefined if coerced is None else coerced

    return read


def _named(enum: GraphQLEnumType) -> Callable[[Any], Any]:
    """Our enums are text: a member is found by its value."""
    names = {str(entry.value): name for name, entry in enum.values.items()}
    return lambda value: names.get(value, Undefined)
