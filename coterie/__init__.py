"""Coterie: the self-hosted Users section for chatbots."""

__version__ = "0.1.0"
