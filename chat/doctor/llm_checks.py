"""What `--check` looks at in the LLM server: is it there, is it what LLM_API says, has it the model, does it answer."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, AsyncIterator, List, Optional

from chat import wording
from chat.doctor.report import Line, fine, wrong
from chat.llm.errors import ErrorKind, LLMError
from chat.llm.types import Failed, Incomplete, Message, Stopped
from chat.text.graphemes import one_line
from llm_model import LLM_Model, same_model

if TYPE_CHECKING:
    from chat.settings.config import Settings
    from chat.wording import Language

LIST_SECONDS = 20.0
"""For a list of models, with the connection and the look-up of the server's name, which has no time limit."""

REST_SECONDS = 15.0
"""For the rest of an answer once its first token is there: some models say more than they are asked for."""

_QUESTION = "Answer with one word: hello"
_MODELS_NAMED = 20
_NO_CONNECTION = (ErrorKind.UNREACHABLE, ErrorKind.NAME_UNKNOWN, ErrorKind.NOT_SECURE)
_NOT_ITS_API = (ErrorKind.NOT_THE_API, ErrorKind.BAD_STREAM)


async def lines(settings: Settings, language: Language) -> AsyncIterator[Line]:
    """Look at one thing after the other, up to the first that is wrong."""
    reachable = fine("llm_address", wording.CHECK_LLM_ADDRESS.say(language, address=settings.llm_address))
    try:
        models = await _models(settings)
    except LLMError as error:
        if error.kind in _NO_CONNECTION:
            yield wrong("llm_address", _trouble(error, settings, language))
            return
        yield reachable
        yield wrong("llm_api", await _api_trouble(error, settings, language))
        return
    yield reachable
    yield fine("llm_api", wording.CHECK_LLM_API.say(language, api=settings.llm_api))
    if same_model(settings.llm_model, models) is None:
        yield wrong("llm_model", _model_missing(settings, models, language))
        return
    yield fine("llm_model", wording.CHECK_LLM_MODEL.say(language, model=one_line(settings.llm_model)))
    waiting = wording.CHECK_LLM_WAITING.say(language, seconds=f"{settings.llm_read_timeout:g}")
    sys.stderr.write(f"… {waiting}\n")
    yield await _answer(settings, language)


async def _models(settings: Settings) -> List[str]:
    try:
        return await asyncio.wait_for(LLM_Model(settings).models(), LIST_SECONDS)
    except asyncio.TimeoutError as error:
        raise LLMError(ErrorKind.UNREACHABLE, f"{settings.llm_address}: nothing within {LIST_SECONDS:g} s") from error


async def _answer(settings: Settings, language: Language) -> Line:
    loop = asyncio.get_running_loop()
    began = loop.time()
    first: Optional[float] = None
    async with LLM_Model(settings).stream([Message("user", _QUESTION)]) as stream:
        # The read timeout does not end a server that sends something, but no token.
        patience = loop.call_later(settings.llm_read_timeout, stream.stop)
        async for _ in stream:
            if first is None:
                first = loop.time() - began
                patience.cancel()
                patience = loop.call_later(REST_SECONDS, stream.stop)
        patience.cancel()
    if isinstance(stream.end, Failed):
        return wrong("llm_answer", await _api_trouble(stream.end.error, settings, language))
    if isinstance(stream.end, Incomplete):
        return wrong("llm_answer", wording.CHECK_LLM_INCOMPLETE.say(language))
    if first is None and isinstance(stream.end, Stopped):
        silent = LLMError(ErrorKind.SILENT, "no token")
        return wrong("llm_answer", _trouble(silent, settings, language))
    if first is None:
        return wrong("llm_answer", wording.CHECK_LLM_EMPTY.say(language))
    return fine("llm_answer", wording.CHECK_LLM_ANSWER.say(language, seconds=f"{first:.2f}"))


async def _api_trouble(error: LLMError, settings: Settings, language: Language) -> str:
    """What is wrong, and whether the server has the API that LLM_API does not say."""
    if error.kind in _NOT_ITS_API:
        other = replace(settings, llm_api="openai" if settings.llm_api == "ollama" else "ollama")
        try:
            await _models(other)
        except LLMError:
            return _trouble(error, settings, language)
        said = {"address": settings.llm_address, "api": settings.llm_api, "other": other.llm_api}
        return wording.CHECK_LLM_OTHER_API.say(language, **said)
    return _trouble(error, settings, language)


def _trouble(error: LLMError, settings: Settings, language: Language) -> str:
    sentence = wording.CHECK_LLM_ERRORS.get(error.kind)
    said = {"address": settings.llm_address, "api": settings.llm_api, "model": one_line(settings.llm_model)}
    if sentence:
        return sentence.say(language, error=_without_secrets(str(error), settings), **said)
    return wording.llm_error(error.kind, settings.llm_api).say(language, **said).replace("⚠️ ", "")


def _without_secrets(text: str, settings: Settings) -> str:
    """A server's words, which may repeat the key that it refuses."""
    key = settings.llm_api_key
    return one_line(text.replace(key, "…") if key else text)


def _model_missing(settings: Settings, models: List[str], language: Language) -> str:
    nearest = get_close_matches(settings.llm_model, models, n=_MODELS_NAMED, cutoff=0)
    names = ", ".join(map(one_line, nearest)) + (", …" if len(models) > len(nearest) else "")
    sentence = wording.CHECK_LLM_NO_MODEL if settings.llm_api == "ollama" else wording.CHECK_LLM_NO_MODEL_OPENAI
    return sentence.say(language, model=one_line(settings.llm_model), models=names or "–")
