"""The gateway (https://discord.com/developers/docs/events/gateway): sessions, events and their replay."""
