"""What a policy says about one model: the same judgments for builds and for loading.

A judgment reads the attributes of a model, decoded or a record, and gives what is wrong or None. `JUDGMENTS` has those
that need the entry alone. Checksums and evidence are judged by what the lock says as well.
"""

from hypiler._encoder_types import encoder_type
from hypiler.diagnostics.escaping import quote_name
from hypiler.schema.evidence import COPY, VERIFIED
from hypiler.schema.fields import FIELDS
from hypiler.schema.license_choice import is_allowed
from hypiler.schema.loading import CONTRACT_FACTS, SHOWN_BY_FILES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from hypiler.schema.policy import Policy

_MOST_NAMED = 5
_DECIDES_VECTORS = tuple([field for field in FIELDS if field.space and field.is_fact and field.origin == "files"])
_ABSENT: "tuple[Any, ...]" = (None, (), {})


class Breach:
    """A rule of a policy that a model breaks.

    Attributes:
        rule: The name of the rule.
        attribute: The attribute of the fact that breaks it.
        message: What must hold, and what was found.
        help: What to do about it.
    """

    __slots__ = ("attribute", "help", "message", "rule")

    def __init__(self, rule: str, attribute: str, message: str, help: str) -> None:
        self.rule: str = rule
        self.attribute: str = attribute
        self.message: str = message
        self.help: str = help


def license_breach(policy: "Policy", model: "Any") -> Breach | None:
    """The licence is one of the allowed ones."""
    if policy.licenses is None or (model.license and is_allowed(model.license, policy.licenses)):
        return None
    found = quote_name(model.license) if model.license else "none"
    message = f"`license` must be one that the policy allows ({_listed(policy.licenses)}), got {found}"
    return Breach("licenses", "license", message, "use another model")


def pin_breach(policy: "Policy", model: "Any") -> Breach | None:
    """What is loaded cannot change: a commit, or the sum of what is behind an address. An API pins nothing."""
    if not policy.pins or model.revision or model.source_api or (model.source_url and model.source_sha256):
        return None
    if model.huggingface_id:
        message = "`revision` must be set, since the policy wants pins"
        return Breach("pins", "revision", message, "write the commit, or run `hypiler pin --write`")
    attribute = next((name for name in _MOVING if getattr(model, name)), "revision")
    if attribute == "source_url":
        return Breach("pins", attribute, "`source.sha256` must be set, since the policy wants pins", "write the sum")
    message = f"a model of `{attribute.replace('_', '.')}` cannot be pinned, and the policy wants pins"
    return Breach("pins", attribute, message, "name a repository and its commit, or an address and its sha256")


_MOVING = ("source_url", "source_ollama", "source_path")


def organization_breach(policy: "Policy", model: "Any") -> Breach | None:
    """The organization is one of the allowed ones."""
    if policy.organizations is None or model.organization in policy.organizations:
        return None
    found = quote_name(model.organization) if model.organization else "none"
    allowed = _listed(policy.organizations)
    message = f"`organization` must be one that the policy allows ({allowed}), got {found}"
    return Breach("organizations", "organization", message, "use another model")


def remote_code_breach(policy: "Policy", model: "Any") -> Breach | None:
    """No code of a repository runs. An ONNX file is loaded without it."""
    if policy.remote_code or not model.remote_code or model.onnx_file:
        return None
    message = "`dependencies.remote_code` is true, and the policy allows no code of repositories"
    help = "name an ONNX file in `files.weights.onnx` if there is one, which is loaded without this code"
    return Breach("remote_code", "remote_code", message, help)


def pickle_breach(policy: "Policy", model: "Any") -> Breach | None:
    """No pickles are read. Without any file named, the entry does not say which weights there are."""
    if policy.pickle or not model.pytorch_file or model.safetensors_file or model.onnx_file:
        return None
    message = "`files.weights` names pickled weights alone, and the policy allows no pickles"
    return Breach("pickle", "pytorch_file", message, "name the safetensors or ONNX file if there is one")


