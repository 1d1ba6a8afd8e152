"""Queries that ask for far too much, made by the hundred.

Each kind of bomb is a function of chance and of a Ground: the few names of a schema that
it needs. What it gives must be refused, whatever the numbers drawn.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Bomb = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Ground:
    """`start` leads to an object of type `on`; `page` and `step` lead from one to the next."""

    start: str
    on: str
    leaf: str
    page: str  # with {first}
    step: str

    def at(self, inner: str) -> str:
        return "{" + self.start.replace("…", inner) + "}"

    def pages(self, *lengths: object) -> str:
        inner = self.leaf
        for length in reversed(lengths):
            inner = self.page.replace("{first}", str(length)).replace("…", inner)
        return inner

    def steps(self, count: int) -> str:
        inner = self.leaf
        for _ in range(count):
            inner = self.step.replace("…", inner)
        return inner

    def fragment(self, name: str, inner: str) -> str:
        return f" fragment {name} on {self.on} {{ {inner} }}"


def nested_pages(ground: Ground, rng: random.Random) -> Bomb:
    return ground.at(ground.pages(*(rng.randint(60, 100) for _ in range(rng.randint(3, 5))))), {}


def nested_pages_by_variable(ground: Ground, rng: random.Random) -> Bomb:
    query = ground.at(ground.pages("$n", "$n", "$n"))
    return f"query ($n: Int!) {query}", {"n": rng.randint(60, 100)}


def nested_pages_by_default(ground: Ground, rng: random.Random) -> Bomb:
    return (
        f"query ($n: Int = {rng.randint(60, 100)}) {ground.at(ground.pages('$n', '$n', '$n'))}",
        {},
    )


def endless_page(ground: Ground, rng: random.Random) -> Bomb:
    return ground.at(ground.pages("9" * rng.randint(6, 4000))), {}


def deep_steps(ground: Ground, rng: random.Random) -> Bomb:
    return ground.at(ground.steps(rng.randint(30, 190))), {}


def bottomless(ground: Ground, rng: random.Random) -> Bomb:
    return ground.at(ground.steps(rng.randint(250, 2000))), {}


def doubling_fragments(ground: Ground, rng: random.Random) -> Bomb:
    """Each fragment twice in the one before: two to the power of their number."""
    count = rng.randint(24, 60)
    doubled = ground.step.replace("…", "...F%d") + " " + ground.step.replace("…", "...F%d")
    fragments = "".join(ground.fragment(f"F{n}", doubled % (n + 1, n + 1)) for n in range(count))
    return ground.at("...F0") + fragments + ground.fragment(f"F{count}", ground.leaf), {}


def doubling_pages(ground: Ground, rng: random.Random) -> Bomb:
    """Shallow, but each fragment twice a page of the next."""
    length = rng.randint(20, 100)
    page = ground.page.replace("{first}", str(length))
    fragments = "".join(
        ground.fragment(f"F{n}", page.replace("…", f"...F{n + 1} ...F{n + 1}")) for n in range(4)
    )
    return ground.at("...F0") + fragments + ground.fragment("F4", ground.leaf), {}


def chained_fragments(ground: Ground, rng: random.Random) -> Bomb:
    count = rng.randint(30, 200)
    fragments = "".join(ground.fragment(f"F{n}", f"...F{n + 1}") for n in range(count))
    return ground.at("...F0") + fragments + ground.fragment(f"F{count}", ground.leaf), {}


def everybody_spreads_everybody(ground: Ground, rng: random.Random) -> Bomb:
    count = rng.randint(28, 42)
    fragments = "".join(
        ground.fragment(
            f"F{n}", " ".join((*(f"...F{later}" for later in range(n + 1, count)), ground.leaf))
        )
        for n in range(count)
    )
    return ground.at("...F0") + fragments, {}


def circles(ground: Ground, rng: random.Random) -> Bomb:
    count = rng.randint(1, 9)
    fragments = "".join(
        ground.fragment(f"F{n}", ground.step.replace("…", f"...F{(n + 1) % count}"))
        for n in range(count)
    )
    return ground.at("...F0") + fragments, {}


def many_aliases(ground: Ground, rng: random.Random) -> Bomb:
    count = rng.randint(31, 390)
    return ground.at(" ".join(f"a{n}: {ground.leaf}" for n in range(count))), {}


def many_roots(ground: Ground, rng: random.Random) -> Bomb:
    return "{" + " ".join(f"a{n}: __typename" for n in range(rng.randint(21, 600))) + "}", {}


def repeats(ground: Ground, rng: random.Random) -> Bomb:
    repeated = rng.choice((ground.leaf, "__typename", ground.step.replace("…", ground.leaf)))
    return ground.at(f"{repeated} " * rng.randint(11, 300)), {}


def repeated_fragments(ground: Ground, rng: random.Random) -> Bomb:
    spread = rng.choice(
        ("...F", f"... on {ground.on} {{ {ground.leaf} }}", f"... {{ {ground.leaf} }}")
    )
    return ground.at(f"{spread} " * rng.randint(11, 200)) + ground.fragment("F", ground.leaf), {}


def many_fragments(ground: Ground, rng: random.Random) -> Bomb:
    """Each on its own is modest; together every pair must be compared."""
    count = rng.randint(110, 160)
    fragments = "".join(ground.fragment(f"F{n}", ground.leaf) for n in range(count))
    return ground.at(" ".join(f"...F{n}" for n in range(count))) + fragments, {}


def directives(ground: Ground, rng: random.Random) -> Bomb:
    return "{ __typename " + rng.choice(("@a", "@skip(if: false)")) * rng.randint(6, 900) + "}", {}


def scattered_directives(ground: Ground, rng: random.Random) -> Bomb:
    count = rng.randint(31, 200)
    return ground.at(" ".join(f"x{n} @skip(if: true)" for n in range(count))), {}


def tokens(ground: Ground, rng: random.Random) -> Bomb:
    return ground.at(" ".join(f"x{n}" for n in range(rng.randint(2000, 9000)))), {}


def comments(ground: Ground, rng: random.Random) -> Bomb:
    return "#\n" * rng.randint(201, 30_000) + ground.at(ground.leaf), {}


def nested_literal(ground: Ground, rng: random.Random) -> Bomb:
    depth = rng.randint(250, 20_000)
    opening, closing = rng.choice((("[", "]"), ("{a:", "}")))
    return '{ node(id: "a", x: ' + opening * depth + "1" + closing * depth + ") { id } }", {}


def huge_literal(ground: Ground, rng: random.Random) -> Bomb:
    """A number, no text: an id of sixty thousand digits must not become a number first."""
    return f"{{ node(id: {'9' * rng.randint(5_000, 60_000)}.5) {{ id }} }}", {}


def unknown_fields(ground: Ground, rng: random.Random) -> Bomb:
    return ground.at(" ".join(f"x{n}" for n in range(rng.randint(20, 1900)))), {}


def unused_variables(ground: Ground, rng: random.Random) -> Bomb:
    declared = " ".join(f"$v{n}: Int" for n in range(rng.randint(20, 480)))
    return f"query ({declared}) {ground.at(ground.leaf)}", {}


def circular_introspection(ground: Ground, rng: random.Random) -> Bomb:
    inner = "name"
    for _ in range(rng.randint(3, 20)):
        inner = f"fields {{ type {{ {inner} }} }}"
    return f"{{ __schema {{ types {{ {inner} }} }} }}", {}


def aliased_introspection(ground: Ground, rng: random.Random) -> Bomb:
    types = "__schema { types { fields { args { type { name } } } } }"
    return "{" + " ".join(f"a{n}: {types}" for n in range(rng.randint(21, 60))) + "}", {}


KINDS: tuple[Callable[[Ground, random.Random], Bomb], ...] = (
    nested_pages,
    nested_pages_by_variable,
    nested_pages_by_default,
    endless_page,
    deep_steps,
    bottomless,
    doubling_fragments,
    doubling_pages,
    chained_fragments,
    everybody_spreads_everybody,
    circles,
    many_aliases,
    many_roots,
    repeats,
    repeated_fragments,
    many_fragments,
    directives,
    scattered_directives,
    tokens,
    comments,
    nested_literal,
    huge_literal,
    unknown_fields,
    unused_variables,
    circular_introspection,
    aliased_introspection,
)
