"""Who somebody is on Dialogflow. It knows sessions only, so whoever a platform or a parameter names comes first."""

from collections.abc import Mapping
from typing import Any

from coterie.channels.shaping import inner, native


def session_of(data: Mapping[str, Any]) -> tuple[str, str]:
    """(project, session) of `projects/<project>/…/sessions/<session>`; empty for what is none."""
    path = data.get("session") or inner(data, "sessionInfo").get("session")
    parts = path.split("/") if isinstance(path, str) else []
    project = parts[1] if len(parts) > 3 and parts[0] == "projects" else ""
    return native(project, 60), native(parts[-1], 60) if project and parts[-2] == "sessions" else ""


def parameters_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the bot found out in the conversation: of CX in the session, of ES in the intent."""
    return inner(inner(data, "sessionInfo"), "parameters") or inner(inner(data, "queryResult"), "parameters")


def user_id_of(data: Mapping[str, Any]) -> str:
    """`dialogflow:<project>:<platform>:<user>` or, if nobody is named, `dialogflow:<project>:<session>`."""
    project, session = session_of(data)
    request, parameters = inner(data, "originalDetectIntentRequest"), parameters_of(data)
    payload = inner(request, "payload") or inner(data, "payload")
    about = inner(payload, "data")
    # Messenger, Slack and Telegram, as Dialogflow's own integrations pass them on; then what a client may add.
    named = (
        inner(about, "sender").get("id"),
        inner(about, "event").get("user"),
        inner(about, "from").get("id"),
        payload.get("userId"),
        parameters.get("userId"),
    )
    who = next((found for one in named if (found := native(one, 60))), "")
    if not project or not (who or session):
        return ""
    source = native(request.get("source"), 40)
    return ":".join(filter(None, ["dialogflow", project, source if who else "", who or session]))
