"""What the server answers whole: what it is, which models it has, and why it refuses a request."""

from __future__ import annotations

import re
from typing import Any, Callable, Mapping, Protocol, Sequence

from emulators.llm.format import Format, Ollama, OpenAI
from emulators.llm.http import Reply, Request, json_reply, text_reply

CHAT_FORMATS: dict[str, type[Format]] = {"/api/chat": Ollama, "/v1/chat/completions": OpenAI}


class Offer(Protocol):
    """What a server has to offer at the moment, as `LocalLLM` describes it.

    `page` is answered to everything, `redirect` to the next chat, where they are not None.
    """

    models: list[str]
    capabilities: dict[str, Sequence[str] | None]
    families: dict[str, Sequence[str] | None]
    api_key: str | None
    prefix: str
    page: Reply | None
    redirect: Reply | None


def reply_to(offer: Offer, request: Request) -> Reply | None:
    """Return what is answered whole; None for a chat that is to be streamed."""
    if offer.page is not None:
        return offer.page
    path = path_under(offer.prefix, request)
    if path not in _ANSWERS:
        return text_reply("404 page not found", 404)
    method, answer = _ANSWERS[path]
    if request.method != method:
        return text_reply("405 method not allowed", 405)
    if offer.api_key is not None and request.headers.get("Authorization") != f"Bearer {offer.api_key}":
        form = OpenAI if path.startswith("/v1/") else Ollama
        return json_reply(form.error_body(401, "unauthorized"), 401)
    return answer(offer, request)


def path_under(prefix: str, request: Request) -> str:
    """Return the path under the prefix; an empty one when it is not under it."""
    if not request.path.startswith(prefix):
        return ""
    return request.path[len(prefix) :] or "/"


def _refusal(offer: Offer, request: Request) -> Reply | None:
    """Return why a chat is not answered; else None.

    A redirect, a request that real servers refuse, a model that isn't there or can't see.
    """
    if offer.redirect is not None:
        redirect, offer.redirect = offer.redirect, None
        return redirect
    form = CHAT_FORMATS[path_under(offer.prefix, request)]
    problem = _chat_problem(request, form)
    if problem is not None:
        return json_reply(form.error_body(400, problem), 400)
    model = form.known(offer.models, request.json["model"])
    if model is None:
        return _no_model(request, form)
    if any(map(form.has_pictures, request.json["messages"])) and not _sees(offer, model):
        return json_reply(form.error_body(500, form.no_pictures), 500)
    return None


def _greeting(_offer: Offer, _request: Request) -> Reply:
    return text_reply("Ollama is running")


def _version(_offer: Offer, _request: Request) -> Reply:
    return json_reply({"version": "0.12.6"})


def _tags(offer: Offer, _request: Request) -> Reply:
    return json_reply({"models": [_tag(name, _families_of(offer, name)) for name in offer.models]})


def _show(offer: Offer, request: Request) -> Reply:
    problem = _model_problem(request)
    if problem is None and request.json.keys() - {"model", "verbose"}:
        problem = "only model and verbose are known"
    if problem is not None:
        return json_reply(Ollama.error_body(400, problem), 400)
    model = Ollama.known(offer.models, request.json["model"])
    if model is None:
        return _no_model(request, Ollama)
    shown = _shown(model, _families_of(offer, model))
    capabilities = _capabilities_of(offer, model)
    return json_reply(shown if capabilities is None else {**shown, "capabilities": list(capabilities)})


def _list(offer: Offer, _request: Request) -> Reply:
    created = 1_700_000_000
    data = [{"id": name, "object": "model", "created": created, "owned_by": "library"} for name in offer.models]
    return json_reply({"object": "list", "data": data})


_ANSWERS: Mapping[str, tuple[str, Callable[[Offer, Request], Reply | None]]] = {
    "/": ("GET", _greeting),
    "/api/version": ("GET", _version),
    "/api/tags": ("GET", _tags),
    "/api/show": ("POST", _show),
    "/v1/models": ("GET", _list),
    **dict.fromkeys(CHAT_FORMATS, ("POST", _refusal)),
}


# What is wrong with a request


def _model_problem(request: Request) -> str | None:
    """Return what is wrong with a request that has to name a model, in words; None when it does."""
    try:
        body: Any = request.json
    except ValueError as error:
        return f"invalid JSON: {error}"
    if not isinstance(body, dict) or not isinstance(body.get("model"), str) or not body["model"]:
        return "model is required"
    return None


def _chat_problem(request: Request, form: type[Format]) -> str | None:
    """Return what is wrong with a chat request, in words; None when it is whole."""
    problem = _model_problem(request)
    if problem is not None:
        return problem
    body = request.json
    messages = body.get("messages")
    if not isinstance(messages, list) or not all(map(form.is_message, messages)):
        return "messages must be a list of messages, each with role and content, and pictures in base64"
    if not form.streams(body):
        return "this server only streams"
    return None


def _no_model(request: Request, form: type[Format]) -> Reply:
    return json_reply(form.error_body(404, f"model '{request.json['model']}' not found"), 404)


# What is said of a model


def _sees(offer: Offer, model: str) -> bool:
    capabilities = _capabilities_of(offer, model)
    if capabilities is not None:
        return "vision" in capabilities
    return not {"clip", "mllama"}.isdisjoint(_families_of(offer, model) or ())


def _capabilities_of(offer: Offer, model: str) -> Sequence[str] | None:
    return offer.capabilities.get(model, ("completion",))


def _families_of(offer: Offer, model: str) -> Sequence[str] | None:
    return offer.families.get(model, [_family(model)])


def _family(name: str) -> str:
    """Return the family that a model's name names, as gemma of gemma:2b."""
    return re.split(r"[:\d]", name.rpartition("/")[2])[0]


def _details(name: str, families: Sequence[str] | None) -> dict[str, object]:
    details: dict[str, object] = {"parent_model": "", "format": "gguf", "family": _family(name)}
    details.update(families=families, parameter_size="3B", quantization_level="Q4_0")
    return details


def _shown(name: str, families: Sequence[str] | None) -> dict[str, object]:
    """Return one model as `POST /api/show` shows it, without its capabilities."""
    shown: dict[str, object] = {"modelfile": f"FROM {name}\n", "parameters": 'stop "<end_of_turn>"'}
    shown.update(template="{{ .Prompt }}", details=_details(name, families))
    shown.update(model_info={"general.architecture": _family(name)}, modified_at="2026-08-01T12:00:00Z")
    return shown


def _tag(name: str, families: Sequence[str] | None) -> dict[str, object]:
    """Return one model as `GET /api/tags` lists it."""
    entry: dict[str, object] = {"name": name, "model": name, "modified_at": "2026-08-01T12:00:00.000000000+00:00"}
    entry.update(size=1_678_456_656, digest="b50d6c999e592ae4f79acae23b4feaefbdfceaa7cd366df2610e3072c052a160")
    entry["details"] = _details(name, families)
    return entry
