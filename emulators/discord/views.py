"""What a test looks at in the channels."""

from __future__ import annotations

from typing import FrozenSet, List, Optional, Tuple

from .state import State
from .values import Interaction, Message, User


class Views:
    """Choices among the messages of a state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def messages(self, channel: Optional[int] = None, *, deleted: bool = False) -> Tuple[Message, ...]:
        """Return what everybody sees in a channel ("chat" if not given), oldest first.

        With `deleted` also the messages that were deleted.
        """
        return self._state.messages.in_channel(self._state.channel if channel is None else channel, deleted=deleted)

    def replies(self, question: Message) -> Tuple[Message, ...]:
        """Return the bot's messages that answer `question` and were not deleted, oldest first."""
        found = self._state.messages.in_channel(question.channel_id)
        return tuple(reply for reply in found if reply.reference == question.id and reply.author == self._state.bot)

    def ephemeral(self, user: User) -> Tuple[Message, ...]:
        """Return the messages that only this user can see, oldest first."""
        return tuple(message for message in self._state.messages.present() if message.visible_to == user.id)

    def responses(self, interaction: Interaction) -> Tuple[Message, ...]:
        """Return the bot's response to an interaction and its followups, oldest first, without deleted ones."""
        return tuple(message for message in self._state.messages.present() if message.interaction == interaction.id)

    @property
    def pings(self) -> FrozenSet[int]:
        """The ids of all users that the bot has pinged, in whatever channel."""
        messages = self._state.messages.present(deleted=True)
        sent = [message.pings for message in messages if message.author == self._state.bot]
        return frozenset().union(*sent)

    def describe(self) -> str:
        """Return what is in the channels and the last REST calls, for a failing test's message."""
        records = self._state.records
        lines: List[str] = []
        for channel in self._state.channels.all:
            lines.append(f"#{channel.name} ({channel.id})")
            here = [message for message in self._state.messages.present() if message.channel_id == channel.id]
            lines += [f"  {message.author.name}: {message.content!r}{_seen_by(message)}" for message in here]
        lines.append("last REST calls")
        lines += [f"  {call.time:.3f} {call.method} {call.route} {call.status}" for call in records.calls[-15:]]
        lines.append("last on the gateway")
        lines += [f"  {record.time:.3f} {record.name}" for record in records.gateway_log[-8:]]
        lines += [f"unexpected: {call}" for call in records.unexpected]
        return "\n".join(lines)


def _seen_by(message: Message) -> str:
    return "" if message.visible_to is None else f" (only for {message.visible_to})"
