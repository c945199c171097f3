"""A stand-in for a language model that needs no network. Like ../stand-in.ts it knows only what it is handed."""

import json
import re
from typing import Any
from uuid import uuid4

from agents import Model, ModelResponse, Usage
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText


class StandIn(Model):
    async def get_response(self, system_instructions: Any, input: Any, *args: Any, **kwargs: Any) -> ModelResponse:
        return ModelResponse(output=[reply(input)], usage=Usage(), response_id=None)

    def stream_response(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


def reply(items: list[Any]) -> Any:
    newest = items[-1]
    if newest.get("type") == "function_call_output":
        return says(newest["output"])
    found = [item["output"] for item in items if item.get("type") == "function_call_output"]
    asked = [text_of(item) for item in items if item.get("role") == "user"]
    if city := re.search(r"weather in (\w+)", asked[-1]):
        return calls("get_weather", {"city": city[1]})
    if subject := re.search(r"what is my ([\w ]+)\?", asked[-1], re.IGNORECASE):
        known = dict(re.findall(r"my ([\w ]+) is ([^.]+)", "\n".join(asked), re.IGNORECASE))
        value = known.get(subject[1])
        return says(f"Your {subject[1]} is {value}." if value else "You did not tell me.")
    if asked[-1] == "What did you find out?":
        return says(found[-1] if found else "Nothing.")
    return says("Noted.")


def says(text: str) -> ResponseOutputMessage:
    content = ResponseOutputText(type="output_text", text=text, annotations=[])
    return ResponseOutputMessage(
        id=f"msg_{uuid4()}", type="message", role="assistant", status="completed", content=[content]
    )


def calls(name: str, arguments: dict[str, str]) -> ResponseFunctionToolCall:
    call_id = f"call_{uuid4()}"
    return ResponseFunctionToolCall(type="function_call", call_id=call_id, name=name, arguments=json.dumps(arguments))


def text_of(message: Any) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
