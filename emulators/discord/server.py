"""The local Discord as tests and the demo use it, within a running event loop."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Optional, Tuple

from .actions import Actions
from .endpoint import Endpoint
from .state import State
from .values import Call, Channel, GatewayRecord, Interaction, Role, Typing, User
from .views import Views


class DiscordServer:
    """`await open()` in a running loop, `await close()` in the same one; all else from any thread.

    The one class with more than a dozen names: what tests write most, so that they need not know the parts. It has no
    logic of its own. A method is the part's own method, described there; a property reads the part at that moment.

    A test may set `latency`, `heartbeat_interval`, `interaction_seconds`, `interaction_lifetime` (`Timing`), and change
    `privileged_intents`, `limits` and `faults`. `bot`, `token`, `guild_id` and the ids `channel` and `other_channel`
    are there from the start. `url` is `http://127.0.0.1:PORT` once it is open; point discord.py there with
    run_bot.point_discord_at.
    """

    def __init__(self, *, bot_name: str = "Chatbot", locale: str = "en-US") -> None:
        self.state = State(bot_name=bot_name, locale=locale)
        self.limits = self.state.limits
        self.faults = self.state.faults
        self.bot = self.state.bot
        self.token = self.state.token
        self.guild_id = self.state.guild.id
        self.channel = self.state.channel
        self.other_channel = self.state.other_channel
        self.privileged_intents = self.state.privileged_intents
        self.changed = self.state.changes.condition
        self.next_id = self.state.changes.next_id
        self.wall_time = self.state.changes.wall_time
        self.listen = self.state.changes.listen
        self.unlisten = self.state.changes.unlisten
        self._endpoint = Endpoint(self.state)
        self.open = self._endpoint.open
        self.close = self._endpoint.close
        self.drop_gateway = self._endpoint.drop_gateway
        self.silence_gateway = self._endpoint.silence_gateway
        self._views = Views(self.state)
        self._offer_changes()
        self._offer_looks()

    def _offer_changes(self) -> None:
        state, actions = self.state, Actions(self.state)
        # Who is there and what they may do
        self.person = state.people.person
        self.rename = state.people.rename
        self.webhook = state.people.webhook
        self.role = state.guild.add_role
        self.remove_bot = state.guild.remove_bot
        self.invite_bot = state.guild.invite_bot
        self.take_right = state.rights.take
        self.give_right = state.rights.give
        # Where
        self.add_channel = state.channels.add_text
        self.add_category = state.channels.add_category
        self.add_dm = state.channels.add_dm
        self.set_slow_mode = state.channels.set_slow_mode
        self.add_thread = state.threads.open
        self.delete_channel = state.threads.delete_channel
        # What they do
        self.say = actions.say
        self.edit = actions.edit
        self.start_typing = actions.start_typing
        self.slash = actions.slash
        self.complete = actions.complete
        self.click = actions.click
        self.delete = state.messages.delete
        self.delete_many = state.messages.delete_many
        self.post = state.messages.post
        self.amend = state.messages.amend
        self.record_presence = state.records.record_presence

    def _offer_looks(self) -> None:
        state, views = self.state, self._views
        self.messages = views.messages
        self.replies = views.replies
        self.ephemeral = views.ephemeral
        self.responses = views.responses
        self.describe = views.describe
        self.message = state.messages.latest
        self.interaction = state.interactions.latest
        self.find_channel = state.channels.find
        self.find_user = state.people.find
        self.rights = state.rights.of

    # What a test may set

    @property
    def latency(self) -> float:
        """`Timing.latency`, in seconds."""
        return self.state.timing.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self.state.timing.latency = seconds

    @property
    def heartbeat_interval(self) -> float:
        """`Timing.heartbeat_interval`, in seconds."""
        return self.state.timing.heartbeat_interval

    @heartbeat_interval.setter
    def heartbeat_interval(self, seconds: float) -> None:
        self.state.timing.heartbeat_interval = seconds

    @property
    def interaction_seconds(self) -> float:
        """`Timing.interaction_seconds`."""
        return self.state.timing.interaction_seconds

    @interaction_seconds.setter
    def interaction_seconds(self, seconds: float) -> None:
        self.state.timing.interaction_seconds = seconds

    @property
    def interaction_lifetime(self) -> float:
        """`Timing.interaction_lifetime`, in seconds."""
        return self.state.timing.interaction_lifetime

    @interaction_lifetime.setter
    def interaction_lifetime(self, seconds: float) -> None:
        self.state.timing.interaction_lifetime = seconds

    # What a test looks at

    @property
    def url(self) -> str:
        """The address, empty before it is open."""
        return self.state.url

    @property
    def connected(self) -> bool:
        """True if a bot is identified on the gateway and has a connection."""
        return self._endpoint.connected

    @property
    def users(self) -> Tuple[User, ...]:
        """Everybody, webhooks too."""
        return self.state.people.users

    @property
    def members(self) -> Tuple[User, ...]:
        """Everybody who is in the guild."""
        return self.state.guild.members

    @property
    def roles(self) -> Tuple[Role, ...]:
        """The guild's roles; the first is @everyone."""
        return self.state.guild.roles

    @property
    def channels(self) -> Tuple[Channel, ...]:
        """All channels, threads and direct messages."""
        return self.state.channels.all

    @property
    def commands(self) -> Tuple[Dict[str, Any], ...]:
        """The commands that are registered for everywhere, as Discord lists them."""
        return self.state.commands.of(None)

    @property
    def interactions(self) -> Tuple[Interaction, ...]:
        """All uses of commands and buttons, and questions for choices, oldest first."""
        return self.state.interactions.all

    @property
    def calls(self) -> Tuple[Call, ...]:
        """Each REST call, in the order in which they were applied."""
        return self.state.records.calls

    @property
    def typing(self) -> Tuple[Typing, ...]:
        """Each time that somebody began to type."""
        return self.state.records.typing

    @property
    def gateway_log(self) -> Tuple[GatewayRecord, ...]:
        """What clients did on the gateway."""
        return self.state.records.gateway_log

    @property
    def presence(self) -> Optional[Dict[str, Any]]:
        """The presence that the bot set last, as it sent it; None if it never did."""
        return self.state.records.presence

    @property
    def unexpected(self) -> Tuple[str, ...]:
        """Method and path of each call of a route that this server doesn't have. A test should find none."""
        return self.state.records.unexpected

    @property
    def pings(self) -> FrozenSet[int]:
        """The ids of all users that the bot has pinged, in whatever channel."""
        return self._views.pings
