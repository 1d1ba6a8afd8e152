"""What every object of the schema has: an id under which it can be found again."""

import strawberry

from app import vocabulary

strawberry.enum(vocabulary.Channel)
strawberry.enum(vocabulary.ConsentStatus)
strawberry.enum(vocabulary.OptOutScope)
strawberry.enum(vocabulary.Source)
strawberry.enum(vocabulary.DecisionReason)
strawberry.enum(vocabulary.OptOutHandling)
strawberry.enum(vocabulary.LineType)
strawberry.enum(vocabulary.ConsentAction)
strawberry.enum(vocabulary.DeliveryStatus)
strawberry.enum(vocabulary.ChangeRequestStatus)
strawberry.enum(vocabulary.ChangeDecision)
strawberry.enum(vocabulary.ContactField)
strawberry.enum(vocabulary.Feature)


@strawberry.interface
class Node:
    id: strawberry.ID
