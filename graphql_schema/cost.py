"""What an operation costs, found before any row is read: the number of values in its answer.

Each field counts once for every object it stands on. A page has as many items as `first` or
`last` say, `ids` bring one object each, any other list is taken to have its usual length.
A fragment is weighed once and its weight used wherever it is spread, so that weighing is quick
even where running would never end.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from app.paging import DEFAULT_SIZE
from graphql_schema.limits import Fragments, require_at_most

MAX_COST = 25_000
MAX_DEPTH = 25
ASSUMED_LIST = 5
# Lists whose usual length is another: a destination has two channels at most, a type a choice.
USUAL_LENGTHS = {"channels": 2, "preferences": 10, "broadcastTypes": 10, "schools": 50}
HUGE = 10**9


class Weight(NamedTuple):
    """Values an answer may hold; levels of nesting, fragments counted as levels too."""

    cost: int
    depth: int


LEAF = Weight(1, 0)


def require_modest_cost(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Fragments,
    variables: Mapping[str, Any],
) -> bool:
    """Raise TooCostly beyond MAX_COST or MAX_DEPTH; tell whether a variable had a say in it."""
    weight, by_variables = weigh(schema, operation, fragments, variables)
    require_at_most(MAX_DEPTH, weight.depth, "levels of nesting")
    require_at_most(MAX_COST, weight.cost, "values in the answer. Please ask for smaller pages")
    return by_variables


def weigh(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Fragments,
    variables: Mapping[str, Any],
) -> tuple[Weight, bool]:
    """The weight of an operation, and whether a variable had a say in it.

    Fields the schema does not know count as leaves: validation refuses them afterwards.
    """
    scale = _Scale(schema, operation, fragments, variables)
    root = schema.get_root_type(operation.operation)
    return scale.selections(operation.selection_set, root, None), scale.asked_variables


class _Scale:
    """Weighs one operation; `page` is the length of the lists right below a page field."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Fragments,
        variables: Mapping[str, Any],
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.defaults = {
            definition.variable.name.value: definition.default_value
            for definition in operation.variable_definitions or ()
        }
        self.asked_variables = False
        self.level = 0
        self.weighed: dict[tuple[str, int | None], Weight] = {}

    def selections(
        self, selection_set: SelectionSetNode, on: GraphQLCompositeType | None, page: int | None
    ) -> Weight:
        self.level += 1
        require_at_most(MAX_DEPTH, self.level, "levels of nesting")
        weights = [self._selection(node, on, page) for node in selection_set.selections]
        self.level -= 1
        return Weight(
            sum(weight.cost for weight in weights),
            1 + max((weight.depth for weight in weights), default=0),
        )

    def _selection(
        self, node: SelectionNode, on: GraphQLCompositeType | None, page: int | None
    ) -> Weight:
        if isinstance(node, FieldNode):
            return self._field(node, on, page)
        if isinstance(node, InlineFragmentNode):
            narrowed = self._type(node.type_condition) if node.type_condition else on
            return self.selections(node.selection_set, narrowed, page)
        assert isinstance(node, FragmentSpreadNode)
        return self._fragment(node.name.value, page)

    def _fragment(self, name: str, page: int | None) -> Weight:
        key = (name, page)
        if key not in self.weighed:
            # Within itself it weighs as a leaf: validation refuses such a circle afterwards.
            self.weighed[key] = LEAF
            if fragment := self.fragments.get(name):
                on = self._type(fragment.type_condition)
                self.weighed[key] = self.selections(fragment.selection_set, on, page)
        return self.weighed[key]

    def _field(self, node: FieldNode, on: GraphQLCompositeType | None, page: int | None) -> Weight:
        field = self.schema.get_field(on, node.name.value) if on else None
        if field is None or node.selection_set is None:
            return LEAF
        named = get_named_type(field.type)
        below = named if is_composite_type(named) else None
        own_page = self._page(field, node)
        if not is_list_type(get_nullable_type(field.type)):
            one = self.selections(node.selection_set, below, own_page)
            return Weight(1 + one.cost, one.depth)
        usual = USUAL_LENGTHS.get(node.name.value, ASSUMED_LIST)
        lengths = (own_page, page, self._ids(node), usual)
        length = next(length for length in lengths if length is not None)
        each = self.selections(node.selection_set, below, None)
        return Weight(1 + length * each.cost, each.depth)

    def _page(self, field: GraphQLField, node: FieldNode) -> int | None:
        """How many items `first` or `last` ask for; None where the field knows neither."""
        known = [name for name in ("first", "last") if name in field.args]
        if not known:
            return None
        asked = [_size(self._value(node, name)) for name in known]
        return max((size for size in asked if size is not None), default=DEFAULT_SIZE)

    def _ids(self, node: FieldNode) -> int | None:
        value = self._value(node, "ids")
        return len(value) if isinstance(value, list) else None

    def _value(self, node: FieldNode, argument: str) -> Any:
        """The argument as far as it matters here: a number, a list, or None."""
        literal = next((a.value for a in node.arguments or () if a.name.value == argument), None)
        if not isinstance(literal, VariableNode):
            return _plain(literal)
        self.asked_variables = True
        name = literal.name.value
        return self.variables[name] if name in self.variables else _plain(self.defaults.get(name))

    def _type(self, condition: NamedTypeNode) -> GraphQLCompositeType | None:
        named = self.schema.get_type(condition.name.value)
        return named if is_composite_type(named) else None


def _plain(literal: ValueNode | None) -> Any:
    if isinstance(literal, IntValueNode):
        # A longer text is no Int anyway, and to turn a huge one into a number takes its time.
        return int(literal.value) if len(literal.value) < len(str(HUGE)) else HUGE
    if isinstance(literal, ListValueNode):
        return list(literal.values)
    return None


def _size(value: Any) -> int | None:
    return min(abs(int(value)), HUGE) if isinstance(value, int | float) else None
