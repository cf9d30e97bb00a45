"""Enforces policies when a model is loaded: that of the project, and that of the process.

A generated module carries the policy that its registry was built under, and so does a registry in memory. The variable
`HYPILER_POLICY` names a pyproject.toml whose policy every load of the process obeys, whatever registry the model is of.
docs/policy.md describes both. Nothing is downloaded before the policy has been checked.
"""

import os

from hypiler.engines.errors import PolicyError
from hypiler.model_files.vector_files import is_weights
from hypiler.schema.policy import Policy, carried_policy
from hypiler.stamps.listed_bytes import location, own_sums, recorded_sums

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from hypiler.engines.specs import EngineSpec
    from hypiler.protocols import Config
    from hypiler.schema.policy_judgments import Breach

VARIABLE = "HYPILER_POLICY"
"""The environment variable with the path of a pyproject.toml."""


class LoadingPolicy:
    """The policies that the loading of one model obeys.

    Attributes:
        config: The model.
        policies: Each policy with its place, in words.
    """

    def __init__(self, config: "Config", policies: "list[tuple[str, Policy]]") -> None:
        self.config = config
        self.policies = policies

    @classmethod
    def of(cls, config: "Config") -> "LoadingPolicy":
        """The policies for a config. Raises PolicyError if `HYPILER_POLICY` names no policy that can be read."""
        policies: list[tuple[str, Policy]] = []
        if config.model is not None and (carried := carried_policy(config.model)):
            module = type(config.model).__module__
            policies.append(("the project" if module == "hypiler.schema.model" else module, carried))
        if path := os.environ.get(VARIABLE):
            policies.append((path, _policy_of_file(path)))
        return cls(config, policies)

    def to_json(self) -> "list[dict[str, Any]]":
        """Each policy with its place, as JSON types."""
        return [{"place": place, **policy.to_dict()} for place, policy in self.policies]

    def check_request(self, *, trust_remote_code: bool, allow_pickle: bool) -> None:
        """Check what the registry states of the model, the chosen weights, and what the caller allows.

        Raises PolicyError for the first rule that is broken.
        """
        if self.config.model is None or not self.policies:
            return  # A config without a model is refused in any case.
        # Imported here: few processes have a policy.
        from hypiler.schema.policy_judgments import JUDGMENTS, checksum_breach

        model: Any = _Stated(self.config.model)
        for place, policy in self.policies:
            found = [judge(policy, model) for _, judge in JUDGMENTS.values()]
            found += [_evidence_breach(policy, model, place), self._pin_of_variant(policy)]
            found.append(checksum_breach(policy, model, known=self._knows_weights()))
            if trust_remote_code and not policy.remote_code:
                found.append(_asked("remote_code", "trust_remote_code=True"))
            if allow_pickle and not policy.pickle:
                found.append(_asked("pickle", "allow_pickle=True"))
            self._refuse(place, policy, found)

    def _pin_of_variant(self, policy: Policy) -> "Breach | None":
        """A variant in another repository has no commit; only its sum says which file it is."""
        record: Any = self.config.model
        variant = next((one for one in record.variants if one.id == self.config.variant), None)
        if not policy.pins or variant is None or variant.sha256 or location(record, variant.id)[1]:
            return None
        message = f"the variant `{variant.id}` is in another repository without a commit, and the policy wants pins"
        return _breach("pins", message, "write its `sha256`, or load the model's own weights")

    def _knows_weights(self) -> bool:
        record: Any = self.config.model
        return any(map(is_weights, own_sums(record, self.config.variant, recorded_sums(record))))

    def check_engine(self, spec: "EngineSpec", *, local: bool, own_api: bool = True) -> None:
        """Check the engine: whether it sends texts elsewhere, and whether the sums of what it reads are recorded.

        `local` says whether the files are in a folder, and `own_api` whether texts of a model behind an API are sent to
        this API. Raises PolicyError.
        """
        for place, policy in self.policies:
            found = [_served_breach(policy, self.config.model, spec, own_api=own_api)]
            if not local:
                # Only the recorded names count: a file without a sum is refused in any case.
                found.append(self._sums_breach(policy, "checksums", spec, self._recorded()))
            self._refuse(place, policy, found)

    def _recorded(self) -> "set[str]":
        record: Any = self.config.model
        return {*own_sums(record, self.config.variant, recorded_sums(record))}

    def check_files(self, spec: "EngineSpec", names: "Iterable[str]", sums: "Iterable[str]", *, local: bool) -> None:
        """Check the files that the engine is about to read. Nothing but a sum pins a folder.

        `names` are all files, and `sums` those whose sha256 is recorded, and enforced. Raises PolicyError.
        """
        rules = ("checksums", "pins") if local else ("checksums",)
        for place, policy in self.policies:
            self._refuse(
                place, policy, [self._sums_breach(policy, rule, spec, set(sums), set(names)) for rule in rules]
            )

    def _sums_breach(
        self, policy: Policy, rule: str, spec: "EngineSpec", sums: "set[str]", names: "set[str] | None" = None
    ) -> "Breach | None":
        if not getattr(policy, rule) or getattr(self.config.model, "source_api", None):
            return None
        if spec.served or spec.weights is None:
            return _breach(rule, f"nobody sees the bytes that the engine `{spec.name}` runs", "use another engine")
        read = spec.weights(self.config, sums if names is None else names)
        unknown = [name for name in read if name not in sums]
        if read and not unknown:
            return None
        what = f"`{unknown[0]}`" if unknown else f"the weights that the engine `{spec.name}` reads"
        wants = "pins, and only a sum pins a folder" if rule == "pins" else "checksums"
        message = f"the sha256 of {what} must be recorded, since the policy wants {wants}"
        return _breach(rule, message, "record it by `hypiler pin`, or use another engine")

    def _refuse(self, place: str, policy: Policy, found: "Iterable[Breach | None]") -> None:
        """Raise PolicyError for the first breach that no exception excuses."""
        model: Any = self.config.model
        for breach in filter(None, found):
            if not policy.excuses(model.id, breach.rule):
                end = policy.exception_for(model.id, breach.rule)
                ended = f"; the exception of this model ended on {end.until}" if end else ""
                raise PolicyError(
                    f"the policy of {place} refuses `{model.id}` by the rule `{breach.rule}`: {breach.message};"
                    f" {breach.help}, or add an exception with a reason to the policy{ended}",
                    rule=breach.rule,
                    model=model.id,
                )


