"""Segment's HTTP Tracking API, as a kind of channel. All share one address: the write key tells them apart."""

from coterie.channels.kinds import Kind
from coterie.channels.proving import heard
from coterie.channels.segment.reading import read

SEGMENT = Kind(
    name="segment",
    label="Segment",
    about="Any library of Segment or RudderStack: people and what they do, from your site, apps and servers.",
    read=read,
    test=heard,
    steps=(
        "Give the library the write key above, and the address of this server as its host or data plane.",
        "Python: analytics.write_key = …, analytics.host = …  ·  Node: new Analytics({writeKey, host})  ·"
        "  RudderStack: dataPlaneUrl.",
        "Call identify once for somebody: they appear in Users within a second.",
    ),
)