def hosted_breach(policy: "Policy", model: "Any") -> Breach | None:
    """The API that serves the model is allowed."""
    api = model.source_api
    if not api or policy.hosted is True or (policy.hosted and api in policy.hosted):
        return None
    allowed = f"these APIs alone ({_listed(policy.hosted)})" if policy.hosted else "no hosted models"
    message = f"the model is behind the API of {quote_name(api)}, and the policy allows {allowed}"
    return Breach("hosted", "source_api", message, "use a model with open weights, or another provider")


def region_breach(policy: "Policy", model: "Any") -> Breach | None:
    """A hosted model states where it processes texts, and each of these regions is allowed."""
    regions = policy.regions
    if regions is None or not model.source_api or hosted_breach(policy, model):
        return None
    stated: tuple[str, ...] = model.source_regions
    if not stated:
        message = "`source.regions` must be set, since the policy allows certain regions"
        return Breach(
            "regions", "source_api", message, f"write the regions that you use: allowed are {_listed(regions)}"
        )
    wrong = [region for region in stated if region not in regions]
    if not wrong:
        return None
    message = f"`source.regions` must be regions that the policy allows ({_listed(regions)}), got {_listed(wrong)}"
    return Breach("regions", "source_regions", message, "use an endpoint of an allowed region")


JUDGMENTS: "dict[str, tuple[tuple[str, ...], Callable[[Policy, Any], Breach | None]]]" = {
    "licenses": (("license",), license_breach),
    "pins": (("revision", "huggingface_id", "source_api", "source_sha256", *_MOVING), pin_breach),
    "organizations": (("organization",), organization_breach),
    "remote_code": (("remote_code", "onnx_file"), remote_code_breach),
    "pickle": (("pytorch_file", "safetensors_file", "onnx_file"), pickle_breach),
    "hosted": (("source_api",), hosted_breach),
    "regions": (("source_api", "source_regions"), region_breach),
}
"""By rule, the attributes that a judgment reads, and the judgment."""


def checksum_breach(policy: "Policy", model: "Any", *, known: bool) -> Breach | None:
    """The sha256 of the weights is known. An API has no files; `known` is what the registry and the lock say."""
    if not policy.checksums or known or model.source_api or (model.source_url and model.source_sha256):
        return None
    attribute = "huggingface_id" if model.huggingface_id else next((n for n in _MOVING if getattr(model, n)), "id")
    message = "the sha256 of the weights must be known, since the policy wants checksums"
    return Breach("checksums", attribute, message, "run `hypiler pin`, which records it in the lock")


def verification_breach(policy: "Policy", model: "Any", facts: "Mapping[str, str]") -> Breach | None:
    """The facts that decide vectors have at least this evidence. `facts` has the word for each one that files show.

    Some facts are on the model's card alone, such as prefixes. These count if a file shows them.
    """
    if policy.verification is None or model.source_api:
        return None
    enough = (VERIFIED,) if policy.verification == "commit" else (VERIFIED, COPY)
    kind = encoder_type(model.model_type, multi_vector=model.multi_vector)
    needed = ("embedding_dim", *[name for name in CONTRACT_FACTS[kind] if name in SHOWN_BY_FILES])
    weak = [
        field
        for field in _DECIDES_VECTORS
        if (field.attribute in needed or field.name in facts)
        and getattr(model, field.attribute) not in _ABSENT
        and facts.get(field.name) not in enough
    ]
    if not weak:
        return None
    named = ", ".join([f"`{field.name}`" for field in weak[:_MOST_NAMED]])
    more = f" and {len(weak) - _MOST_NAMED} more" if len(weak) > _MOST_NAMED else ""
    files = (
        "the model's files at the commit" if policy.verification == "commit" else "the model's files or a copy of them"
    )
    message = f"{named}{more} must agree with {files}, since the policy wants evidence"
    return Breach("verification", weak[0].attribute, message, "run `hypiler verify`, which records it in the lock")


def _listed(words: "Any") -> str:
    names = [quote_name(word) for word in words]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
