"""What must be so after every fault, whatever it was."""

from __future__ import annotations

from emulators.llm.server import LocalLLM
from tests.house import House


def is_free(llm: LocalLLM) -> None:
    """The LLM server has nothing more to do."""
    for chat in list(llm.chats):
        if chat.active:
            chat.wait_closed()
    assert llm.active == 0


def answers(house: House) -> None:
    """The next question is answered."""
    house.llm.answers("Here I am again")
    house.ask()
    house.wait_for_part("Here I am again")


def is_well(house: House) -> None:
    """Both: the LLM server is free, and the next question is answered."""
    is_free(house.llm)
    answers(house)
    is_free(house.llm)


def end_in_log(house: House, after: int = 0) -> str:
    """The line of the log that says how the answer in the house's place has ended."""
    return house.bot.wait_for_log(f"answer channel={house.place}", after=after)
