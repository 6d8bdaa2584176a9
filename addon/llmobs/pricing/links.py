"""What only shows when all files lie side by side: names that lead nowhere, and hosts that two providers claim.

It reads the raw values and passes over whatever has the wrong shape, which the schema reports.
"""

from collections.abc import Collection, Iterator, Sequence

from llmobs.config import Document, KeyPath, Problem, did_you_mean
from llmobs.pricing import glob

type Found = Iterator[tuple[Document, Problem]]


class Links:
    """The raw provider blocks of several files, later ones on top of earlier ones."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._blocks = [(doc, pid, block) for doc in documents for pid, block in _items(doc.data, "providers")]
        self._models: dict[str, set[str]] = {pid: set() for _, pid, _ in self._blocks}
        for _, pid, block in self._blocks:
            self._models[pid].update(model.casefold() for model, _ in _items(block, "models"))

    def problems(self) -> Found:
        """Every broken link, with the document that has to change."""
        yield from self._unknown_age()
        yield from self._shared_hosts()
        yield from self._misspelt_providers()
        for doc, pid, block in self._blocks:
            at: KeyPath = ("providers", pid)
            for problem in (*self._price_lists(at, pid, block), *self._named_models(at, pid, block)):
                yield doc, problem
            for problem in _same_but_case(at, block):
                yield doc, problem

    def _unknown_age(self) -> Found:
        first = self._documents[0]
        if not first.problems and not (isinstance(first.data, dict) and "updated" in first.data):
            yield first, Problem((), "the age of the prices is missing; write updated: and the date at the top")

    def _shared_hosts(self) -> Found:
        claims: dict[str, tuple[str, Document]] = {}
        for doc, pid, block in self._blocks:
            for place, host in _texts(block, "hosts"):
                key = host.casefold().removesuffix(f":{glob.HTTPS}")
                owner, where = claims.setdefault(key, (pid, doc))
                if owner != pid:
                    what = f"{host} belongs to {owner} already ({where.file})"
                    fix = f"take it out here, or add what you need under {owner}"
                    yield doc, Problem(("providers", pid, "hosts", place), f"{what}; {fix}")

    def _misspelt_providers(self) -> Found:
        """A new provider of a later file that no host leads to and no list names is one of ours, spelt wrong."""
        used = {name for _, _, block in self._blocks for _, name in _texts(block, "prices_from")}
        ours = {pid for doc, pid, _ in self._blocks if doc is self._documents[0]}
        for doc, pid, block in self._blocks:
            if pid not in ours and pid not in used and not list(_texts(block, "hosts")):
                what = f"there is no provider {pid} yet and nothing leads to this one"
                yield doc, Problem(("providers", pid), f"{what}; add hosts, or {did_you_mean(pid, ours)}")

    def _price_lists(self, at: KeyPath, pid: str, block: object) -> Iterator[Problem]:
        for place, name in _texts(block, "prices_from"):
            path = (*at, "prices_from", place)
            if name == pid:
                yield Problem(path, "a provider's own prices come first anyway; take it out")
            elif name not in self._models:
                yield Problem(path, f"there is no provider {name}; {did_you_mean(name, self._models)}")

    def _named_models(self, at: KeyPath, pid: str, block: object) -> Iterator[Problem]:
        """Aliases and routes that name a model which has no price."""
        known = set(self._models[pid])
        for _, _, other in (b for b in self._blocks if b[1] == pid):
            known.update(*(self._models.get(name, ()) for _, name in _texts(other, "prices_from")))
        named: list[tuple[KeyPath, object]] = [((*at, "aliases", a), target) for a, target in _items(block, "aliases")]
        routes = block.get("routes") if isinstance(block, dict) else None
        for place, route in enumerate(routes if isinstance(routes, list) else ()):
            if isinstance(route, dict) and "priced_as" in route:
                named.append(((*at, "routes", place, "priced_as"), route["priced_as"]))
        for path, target in named:
            if isinstance(target, str) and not _leads(target.strip().casefold(), known):
                yield Problem(path, f"there is no model {target}; {did_you_mean(target, known)}")


def _leads(target: str, known: Collection[str]) -> bool:
    """Whether there is a model that an alias can mean."""
    return target in known or ("*" in target and any(glob.matches(target, model) for model in known))


def _same_but_case(at: KeyPath, block: object) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for model, _ in _items(block, "models"):
        first = seen.setdefault(model.casefold(), model)
        if first != model:
            what = f"differs from {first} in capital letters only, and names are compared without them"
            yield Problem((*at, "models", model), f"{what}; keep one of them")


def _items(node: object, key: str) -> Iterator[tuple[str, object]]:
    found = node.get(key) if isinstance(node, dict) else None
    if isinstance(found, dict):
        yield from found.items()


def _texts(node: object, key: str) -> Iterator[tuple[int, str]]:
    found = node.get(key) if isinstance(node, dict) else None
    if isinstance(found, list):
        yield from ((place, value.strip()) for place, value in enumerate(found) if isinstance(value, str))
