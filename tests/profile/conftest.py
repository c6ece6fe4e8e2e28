"""Somebody with a chat, and how they talk."""

from tests.talking import ada, channel, talk

__all__ = ["ada", "channel", "talk"]
