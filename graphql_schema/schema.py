"""The schema put together."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from graphql_schema.change import ChangeMutation
from graphql_schema.consent import ConsentMutation
from graphql_schema.destination import Device, Mailbox, Phone
from graphql_schema.errors import Conflict, InvalidInput, NotAllowed
from graphql_schema.executor import Executor, call_directly
from graphql_schema.message import MessageMutation
from graphql_schema.preference import PreferenceMutation
from graphql_schema.scalars import SCALARS
from graphql_schema.viewer import Query


@strawberry.type
class Mutation(ConsentMutation, PreferenceMutation, MessageMutation, ChangeMutation):
    pass


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=[Phone, Mailbox, Device, InvalidInput, NotAllowed, Conflict],
    config=StrawberryConfig(scalar_map=SCALARS),
    execution_context_class=Executor,
)
call_directly(schema._schema)  # noqa: SLF001 (the library has no way of its own)