class _Stated:
    """A record whose attributes are None where an older generated module does not have them."""

    def __init__(self, model: "Any") -> None:
        self._model = model

    def __getattr__(self, name: str) -> "Any":
        return getattr(self._model, name, None)


def _breach(rule: str, message: str, help: str) -> "Breach":
    """What breaks a rule when a model is loaded, which is about no single fact."""
    from hypiler.schema.policy_judgments import Breach

    return Breach(rule, "id", message, help)


def _asked(rule: str, argument: str) -> "Breach":
    return _breach(rule, f"`{argument}` was passed, and the policy does not allow it", "leave it out")


def _evidence_breach(policy: Policy, model: "Any", place: str) -> "Breach | None":
    """The evidence. A module was built under its own policy; of the evidence it has the number of facts alone."""
    from hypiler.schema.policy_judgments import verification_breach

    evidence: Any = model._evidence
    if evidence is not None:
        return verification_breach(policy, model, evidence.facts)
    if policy.verification is None or model.source_api or place == type(model._model).__module__:
        return None
    number = (model.verified_facts or 0) + (0 if policy.verification == "commit" else model.agreeing_facts or 0)
    if number:
        return None
    message = f"no fact was compared with the model's files, and the policy wants the evidence `{policy.verification}`"
    return _breach("verification", message, "run `hypiler verify`, and build the registry again")


def _served_breach(policy: Policy, model: "Any", spec: "EngineSpec", *, own_api: bool) -> "Breach | None":
    """An engine that sends texts away is an API: that of the model, or one under the engine's own name."""
    if not spec.served or (own_api and getattr(model, "source_api", None)):
        return None
    listed = isinstance(policy.hosted, tuple) and spec.name in policy.hosted
    if listed or (policy.hosted is True and policy.regions is None):
        return None
    rule = "hosted" if policy.hosted is not True else "regions"
    message = f"the engine `{spec.name}` sends texts to a server, which the policy does not allow"
    return _breach(rule, message, f"use another engine, or list `{spec.name}` in `hosted`")


def _policy_of_file(path: str) -> Policy:
    """The policy in a file with the table `[tool.hypiler.policy]`. Raises PolicyError if there is none."""
    from hypiler.schema.policy_options import read_policy_file

    try:
        return read_policy_file(path)
    except ValueError as error:
        raise PolicyError(f"{VARIABLE} must name a file with a policy: {error}") from None
