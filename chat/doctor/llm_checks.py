"""The checks of the LLM server: it can be reached, has the API of LLM_API, has the model, and the model answers."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, AsyncIterator, Callable, List, Optional

from chat.answer.notes import llm_error
from chat.doctor.report import Line, fine, wrong
from chat.llm.api import same_model
from chat.llm.errors import ErrorKind, LLMError
from chat.llm.types import Failed, Incomplete, Message, Stopped
from chat.settings.fields import Settings
from chat.text.graphemes import one_line
from chat.wording import terminal as wording
from chat.wording.sentence import Language

if TYPE_CHECKING:
    from llm_model import LLM_Model

    MakeModel = Callable[[Settings], LLM_Model]

LIST_SECONDS = 20.0  # the time limit of a list of models, with the look-up of the server's name, which has none
REST_SECONDS = 15.0  # the time limit of an answer after its first token: some models write more than they are asked for

_QUESTION = "Answer with one word: hello"
_MODELS_NAMED = 20
_ERRORS = {  # the other kinds have the same sentence as in the channel
    ErrorKind.UNREACHABLE: wording.CHECK_LLM_UNREACHABLE,
    ErrorKind.NAME_UNKNOWN: wording.CHECK_LLM_NAME_UNKNOWN,
    ErrorKind.NOT_SECURE: wording.CHECK_LLM_NOT_SECURE,
    ErrorKind.NOT_THE_API: wording.CHECK_LLM_NOT_THE_API,
    ErrorKind.MODEL_MISSING: wording.CHECK_LLM_MODEL_MISSING,
    ErrorKind.KEY_REFUSED: wording.CHECK_LLM_KEY_REFUSED,
    ErrorKind.BUSY: wording.CHECK_LLM_BUSY,
    ErrorKind.REQUEST_REFUSED: wording.CHECK_LLM_REQUEST_REFUSED,
    ErrorKind.SERVER_ERROR: wording.CHECK_LLM_SERVER_ERROR,
    ErrorKind.SILENT: wording.CHECK_LLM_SILENT,
    ErrorKind.CUT_OFF: wording.CHECK_LLM_CUT_OFF,
}
_NO_CONNECTION = (ErrorKind.UNREACHABLE, ErrorKind.NAME_UNKNOWN, ErrorKind.NOT_SECURE)
_NOT_ITS_API = (ErrorKind.NOT_THE_API, ErrorKind.BAD_STREAM)


async def lines(make_model: MakeModel, settings: Settings, language: Language) -> AsyncIterator[Line]:
    """Check one thing after another, up to the first that fails. ``make_model`` is LLM_Model."""
    model = one_line(settings.llm_model)
    reachable = fine("llm_address", wording.CHECK_LLM_ADDRESS.say(language, address=settings.llm_address))
    try:
        models = await _models(make_model(settings))
    except LLMError as error:
        if error.kind in _NO_CONNECTION:
            yield wrong("llm_address", _problem(error, settings, language))
            return
        yield reachable
        yield wrong("llm_api", await _api_problem(error, make_model, settings, language))
        return
    yield reachable
    yield fine("llm_api", wording.CHECK_LLM_API.say(language, api=settings.llm_api))
    if same_model(settings.llm_model, models) is None:
        nearest = get_close_matches(settings.llm_model, models, n=_MODELS_NAMED, cutoff=0)
        names = ", ".join(map(one_line, nearest)) + (", …" if len(models) > len(nearest) else "")
        sentence = wording.CHECK_LLM_NO_MODEL if settings.llm_api == "ollama" else wording.CHECK_LLM_NO_MODEL_OPENAI
        yield wrong("llm_model", sentence.say(language, model=model, models=names or "–"))
        return
    yield fine("llm_model", wording.CHECK_LLM_MODEL.say(language, model=model))
    waiting = wording.CHECK_LLM_WAITING.say(language, seconds=f"{settings.llm_read_timeout:g}")
    sys.stderr.write(f"… {waiting}\n")
    yield await _answer(make_model, settings, language)


async def _models(model: LLM_Model) -> List[str]:
    try:
        return await asyncio.wait_for(model.models(), LIST_SECONDS)
    except asyncio.TimeoutError as error:
        raise LLMError(ErrorKind.UNREACHABLE, f"{model.address}: nothing within {LIST_SECONDS:g} s") from error


async def _answer(make_model: MakeModel, settings: Settings, language: Language) -> Line:
    loop = asyncio.get_running_loop()
    began = loop.time()
    first: Optional[float] = None
    async with make_model(settings).stream([Message("user", _QUESTION)]) as stream:
        # The read timeout does not end a stream that has data but no token.
        patience = loop.call_later(settings.llm_read_timeout, stream.stop)
        async for _ in stream:
            if first is None:
                first = loop.time() - began
                patience.cancel()
                patience = loop.call_later(REST_SECONDS, stream.stop)
        patience.cancel()
    if isinstance(stream.end, Failed):
        return wrong("llm_answer", await _api_problem(stream.end.error, make_model, settings, language))
    if isinstance(stream.end, Incomplete):
        return wrong("llm_answer", wording.CHECK_LLM_INCOMPLETE.say(language))
    if first is None and isinstance(stream.end, Stopped):
        return wrong("llm_answer", _problem(LLMError(ErrorKind.SILENT, "no token"), settings, language))
    if first is None:
        return wrong("llm_answer", wording.CHECK_LLM_EMPTY.say(language))
    return fine("llm_answer", wording.CHECK_LLM_ANSWER.say(language, seconds=f"{first:.2f}"))


async def _api_problem(error: LLMError, make_model: MakeModel, settings: Settings, language: Language) -> str:
    """Say what is wrong, or that the server has the other API than LLM_API."""
    other = replace(settings, llm_api="openai" if settings.llm_api == "ollama" else "ollama")
    if error.kind in _NOT_ITS_API:
        with contextlib.suppress(LLMError):
            await _models(make_model(other))
            said = {"address": settings.llm_address, "api": settings.llm_api, "other": other.llm_api}
            return wording.CHECK_LLM_OTHER_API.say(language, **said)
    return _problem(error, settings, language)


def _problem(error: LLMError, settings: Settings, language: Language) -> str:
    model = one_line(settings.llm_model)
    if error.kind not in _ERRORS:
        return llm_error(error.kind, settings, language, model).replace("⚠️ ", "")
    key = settings.llm_api_key  # a server may repeat the key that it refuses
    said = {"error": one_line(str(error).replace(key, "…") if key else str(error)), "model": model}
    return _ERRORS[error.kind].say(language, address=settings.llm_address, api=settings.llm_api, **said)
