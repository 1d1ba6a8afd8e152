"""The shape an operation may have: floods that its text shows, refused whatever the schema says."""

from collections import Counter
from collections.abc import Iterator, Mapping

from graphql import (
    DefinitionNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
)

from app.errors import PortalError
from app.vocabulary import ErrorCode

MAX_ALIASES = 30
MAX_ROOT_FIELDS = 20
MAX_REPEATS = 10
MAX_DIRECTIVES = 30
MAX_DIRECTIVES_AT_ONE_PLACE = 5
# A code may be tried once in a request: a thousand aliases must not be a thousand guesses.
ONCE_PER_OPERATION = frozenset({"startVerification", "confirmVerification"})

Fragments = Mapping[str, FragmentDefinitionNode]


class TooCostly(PortalError):
    """The operation asks for more than one request may; the message says of what."""

    code = ErrorCode.COST_LIMIT


def require_at_most(most: int, count: int, of_what: str) -> None:
    if count > most:
        raise TooCostly(f"This asks for too much in one request: more than {most:,} {of_what}.")


def require_modest_shape(document: DocumentNode) -> None:
    """Raise TooCostly for aliases, directives, repeats or root fields beyond the limits."""
    shape = _Shape()
    fragments = fragments_of(document)
    for definition in document.definitions:
        shape.count(definition)
        if isinstance(definition, OperationDefinitionNode):
            _require_modest_root(definition, fragments)


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


class _Shape:
    """Counts over one document."""

    def __init__(self) -> None:
        self.aliases = 0
        self.directives = 0

    def count(self, definition: DefinitionNode) -> None:
        if isinstance(definition, OperationDefinitionNode):
            for variable in definition.variable_definitions or ():
                self._directives(variable)
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            self._directives(definition)
            self._selections(definition.selection_set, Counter())

    def _selections(self, selection_set: SelectionSetNode, seen: Counter[str]) -> None:
        """`seen` are the names at this level: inline fragments add to it, fields open a new one."""
        for node in selection_set.selections:
            self._directives(node)
            if isinstance(node, InlineFragmentNode):
                self._selections(node.selection_set, seen)
                continue
            name = _name_at_its_level(node)
            seen[name] += 1
            require_at_most(MAX_REPEATS, seen[name], "repeats of one field or fragment")
            if isinstance(node, FieldNode):
                self.aliases += node.alias is not None
                require_at_most(MAX_ALIASES, self.aliases, "aliases")
                if node.selection_set:
                    self._selections(node.selection_set, Counter())

    def _directives(
        self,
        node: OperationDefinitionNode
        | FragmentDefinitionNode
        | VariableDefinitionNode
        | SelectionNode,
    ) -> None:
        here = len(node.directives or ())
        require_at_most(MAX_DIRECTIVES_AT_ONE_PLACE, here, "directives at one place")
        self.directives += here
        require_at_most(MAX_DIRECTIVES, self.directives, "directives")


def _require_modest_root(operation: OperationDefinitionNode, fragments: Fragments) -> None:
    answers = dict(_flattened(operation.selection_set, fragments, set()))
    require_at_most(MAX_ROOT_FIELDS, len(answers), "fields at the top")
    fields = Counter(answers.values())
    for field in ONCE_PER_OPERATION & fields.keys():
        require_at_most(1, fields[field], f"{field}")


def _flattened(
    selection_set: SelectionSetNode, fragments: Fragments, entered: set[str]
) -> Iterator[tuple[str, str]]:
    """(response name, field name) of what stands at this level, each fragment opened once."""
    for node in selection_set.selections:
        if isinstance(node, FieldNode):
            yield (node.alias or node.name).value, node.name.value
        elif isinstance(node, InlineFragmentNode):
            yield from _flattened(node.selection_set, fragments, entered)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in entered:
            entered.add(node.name.value)
            if fragment := fragments.get(node.name.value):
                yield from _flattened(fragment.selection_set, fragments, entered)


def _name_at_its_level(node: SelectionNode) -> str:
    if isinstance(node, FieldNode):
        return (node.alias or node.name).value
    assert isinstance(node, FragmentSpreadNode)
    return f"...{node.name.value}"
